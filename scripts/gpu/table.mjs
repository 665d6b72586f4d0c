// Tables of native/cuda/README.md that a command writes, and holds against what it finds.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../tools.mjs';

const readme = path.join(root, 'native/cuda/README.md');

/** The table after the line <!-- command -->: its rows below the header, and a function that writes others. */
export function readTable(command) {
  const text = readFileSync(readme, 'utf8');
  const pattern = new RegExp(`(<!-- ${command} -->\n)((?:\\|.*\n)*)`);
  const [, marker, table] = pattern.exec(text) ?? [];
  if (marker === undefined) throw new Error(`native/cuda/README.md has no line <!-- ${command} -->`);
  const lines = table.split('\n').slice(2, -1);
  return {
    rows: lines.map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    ),
    write([header, ...rows]) {
      const line = (cells) => `| ${cells.join(' | ')} |\n`;
      const rule = header.map((_, at) => (Number.isNaN(Number(rows[0]?.[at] || Number.NaN)) ? '---' : '---:'));
      writeFileSync(
        readme,
        text.replace(pattern, () => marker + [header, rule, ...rows].map(line).join('')),
      );
    },
  };
}
