// Measures the time of losses as a share of the network's time in a training step, in tfjs-node.

import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import type { Matrix } from 'genmi';
import { type Digits, PIXELS, readDigits } from '../../support/digits.js';
import { rowsOption, smokeOption } from '../arguments.js';
import { loadEngineOn } from '../engine.js';
import { describeMachine, machineLine } from '../machine.js';
import { median } from '../statistics.js';
import { tableHead, tableLine } from '../table.js';
import { SNAPSHOT_ENTROPY } from '../transport/predictions.js';
import type { State } from '../transport/rows.js';
import { type Row, rows } from './rows.js';
import { type Share, shareColumns } from './share.js';
import { BATCH, CLUSTERS, type StepTimes, Training } from './training.js';

const IMAGES = 5000;
const THREADS = 2;

/** Mini-batches for each median. The first ones are dropped: the first calls of an engine are slower than all others. */
const MEASURED = 40;
const DROPPED = 10;
const MAX_STEPS = 2000;

const options = new Command('npm run bench:step --')
  .description("The share of losses in MNIST training steps, of the network's own time in tfjs-node.")
  .addOption(rowsOption('wasserstein_ova-euclidean'))
  .addOption(smokeOption())
  .option('--json <file>', 'also write the figures')
  .parse()
  .opts<{ rows: RegExp; smoke?: boolean; json?: string }>();

const images = options.smoke ? BATCH : IMAGES;
const [dropped, measured] = options.smoke ? [0, 1] : [DROPPED, MEASURED];
const engine = await loadEngineOn(THREADS);
const machine = describeMachine({ [engine.name]: engine.tf.version_core, threads: `${THREADS}` });
console.log(machineLine(machine));
console.log(`784-1200-${CLUSTERS}, batches of ${BATCH} of ${images} images\n`);
console.log(tableHead(shareColumns));
const figures = measure();
if (options.json) writeFileSync(options.json, `${JSON.stringify({ ...machine, figures }, undefined, 2)}\n`);

function measure(): Share[] {
  const digits = readDigits('train', images);
  const x = { data: digits.images, shape: [images, PIXELS] as const };
  const selected = rows.filter(({ name }) => options.rows.test(name));
  // The first row runs once before all others, untimed: V8 compiles meanwhile.
  for (const row of options.smoke ? [] : selected.slice(0, 1)) measureRow(row, digits, x);
  return selected.flatMap((row) =>
    measureRow(row, digits, x).map((share) => {
      console.log(tableLine(shareColumns, share));
      return share;
    }),
  );
}

function measureRow(row: Row, digits: Digits, x: Matrix): Share[] {
  const { name, affinity: make, loss, states, target } = row;
  using affinity = make?.(x);
  const training = new Training(engine.tf, loss(engine.tf, affinity), digits);
  return (options.smoke ? states.slice(0, 1) : states).map((state) => {
    trainTo(state, training);
    const times = Array.from({ length: dropped + measured }, () => training.measure()).slice(dropped);
    return { objective: name, state, ...medians(times), target };
  });
}

/** The states are those of the transport benchmark; a Wasserstein objective passes through them within a few steps. */
function trainTo(state: State, training: Training): void {
  if (state === 'init') return;
  for (let step = 0; step < MAX_STEPS; step++) if (training.step() <= SNAPSHOT_ENTROPY[state]) return;
  throw new Error(`The predictions were not '${state}' after ${MAX_STEPS} steps`);
}

function medians(times: readonly StepTimes[]): StepTimes {
  const of = (key: keyof StepTimes) => median(times.map((each) => each[key]));
  return { network: of('network'), loss: of('loss'), entropy: of('entropy') };
}
