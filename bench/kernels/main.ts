// Measures genmi's kernels against other libraries, the cost of a call, and memory, and prints tables.

import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { config, info } from 'genmi';
import { interleave } from '../interleave.js';
import { describeMachine, machineLine } from '../machine.js';
import { tableHead, tableLine } from '../table.js';
import { type Contestants, expectAgreement, peersOf } from './contestants.js';
import { type Figure, figureColumns, figuresOf } from './figures.js';
import { enter } from './genmi.js';
import { inputFolder, makeInputs } from './inputs.js';
import { measurePeak, memoryRows, type Peak, peakColumns } from './memory.js';
import { parseOptions } from './options.js';
import { measureOverhead, type Overhead, overheadColumns } from './overhead.js';
import { Peers } from './peers.js';
import { type Row, rows, tiny } from './rows.js';
import { tolerancesOf } from './tolerances.js';

/** How long a contestant is measured in each repetition. */
const SECONDS = 0.1;

const options = parseOptions(process.argv);
const threads = options.allThreads ? availableParallelism() : 1;
const [seconds, repetitions] = options.smoke ? [0, 1] : [SECONDS, options.quick ? 1 : options.repeat];
config({ threads });
try {
  await measure();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

async function measure(): Promise<void> {
  using peers = await (options.smoke ? Peers.startAvailable(threads) : Peers.start(threads));
  const machine = describeMachine({ isa: info().isa, ...peers.versions, threads: `${threads}` });
  console.log(machineLine(machine));
  if (!peers.versions.torch)
    console.log('torch is not installed (npm run bench:setup says why): its lines are missing.');
  console.log();
  const figures = await measureRows(peers);
  const overheads = printOverheads();
  const peaks = printPeaks();
  if (figures.length + overheads.length + peaks.length === 0)
    throw new Error(`No rows have a name like ${options.rows}`);
  const text = JSON.stringify({ ...machine, figures, overheads, peaks }, undefined, 2);
  if (options.json) writeFileSync(options.json, `${text}\n`);
}

async function measureRows(peers: Peers): Promise<Figure[]> {
  const figures: Figure[] = [];
  const chosen = rows.filter(({ name, work }) => work.n <= options.maxN && options.rows.test(name));
  if (chosen.length > 0) console.log(tableHead(figureColumns));
  for (const row of options.smoke ? chosen.map(tiny) : chosen) {
    const times = await timesOf(row, peers);
    if (!times) continue;
    const measured = figuresOf(row, times, figures, threads === 1 && !options.smoke);
    for (const figure of measured) console.log(tableLine(figureColumns, figure));
    figures.push(...measured);
  }
  return figures;
}

/** Seconds of each contestant; undefined where a row needs the program of bench/native and it is not built. */
async function timesOf({ name, work }: Row, peers: Peers): Promise<Record<string, readonly number[]> | undefined> {
  makeInputs(work);
  const entry = await enter(work, peers.native, threads);
  if (!entry) return undefined;
  try {
    const all = { ...entry.contestants, ...(await othersOf(work, peers)) };
    await expectAgreement(name, all, (contestant) => tolerancesOf(work, contestant));
    const times: Record<string, number[]> = Object.fromEntries(Object.keys(all).map((each) => [each, []]));
    for await (const each of interleave(all, repetitions, (contestant) => contestant.time(seconds)))
      for (const contestant of Object.keys(all)) times[contestant].push(each[contestant]);
    return times;
  } finally {
    entry.close?.();
  }
}

async function othersOf(work: Row['work'], peers: Peers): Promise<Contestants> {
  const peer = await peers.for(work);
  if (!peer) return {};
  const { family, ...parameters } = work;
  const kind = {
    ...(family === 'quantile' && { quantile: true }),
    ...((family === 'hops' || family === 'hop-search') && { whole: family === 'hops' }),
  };
  return peersOf(peer, { ...parameters, ...kind, inputs: inputFolder, threads });
}

function printOverheads(): Overhead[] {
  const overheads: Overhead[] = [];
  for (const overhead of measureOverhead(options.rows, options.smoke ? 10 : undefined)) {
    if (overheads.length === 0) console.log(`\n${tableHead(overheadColumns)}`);
    console.log(tableLine(overheadColumns, overhead));
    overheads.push(overhead);
  }
  return overheads;
}

function printPeaks(): Peak[] {
  const chosen = memoryRows.filter(({ name, n }) => n <= options.maxN && options.rows.test(name));
  if (chosen.length > 0) console.log(`\n${tableHead(peakColumns)}`);
  return chosen.map((row) => {
    const peak = measurePeak(row, threads);
    console.log(tableLine(peakColumns, peak));
    return peak;
  });
}
