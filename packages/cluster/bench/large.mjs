/** Times clusters of a large table, from a CSV file to a page: see README.md. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fit } from './command.mjs';
import { randomNumbers } from './random.mjs';

const [rows = 100_000, repeat = 3] = process.argv.slice(2).map(Number);
const [columns, clusters] = [50, 10];

const folder = mkdtempSync(path.join(tmpdir(), 'genmi-large-'));
try {
  const file = path.join(folder, 'large.csv');
  writeFileSync(file, table());
  const choice = ['--label', 'class', '--clusters', `${clusters}`, '--model', 'mlp'];
  console.log('| rows | seconds | processor seconds | memory, MB | clusters | ARI |');
  console.log(`|${'---|'.repeat(6)}`);
  for (let i = 0; i < repeat; i++) {
    const { seconds, processor, megabytes, clusters: found, ari } = fit(file, path.join(folder, `run${i}`), choice);
    const cells = [rows, seconds.toPrecision(3), processor.toPrecision(3), megabytes.toFixed(0), found, ari.toFixed(3)];
    console.log(`| ${cells.join(' | ')} |`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** Samples of ten normal distributions, whose means are normal, too. */
function table() {
  const { uniform, normal } = randomNumbers();
  const means = Array.from({ length: clusters }, () => Array.from({ length: columns }, normal));
  const lines = [[...Array.from({ length: columns }, (_, j) => `f${j}`), 'class'].join()];
  for (let i = 0; i < rows; i++) {
    const k = Math.floor(uniform() * clusters);
    lines.push([...means[k].map((mean) => (mean + normal()).toFixed(4)), `c${k}`].join());
  }
  return `${lines.join('\n')}\n`;
}
