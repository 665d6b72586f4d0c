/** Tables in Markdown of the figures that the benchmarks wrote into results/*.json. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { figureColumns } from '../kernels/figures.js';
import { peakColumns } from '../kernels/memory.js';
import { type Overhead as Call, overheadColumns } from '../kernels/overhead.js';
import { type Machine, machineLine } from '../machine.js';
import { figureColumns as networkColumns } from '../networks/figures.js';
import { memoryColumns } from '../networks/memory.js';
import { shareColumns } from '../step/share.js';
import { type Column, number } from '../table.js';
import { figureColumns as tfjsColumns } from '../tfjs/figure.js';
import { comparisonColumns } from '../transport/comparison.js';
import { scalingColumns } from '../transport/two-threads.js';

/** The figures of one key of a file, in the columns that the benchmark prints them in. */
interface Section {
  readonly key: string;
  readonly title: string;
  readonly columns: readonly Column<never>[];
}

interface Results extends Partial<Machine> {
  /** The processor and the versions in one line: the command `genmi bench` writes them so. */
  readonly machine?: string;
  readonly [section: string]: unknown;
}

/** Seconds of an objective in both modes, as `genmi bench` measures them. */
interface Pair {
  readonly objective: string;
  readonly n: number;
  readonly batch: number;
  readonly k: number;
  readonly ova: number;
  readonly ovo: number;
}

const microseconds = (seconds: number): string => number(1e6 * seconds);

const pairColumns: readonly Column<Pair>[] = [
  { title: 'objective', width: 0, text: ({ objective }) => objective },
  { title: 'N', width: 0, text: ({ n }) => `${n}` },
  { title: 'batch', width: 0, text: ({ batch }) => `${batch}` },
  { title: 'K', width: 0, text: ({ k }) => `${k}` },
  { title: 'ova, us', width: 0, text: ({ ova }) => microseconds(ova) },
  { title: 'ovo, us', width: 0, text: ({ ovo }) => microseconds(ovo) },
  { title: 'ovo / ova', width: 0, text: ({ ova, ovo }) => number(ovo / ova) },
];

function section<Row>(key: string, title: string, columns: readonly Column<Row>[]): Section {
  return { key, title, columns: columns as unknown as readonly Column<never>[] };
}

const kernelSections = [
  section('figures', "genmi's kernels beside other libraries", figureColumns),
  section<Call>('overheads', 'A call with next to nothing to compute', overheadColumns),
  section('peaks', 'Peak memory of a process', peakColumns),
];

const networkSections = [
  section('figures', 'Networks beside other engines, in float32', networkColumns),
  section('memory', 'Memory of an epoch on the 60,000 images of MNIST', memoryColumns),
];

/** The command that makes each file of results, and its sections. */
const files: Readonly<Record<string, { readonly command: string; readonly sections: readonly Section[] }>> = {
  kernels: { command: 'npm run bench:kernels -- --max-n 20000', sections: kernelSections },
  'kernels-all-threads': { command: 'npm run bench:kernels -- --all-threads', sections: kernelSections },
  transport: {
    command: 'npm run bench:transport -- --max-n 1000',
    sections: [section('figures', 'Exact transport beside POT', comparisonColumns)],
  },
  'transport-threads': {
    command: 'npm run bench:transport -- --threads',
    sections: [section('figures', 'Exact transport on one thread and on two', scalingColumns)],
  },
  tfjs: {
    command: 'npm run bench:tfjs',
    sections: [section('figures', 'Losses beside the same losses in TensorFlow.js operations', tfjsColumns)],
  },
  step: {
    command: 'npm run bench:step',
    sections: [section('figures', "Losses as a share of the network's time in a training step", shareColumns)],
  },
  networks: { command: 'npm run bench:networks', sections: networkSections },
  'networks-avx2': { command: "npm run bench:networks -- --rows '^(?!neighbours)'", sections: networkSections },
  objectives: {
    command: 'npx genmi bench --batch 10,500',
    sections: [section('figures', 'Objectives, one-vs-all and one-vs-one', pairColumns)],
  },
};

export interface Table {
  readonly name: string;
  readonly text: string;
}

/** Renders a table for each file of results in the folder. */
export function renderTables(folder: string): Table[] {
  const measured = Object.entries(files).filter(([file]) => existsSync(join(folder, `${file}.json`)));
  return measured.map(([file, { command, sections }]) => {
    const results = JSON.parse(readFileSync(join(folder, `${file}.json`), 'utf8')) as Results;
    const machine = results.machine ?? machineLine(results as unknown as Machine);
    const head = `<!-- Generated from ${file}.json by \`npm run bench:tables\`. -->\n\n# ${file}\n\nMade by \`${command}\`. ${machine}.\n`;
    return { name: `${file}.md`, text: head + sections.map((each) => renderSection(each, results)).join('') };
  });
}

function renderSection({ key, title, columns }: Section, results: Results): string {
  const rows = (results[key] ?? []) as never[];
  if (rows.length === 0) return '';
  const cells = rows.map((row) => columns.map((column) => column.text(row)));
  const head = columns.map((column) => column.title);
  const ruler = columns.map((_, i) => (i === 0 ? '---' : '--:'));
  const table = [head, ruler, ...cells].map((line) => `| ${line.join(' | ')} |\n`).join('');
  return `\n## ${title}\n\n${verdict(cells.flat())}${table}`;
}

/** Counts the figures that stand beside a target, and those that miss it. */
function verdict(cells: readonly string[]): string {
  const aimed = cells.filter((cell) => /[<>]/.test(cell));
  if (aimed.length === 0) return '';
  const missed = aimed.filter((cell) => cell.endsWith('!'));
  return `Targets met: ${aimed.length - missed.length} of ${aimed.length}; \`!\` marks a miss.\n\n`;
}
