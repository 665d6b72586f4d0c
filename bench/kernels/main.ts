// Measures genmi's kernels against other libraries, and the cost of a call, and prints tables.

import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { config, info } from 'genmi';
import { interleave } from '../interleave.js';
import { describeMachine, machineLine } from '../machine.js';
import { tableHead, tableLine } from '../table.js';
import { expectAgreement, peersOf } from './contestants.js';
import { type Figure, figureColumns, figuresOf } from './figures.js';
import { enter } from './genmi.js';
import { inputFolder, makeInputs } from './inputs.js';
import { parseOptions } from './options.js';
import { measureOverhead, type Overhead, overheadColumns } from './overhead.js';
import { Peers } from './peers.js';
import { type Row, rows } from './rows.js';

/** How long a contestant is measured in each repetition. */
const SECONDS = 0.1;
/** Single precision is compared where sums of 10^4 terms cancel. */
const TOLERANCE = { float32: 5e-3, float64: 1e-6 };

const options = parseOptions(process.argv);
const threads = options.allThreads ? availableParallelism() : 1;
config({ threads });
try {
  await measure();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

async function measure(): Promise<void> {
  using peers = await Peers.start(threads);
  const machine = describeMachine({ isa: info().isa, ...peers.versions, threads: `${threads}` });
  console.log(machineLine(machine));
  if (!peers.versions.torch)
    console.log('torch is not installed (npm run bench:setup says why): its lines are missing.');
  console.log();
  const figures = await measureRows(peers);
  const overheads = printOverheads();
  if (figures.length + overheads.length === 0) throw new Error(`No rows have a name like ${options.rows}`);
  const text = JSON.stringify({ ...machine, figures, overheads }, undefined, 2);
  if (options.json) writeFileSync(options.json, `${text}\n`);
}

async function measureRows(peers: Peers): Promise<Figure[]> {
  const figures: Figure[] = [];
  const chosen = rows.filter(({ name, work }) => work.n <= options.maxN && options.rows.test(name));
  if (chosen.length > 0) console.log(tableHead(figureColumns));
  for (const row of chosen) {
    const measured = figuresOf(row, await timesOf(row, peers), figures, threads === 1);
    for (const figure of measured) console.log(tableLine(figureColumns, figure));
    figures.push(...measured);
  }
  return figures;
}

async function timesOf({ name, work }: Row, peers: Peers): Promise<Readonly<Record<string, readonly number[]>>> {
  makeInputs(work);
  const { family, ...parameters } = work;
  const asked = { ...parameters, inputs: inputFolder, threads, ...(family === 'quantile' && { quantile: true }) };
  const others = await peersOf(await peers.for(work), asked);
  const { contestants, close } = enter(work, peers.native, threads);
  try {
    const all = { ...contestants, ...others };
    await expectAgreement(name, all, TOLERANCE['precision' in work ? work.precision : 'float64']);
    const times: Record<string, number[]> = Object.fromEntries(Object.keys(all).map((each) => [each, []]));
    for await (const seconds of interleave(all, options.quick ? 1 : options.repeat, (each) => each.time(SECONDS)))
      for (const each of Object.keys(all)) times[each].push(seconds[each]);
    return times;
  } finally {
    close?.();
  }
}

function printOverheads(): Overhead[] {
  const overheads: Overhead[] = [];
  for (const overhead of measureOverhead(options.rows)) {
    if (overheads.length === 0) console.log(`\n${tableHead(overheadColumns)}`);
    console.log(tableLine(overheadColumns, overhead));
    overheads.push(overhead);
  }
  return overheads;
}
