// Measures networks of genmi beside TensorFlow.js, torch, scikit-learn and OpenBLAS, and the memory of trainings.

import { Command, InvalidArgumentError } from 'commander';
import { positive, rowsOption, smokeOption } from '../arguments.js';
import { interleave } from '../interleave.js';
import { describeMachine, machineLine } from '../machine.js';
import { installed } from '../peers.js';
import { tableHead, tableLine } from '../table.js';
import { type Contestants, enter, type Outcome } from './contestants.js';
import { type Figure, figureColumns, figuresOf } from './figures.js';
import { type Memory, measureMemory, memoryColumns, memoryRows } from './memory.js';
import { absences, Peers } from './peers.js';
import { expectSameMachine, merge } from './results.js';
import { type Row, rows, tiny, toleranceOf } from './rows.js';

const IMAGES = 60_000;

interface Options {
  readonly rows: RegExp;
  readonly threads: readonly number[];
  readonly repeat: number;
  readonly smoke?: boolean;
  readonly json?: string;
}

const options = new Command('npm run bench:networks --')
  .description('Networks of genmi beside TensorFlow.js, torch, scikit-learn and OpenBLAS, on the same mini-batches.')
  .addOption(rowsOption('step-784-1200-10-vat'))
  .option('--threads <list>', 'threads of each contestant', threadsList, [2, 1])
  .option('--repeat <n>', 'repetitions for each median; rows of minutes have 3 at most', positive, 7)
  .addOption(smokeOption())
  .option('--json <file>', 'also write the figures; those of other rows stay in the file')
  .parse()
  .opts<Options>();

const threads = options.smoke ? [1] : options.threads;
try {
  await measure();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

async function measure(): Promise<void> {
  using peers = await Peers.start();
  const versions = await peers.versions();
  const machine = describeMachine(versions);
  if (options.json) expectSameMachine(options.json, machine);
  console.log(machineLine(machine));
  for (const line of absences(installed, versions)) console.log(line);
  const order = [...rows, ...memoryRows].map(({ name }) => name);
  const save = (figures: readonly Figure[], memory: readonly Memory[]) => {
    if (options.json) merge(options.json, { ...machine, figures, memory }, order);
  };
  if ((await measureRows(peers, save)) + measureMemories('torch' in versions, save) > 0) return;
  throw new Error(`No rows have a name like ${options.rows}`);
}

type Save = (figures: readonly Figure[], memory: readonly Memory[]) => void;

/** Each row is saved once it is measured: the whole takes long. */
async function measureRows(peers: Peers, save: Save): Promise<number> {
  const chosen = rows.filter(({ name }) => options.rows.test(name));
  if (chosen.length > 0) console.log(`\n${tableHead(figureColumns)}`);
  for (const row of options.smoke ? chosen.map(tiny) : chosen) {
    for (const count of threads) {
      const figures = figuresOf(row, count, await timesOf(row, peers, count));
      for (const figure of figures) console.log(tableLine(figureColumns, figure));
      save(figures, []);
    }
  }
  return chosen.length;
}

/** Seconds of each contestant in each repetition. All must answer alike. */
async function timesOf(row: Row, peers: Peers, count: number): Promise<Record<string, number[]>> {
  const { contestants, close } = await enter(row, peers, count);
  const repetitions = options.smoke ? 1 : Math.min(options.repeat, row.slow?.repeat ?? options.repeat);
  const warm: Contestants = row.slow ? {} : contestants;
  try {
    for (const contestant of Object.values(warm)) await contestant();
    const times: Record<string, number[]> = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
    for await (const outcomes of interleave(contestants, repetitions, (contestant) => contestant())) {
      expectAgreement(row, outcomes);
      for (const [name, { seconds }] of Object.entries(outcomes)) times[name].push(seconds);
    }
    return times;
  } finally {
    close();
  }
}

function expectAgreement({ name, work }: Row, { genmi, ...others }: Readonly<Record<string, Outcome>>): void {
  for (const [peer, { answers }] of Object.entries(others))
    for (const [i, [value]] of (answers ?? []).entries()) {
      const [own, scale] = genmi?.answers?.[i] ?? [Number.NaN, 0];
      if (Math.abs(value - own) <= toleranceOf(work) * scale) continue;
      throw new Error(`${name}: ${peer} finds ${value} where genmi finds ${own} (beside ${scale})`);
    }
}

function measureMemories(torch: boolean, save: Save): number {
  const chosen = memoryRows.filter(({ name }) => options.rows.test(name));
  if (chosen.length > 0) console.log(`\n${tableHead(memoryColumns)}`);
  for (const row of chosen) {
    const memory = measureMemory(row, threads[0] as number, options.smoke ? 500 : IMAGES, torch);
    console.log(tableLine(memoryColumns, memory));
    save([], [memory]);
  }
  return chosen.length;
}

function threadsList(text: string): number[] {
  try {
    return text.split(',').map(positive);
  } catch {
    throw new InvalidArgumentError('Expected numbers of threads, as 2,1.');
  }
}
