// Measures which share of a training step the exact Wasserstein losses take, beside the network's own work in tfjs-node.

import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { Affinity, config, wasserstein } from 'genmi';
import { loadEngine } from '../../examples/engine.js';
import { PIXELS, readDigits } from '../../examples/mnist/data.js';
import { describeMachine, machineLine } from '../machine.js';
import { median } from '../statistics.js';
import { against, type Column, milliseconds, number, tableHead, tableLine } from '../table.js';
import { SNAPSHOT_ENTROPY } from '../transport/predictions.js';
import { type State, states } from '../transport/rows.js';
import { BATCH, CLUSTERS, type StepTimes, Training } from './training.js';

const IMAGES = 5000;
const THREADS = 2;

/** What is trained by, and the largest share of the network's step that the loss may take, in percent. */
const objectives = [
  { mode: 'ova', metric: 'euclidean', target: 10 },
  { mode: 'ova', metric: 'sqeuclidean', target: 25 },
  { mode: 'ovo', metric: 'euclidean', target: 40 },
] as const;

/** Mini-batches that medians are of, in each state; the first calls of an engine are slower than all others. */
const MEASURED = 40;
const DROPPED = 10;
const MAX_STEPS = 2000;

/** Medians: seconds, and the predictions' entropy as a share of log K. */
interface Share extends StepTimes {
  readonly objective: string;
  readonly state: State;
  readonly target: number;
}

const columns: readonly Column<Share>[] = [
  { title: 'wasserstein', width: 16, text: ({ objective }) => objective },
  { title: 'state', width: 6, text: ({ state }) => state },
  { title: 'entropy', width: 9, text: ({ entropy }) => number(entropy) },
  { title: 'network, ms', width: 12, text: ({ network }) => milliseconds(network) },
  { title: 'loss, ms', width: 9, text: ({ loss }) => milliseconds(loss) },
  {
    title: 'loss, %',
    width: 13,
    text: ({ loss, network, target }) => against((100 * loss) / network, target, 'at most'),
  },
];

const { json } = new Command('npm run bench:step --')
  .description("The share of exact Wasserstein losses in MNIST training steps, of the network's own time in tfjs-node.")
  .option('--json <file>', 'also write the figures')
  .parse()
  .opts<{ json?: string }>();

const engine = await loadEngine('tfjs-node');
if (engine.note) console.log(engine.note);
config({ threads: THREADS });
const machine = describeMachine({ [engine.name]: engine.tf.version_core });
console.log(machineLine(machine));
console.log(`784-1200-${CLUSTERS}, batches of ${BATCH} of ${IMAGES} images, ${THREADS} threads\n`);
console.log(tableHead(columns));
const figures = measure();
if (json) writeFileSync(json, `${JSON.stringify({ ...machine, figures }, undefined, 2)}\n`);

function measure(): Share[] {
  const digits = readDigits('train', IMAGES);
  return objectives.flatMap(({ mode, metric, target }) => {
    const x = { data: digits.images, shape: [IMAGES, PIXELS] as const };
    using affinity = Affinity.distance(x, { metric, storage: 'dense' });
    const training = new Training(engine.tf, wasserstein({ mode, affinity }), digits);
    return states.map((state) => {
      trainTo(state, training);
      const times = Array.from({ length: DROPPED + MEASURED }, () => training.measure()).slice(DROPPED);
      const share = { objective: `${mode} ${metric}`, state, ...medians(times), target };
      console.log(tableLine(columns, share));
      return share;
    });
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
