// Measures exact transport against POT, or one thread against two, and prints a table.

import { writeFileSync } from 'node:fs';
import { Affinity } from 'genmi';
import { describeMachine, machineLine } from '../machine.js';
import { type Column, tableHead, tableLine } from '../table.js';
import { type Comparison, compare, comparisonColumns, type Effort } from './against-pot.js';
import { inputFolder, makeInputs, readInputs } from './inputs.js';
import { type Options, parseOptions } from './options.js';
import { Pot } from './pot.js';
import type { SetName } from './problems.js';
import { type Row, rowName, rows } from './rows.js';
import { type Scaling, scale, scalingColumns } from './two-threads.js';

const options = parseOptions(process.argv);
const sets: readonly SetName[] = ['ova', 'ovo'];
try {
  await (options.threads ? measureThreads() : measureAgainstPot());
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

async function measureAgainstPot(): Promise<void> {
  using pot = await Pot.start();
  await printTable<Comparison>(comparisonColumns, pot.versions, async function* (row) {
    await pot.load(inputFolder(row));
    const { distances, predictions } = readInputs(row);
    using affinity = createAffinity(row, distances);
    for (const set of sets) yield compare(row, set, affinity, predictions, pot, effortFor(row.n, options));
  });
}

async function measureThreads(): Promise<void> {
  await printTable<Scaling>(scalingColumns, {}, async function* (row) {
    const { distances, predictions } = readInputs(row);
    using affinity = createAffinity(row, distances);
    const { repetitions } = effortFor(row.n, options);
    for (const set of sets) yield scale(row, set, affinity, predictions, repetitions);
  });
}

function createAffinity({ metric, n }: Row, distances: Float32Array): Affinity {
  const isMetric = metric !== 'sqeuclidean' && metric !== 'cosine';
  return Affinity.precomputed({ data: distances, shape: [n, n] }, 'distance', { metric: isMetric });
}

function effortFor(n: number, { quick, repeat }: Options): Effort {
  if (quick) return { repetitions: 1, potProblems: 3 };
  if (n >= 5000) return { repetitions: 1, potProblems: 2 };
  if (n >= 2000) return { repetitions: Math.min(repeat, 2), potProblems: 5 };
  if (n >= 1000) return { repetitions: Math.min(repeat, 3), potProblems: 15 };
  return { repetitions: repeat, potProblems: Number.POSITIVE_INFINITY };
}

/** Prints each line as soon as it is measured. */
async function printTable<Figures>(
  columns: readonly Column<Figures>[],
  peers: Readonly<Record<string, string>>,
  measure: (row: Row) => AsyncIterable<Figures>,
): Promise<void> {
  const chosen = rows.filter((row) => row.n <= options.maxN && options.rows.test(rowName(row)));
  if (chosen.length === 0)
    throw new Error(`No inputs of up to ${options.maxN} samples have a name like ${options.rows}`);
  makeInputs(chosen, (doing) => console.error(doing));
  const machine = describeMachine(peers);
  console.log(`${machineLine(machine)}\n\n${tableHead(columns)}`);
  const figures: Figures[] = [];
  for (const row of chosen) {
    for await (const each of measure(row)) {
      console.log(tableLine(columns, each));
      figures.push(each);
    }
  }
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ ...machine, figures }, undefined, 2)}\n`);
}
