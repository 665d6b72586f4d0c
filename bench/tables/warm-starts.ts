/** The sentence of README on warm starts: its ratios are of one row of the results of transport. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../machine.js';
import type { Comparison } from '../transport/comparison.js';

const marker = /^(<!-- from bench\/results\/transport\.json -->\n)(?:.+\n)*/m;
const NAME = 'images-euclidean-mid-500';

interface Results extends Machine {
  readonly figures: readonly Comparison[];
}

/** Returns README, with the sentence as the results have it now. */
export function renderWarmStarts(root: string): { name: string; text: string } {
  const results = JSON.parse(readFileSync(join(root, 'bench/results/transport.json'), 'utf8')) as Results;
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  if (!marker.test(readme)) throw new Error('README.md names no place for the sentence on warm starts');
  return { name: 'README.md', text: readme.replace(marker, (_, comment) => comment + sentence(results)) };
}

/** One sentence a line: of POT's warm starts only once they have been measured. */
function sentence({ processor, versions, figures }: Results): string {
  const row = figures.find(({ name, set }) => name === NAME && set === 'ova');
  if (row?.warm === undefined) throw new Error(`no warm starts of ${NAME} in the results`);
  const { warm, pot, potWarm, problems } = row;
  const share = (seconds: number) => `1/${Math.round(seconds / warm)}`;
  const lines = [
    `Measured with ${problems} problems among 500 digits, on one thread (${processor}), beside POT ${versions.pot}.`,
    `Warm starts take ${share(Math.min(...Object.values(pot)))} of the time of POT's cold starts${potWarm === undefined ? '' : `, and ${share(potWarm)} of POT's warm starts (\`potentials_init\`)`}.`,
  ];
  return `${lines.join('\n')}\n`;
}
