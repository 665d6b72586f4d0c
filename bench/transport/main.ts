// Measures exact transport against POT, or one thread against two, or the overhead of calls from JavaScript; prints a table.

import { writeFileSync } from 'node:fs';
import { Affinity } from 'genmi';
import { describeMachine, machineLine } from '../machine.js';
import { installed, Peer } from '../peers.js';
import { type Column, tableHead, tableLine } from '../table.js';
import { compare } from './against-pot.js';
import { type Comparison, comparisonColumns, type Effort } from './comparison.js';
import { inputFolder, makeInputs, readInputs } from './inputs.js';
import { parseOptions } from './options.js';
import { measureOverhead, type Overhead, overheadColumns } from './overhead.js';
import { Pot } from './pot.js';
import type { SetName } from './problems.js';
import { compareRectangle, type Rectangle, rectangleName, rectangles } from './rectangular.js';
import { type Row, rowName, rows } from './rows.js';
import { type Scaling, scale, scalingColumns } from './two-threads.js';

/** The inputs of a smoke test. */
const TINY: Row = { family: 'mixture-2', metric: 'euclidean', state: 'mid', n: 50 };
const OVERHEAD_SAMPLES = 250;

const options = parseOptions(process.argv);
const sets: readonly SetName[] = ['ova', 'ovo'];
const figures: unknown[] = [];
let machine = describeMachine({});
try {
  if (options.smoke) await seeWhetherItRuns();
  else await (options.threads ? measureThreads() : options.overhead ? measureOverheads() : measureAgainstPot());
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ ...machine, figures }, undefined, 2)}\n`);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

async function seeWhetherItRuns(): Promise<void> {
  await measureThreads([TINY]);
  if (installed.python) await measureAgainstPot([TINY], [{ row: TINY, sources: 30 }]);
  if (installed.native) await measureOverheads([TINY], 1);
}

async function measureAgainstPot(
  from: readonly Row[] = rows,
  fromRectangles: readonly Rectangle[] = rectangles,
): Promise<void> {
  using pot = await Pot.start();
  const chosen = from.filter((row) => isChosen(rowName(row), row.n));
  const blocks = fromRectangles.filter((each) => isChosen(rectangleName(each), each.row.n));
  begin(comparisonColumns, [...chosen, ...blocks.map(({ row }) => row)], pot.versions);
  const print = (figure: Comparison) => printLine(comparisonColumns, figure);
  for (const row of chosen) {
    await pot.load(inputFolder(row));
    const { predictions, ...inputs } = readInputs(row);
    const makeAffinity = () => createAffinity(row, inputs.distances);
    for (const set of sets) print(await compare(row, set, makeAffinity, predictions, pot, effortFor(row.n)));
  }
  for (const block of blocks) {
    await pot.load(inputFolder(block.row));
    print(await compareRectangle(block, readInputs(block.row), pot, effortFor(block.row.n)));
  }
}

async function measureThreads(from: readonly Row[] = rows): Promise<void> {
  await measureRows<Scaling>(from, scalingColumns, (row, set, affinity, predictions) =>
    scale(row, set, affinity, predictions, effortFor(row.n).repetitions),
  );
}

async function measureOverheads(
  from: readonly Row[] = rows.filter(({ n }) => n === OVERHEAD_SAMPLES),
  rounds?: number,
): Promise<void> {
  using native = await Peer.native();
  await measureRows<Overhead>(from, overheadColumns, (row, set, affinity, predictions) =>
    measureOverhead(row, set, affinity, predictions, native, rounds),
  );
}

async function measureRows<Figure>(
  from: readonly Row[],
  columns: readonly Column<Figure>[],
  measure: (row: Row, set: SetName, affinity: Affinity, predictions: Float64Array) => Promise<Figure>,
): Promise<void> {
  const chosen = from.filter((row) => isChosen(rowName(row), row.n));
  begin(columns, chosen, {});
  for (const row of chosen) {
    const { distances, predictions } = readInputs(row);
    using affinity = createAffinity(row, distances);
    for (const set of sets) printLine(columns, await measure(row, set, affinity, predictions));
  }
}

function isChosen(name: string, n: number): boolean {
  return n <= options.maxN && options.rows.test(name);
}

/** Tells genmi whether a distance is a metric; `Affinity.distance` and `.hops` would know it. */
function createAffinity({ metric, n }: Row, distances: Float32Array): Affinity {
  const isMetric = metric !== 'sqeuclidean' && metric !== 'cosine';
  return Affinity.precomputed({ data: distances, shape: [n, n] }, 'distance', { metric: isMetric });
}

function effortFor(n: number): Effort {
  const { quick, smoke, repeat } = options;
  if (quick || smoke) return { repetitions: 1, potProblems: 3 };
  if (n >= 5000) return { repetitions: Math.min(repeat, 3), potProblems: 5 };
  if (n >= 2000) return { repetitions: Math.min(repeat, 3), potProblems: 10 };
  if (n >= 1000) return { repetitions: repeat, potProblems: 15 };
  return { repetitions: repeat, potProblems: Number.POSITIVE_INFINITY };
}

/** Makes the inputs that are missing, and prints the head of the table. */
function begin<Figure>(
  columns: readonly Column<Figure>[],
  chosen: readonly Row[],
  peers: Readonly<Record<string, string>>,
): void {
  if (chosen.length === 0)
    throw new Error(`No inputs of up to ${options.maxN} samples have a name like ${options.rows}`);
  makeInputs(chosen, (doing) => console.error(doing));
  machine = describeMachine(peers);
  console.log(`${machineLine(machine)}\n\n${tableHead(columns)}`);
}

/** Prints a line as soon as it is measured, and keeps its figure. */
function printLine<Figure>(columns: readonly Column<Figure>[], figure: Figure): void {
  console.log(tableLine(columns, figure));
  figures.push(figure);
}
