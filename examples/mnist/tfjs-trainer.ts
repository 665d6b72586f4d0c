import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Scalar, Tensor2D } from '@tensorflow/tfjs';
import type { Objective } from 'genmi';
import { geminiLoss } from 'genmi/tfjs';
import { gatherRows, PIXELS } from '../../support/digits.js';
import type { Engine, TensorFlow } from '../../support/engine.js';
import { createModel, type Model } from '../../support/model.js';
import { createRandom, shuffle } from '../../support/random.js';
import {
  agreementOf,
  type EpochRecord,
  type History,
  learningRateOf,
  NonFiniteError,
  type Trainer,
  type TrainOptions,
} from './trainer.js';

const SHUFFLE_STREAM = 1;
const EVALUATION_BATCH = 1000;

/** Makes the paper's network in TensorFlow.js, and the training of it with losses of genmi. */
export function createTfjsTrainer(engine: Engine, objective: Objective, clusters: number, seed: number): Trainer {
  const { tf, name, note } = engine;
  const model = createModel(tf, clusters, seed);
  const loss = geminiLoss(tf, objective, { from: 'logits' });
  return {
    engine: `TensorFlow.js ${tf.version_core}, engine ${name}`,
    ...(note && { note }),
    train: (options) => trainModel({ ...options, tf, model, loss }),
    predict: async ({ images }) => predict({ tf, model }, images),
  };
}

interface ModelOptions extends TrainOptions {
  readonly tf: TensorFlow;
  readonly model: Model;
  /** The loss of `geminiLoss`, to be minimised. It identifies the images of a mini-batch by their row numbers. */
  readonly loss: (logits: Tensor2D, rows: Int32Array) => Scalar;
}

/** Trains the model by Adam; after an interruption the last record may be of fewer steps. */
export async function trainModel(options: ModelOptions): Promise<History> {
  const { tf, train, test, epochs, seed, signal } = options;
  const optimizer = tf.train.adam(options.learningRate);
  const random = createRandom(seed, SHUFFLE_STREAM);
  const order = Int32Array.from({ length: train.count }, (_, i) => i);
  const records: EpochRecord[] = [];
  for (let epoch = 1; epoch <= epochs && !signal.aborted; epoch++) {
    shuffle(order, random);
    const trained = await trainEpoch(options, optimizer, order, epoch);
    if (!trained) break;
    const started = performance.now();
    const agreement = agreementOf(test, predict(options, test.images));
    const evaluation = (performance.now() - started) / 1000;
    const seconds = { ...trained.seconds, evaluation };
    records.push({ ...trained, ...agreement, epoch, learningRate: learningRateOf(options, epoch), seconds });
    options.onEpoch(records[records.length - 1]);
  }
  optimizer.dispose();
  return { epochs: records, preparation: 0 };
}

type Optimizer = ReturnType<TensorFlow['train']['adam']>;

/** @returns undefined when it was interrupted before the first step */
async function trainEpoch(options: ModelOptions, optimizer: Optimizer, order: Int32Array, epoch: number) {
  const { batch, epochs, signal, learningRate } = options;
  const started = performance.now();
  const sums = new Sums();
  let objective = 0;
  let objectiveSeconds = 0;
  let steps = 0;
  for (let start = 0; start < order.length && !signal.aborted; start += batch) {
    const rows = order.slice(start, start + batch);
    if (options.decay) setLearningRate(optimizer, learningRate * (1 - (epoch - 1 + start / order.length) / epochs));
    const step = trainStep(options, optimizer, rows, sums, `epoch ${epoch}, step ${steps + 1}`);
    steps++;
    objective -= step.loss;
    objectiveSeconds += step.lossSeconds;
    options.onStep((epoch - 1) * Math.ceil(order.length / batch) + steps, -step.loss);
    await nextTurn(); // a step blocks the event loop: Ctrl-C is handled here
  }
  if (steps === 0) return undefined;
  const network = (performance.now() - started) / 1000 - objectiveSeconds;
  const seconds = { network, objective: objectiveSeconds, update: 0 };
  return { objective: objective / steps, entropies: sums.entropies(), seconds };
}

/** Sums over the predictions of an epoch. */
class Sums {
  #predictions = new Float64Array();
  #entropy = 0;
  #images = 0;

  add(logits: ArrayLike<number>, clusters: number): void {
    if (this.#images === 0) this.#predictions = new Float64Array(clusters);
    for (let start = 0; start < logits.length; start += clusters) {
      const row = Array.from({ length: clusters }, (_, k) => logits[start + k]);
      const largest = Math.max(...row);
      const total = row.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
      for (const [k, logit] of row.entries()) {
        const p = Math.exp(logit - largest) / total;
        this.#predictions[k] += p;
        this.#entropy += entropyTerm(p);
      }
      this.#images++;
    }
  }

  entropies(): EpochRecord['entropies'] {
    const proportions = this.#predictions.reduce((sum, each) => sum + entropyTerm(each / this.#images), 0);
    return { proportions, predictions: this.#entropy / this.#images };
  }
}

const entropyTerm = (p: number): number => (p > 0 ? -p * Math.log(p) : 0);

/** The optimiser reads its learning rate at every step, although its types declare it protected. */
function setLearningRate(optimizer: Optimizer, learningRate: number): void {
  (optimizer as unknown as { learningRate: number }).learningRate = learningRate;
}

function trainStep(
  { tf, model, loss, train }: ModelOptions,
  optimizer: Optimizer,
  rows: Int32Array,
  sums: Sums,
  place: string,
) {
  const images = tf.tensor2d(gatherRows(train.images, rows), [rows.length, PIXELS]);
  const step = { loss: Number.NaN, lossSeconds: 0 };
  optimizer.minimize(() => {
    const logits = model(images);
    // Reading the logits also waits for the engine, so that the clock below measures the loss alone.
    sums.add(finite(logits.dataSync(), 'the logits', place), logits.shape[1]);
    const started = performance.now();
    const value = loss(logits, rows);
    step.lossSeconds = (performance.now() - started) / 1000;
    step.loss = finite(value.dataSync(), 'the loss', place)[0];
    return value;
  });
  images.dispose();
  return step;
}

function finite<T extends ArrayLike<number>>(values: T, name: string, place: string): T {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]))
      throw new NonFiniteError(`${place}: ${name} became ${values[i]}, training stopped`);
  }
  return values;
}

function predict({ tf, model }: Pick<ModelOptions, 'tf' | 'model'>, images: Float32Array): Int32Array {
  const count = images.length / PIXELS;
  const clusters = new Int32Array(count);
  for (let start = 0; start < count; start += EVALUATION_BATCH) {
    const end = Math.min(start + EVALUATION_BATCH, count);
    const part = tf.tidy(() => {
      const logits = model(tf.tensor2d(images.subarray(start * PIXELS, end * PIXELS), [end - start, PIXELS]));
      return argMax(logits.dataSync(), logits.shape[1]);
    });
    clusters.set(part, start);
  }
  return clusters;
}

function argMax(logits: ArrayLike<number>, columns: number): Int32Array {
  const best = new Int32Array(logits.length / columns);
  best.forEach((_, row) => {
    let column = 0;
    for (let k = 1; k < columns; k++) if (logits[row * columns + k] > logits[row * columns + column]) column = k;
    best[row] = column;
  });
  return best;
}
