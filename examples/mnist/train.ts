import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Scalar, Tensor2D } from '@tensorflow/tfjs';
import { accuracy, ari, usedClusters } from 'genmi';
import { type Digits, gatherRows, PIXELS } from '../../support/digits.js';
import type { TensorFlow } from '../../support/engine.js';
import type { Model } from '../../support/model.js';
import { createRandom, shuffle } from '../../support/random.js';

const LEARNING_RATE = 1e-3;
const SHUFFLE_STREAM = 1;
const EVALUATION_BATCH = 1000;

export interface TrainOptions {
  readonly tf: TensorFlow;
  readonly model: Model;
  /** The loss of `geminiLoss`, to be minimised. It identifies the images of a mini-batch by their row numbers. */
  readonly loss: (logits: Tensor2D, rows: Int32Array) => Scalar;
  readonly train: Digits;
  /** Images that are not trained on. All metrics are of these images, unless stated otherwise. */
  readonly test: Digits;
  readonly epochs: number;
  readonly batch: number;
  readonly seed: number;
  /**
   * Lets the learning rate fall linearly to 0: a short run then ends near where a long one would, not in Adam's noise.
   */
  readonly decay: boolean;
  /** Ends the training after the current step. */
  readonly signal: AbortSignal;
  readonly onStep: (loss: number) => void;
  readonly onEpoch: (epoch: EpochRecord) => void;
}

export interface EpochRecord {
  readonly epoch: number;
  readonly steps: number;
  /** Mean over the steps; the objective is its negative. */
  readonly loss: number;
  /** ARI of the predictions made while training, as in the paper's code. */
  readonly trainAri: number;
  readonly ari: number;
  readonly accuracy: number;
  readonly usedClusters: number;
  readonly seconds: { readonly loss: number; readonly rest: number; readonly evaluation: number };
}

/** A loss or a logit that is NaN or infinite: training cannot go on. */
export class NonFiniteError extends Error {
  override readonly name = 'NonFiniteError';
}

/**
 * Trains the model by Adam on shuffled mini-batches, a smaller last one included, and evaluates it after each epoch.
 *
 * @returns a record for each epoch; after an interruption the last one may be of fewer steps
 * @throws NonFiniteError naming the place when the logits or the loss are not finite
 */
export async function train(options: TrainOptions): Promise<EpochRecord[]> {
  const { tf, train, test, epochs, seed, signal } = options;
  const optimizer = tf.train.adam(LEARNING_RATE);
  const random = createRandom(seed, SHUFFLE_STREAM);
  const order = Int32Array.from({ length: train.count }, (_, i) => i);
  const history: EpochRecord[] = [];
  for (let epoch = 1; epoch <= epochs && !signal.aborted; epoch++) {
    shuffle(order, random);
    const trained = await trainEpoch(options, optimizer, order, epoch);
    if (!trained) break;
    const started = performance.now();
    const clusters = predict(options, test.images);
    const record: EpochRecord = {
      epoch,
      ...trained,
      ari: ari(test.labels, clusters),
      accuracy: accuracy(test.labels, clusters),
      usedClusters: usedClusters(clusters),
      seconds: { ...trained.seconds, evaluation: (performance.now() - started) / 1000 },
    };
    history.push(record);
    options.onEpoch(record);
  }
  optimizer.dispose();
  return history;
}

type Optimizer = ReturnType<TensorFlow['train']['adam']>;

/** @returns undefined when it was interrupted before the first step */
async function trainEpoch(options: TrainOptions, optimizer: Optimizer, order: Int32Array, epoch: number) {
  const { train, batch, epochs, signal, onStep } = options;
  const started = performance.now();
  const clusters = new Int32Array(order.length);
  let seen = 0;
  let steps = 0;
  let lossSum = 0;
  let lossSeconds = 0;
  for (let start = 0; start < order.length && !signal.aborted; start += batch) {
    const rows = order.slice(start, start + batch);
    if (options.decay) setLearningRate(optimizer, LEARNING_RATE * (1 - (epoch - 1 + start / order.length) / epochs));
    const step = trainStep(options, optimizer, rows, `epoch ${epoch}, step ${steps + 1}`);
    steps++;
    lossSum += step.loss;
    lossSeconds += step.lossSeconds;
    clusters.set(step.clusters, seen);
    seen += rows.length;
    onStep(step.loss);
    await nextTurn(); // a step blocks the event loop: Ctrl-C is handled here
  }
  const seconds = { loss: lossSeconds, rest: (performance.now() - started) / 1000 - lossSeconds };
  if (steps === 0) return undefined;
  const labels = order.subarray(0, seen).map((row) => train.labels[row]);
  return { steps, loss: lossSum / steps, trainAri: ari(labels, clusters.subarray(0, seen)), seconds };
}

/** The optimiser reads its learning rate at every step, although its types declare it protected. */
function setLearningRate(optimizer: Optimizer, learningRate: number): void {
  (optimizer as unknown as { learningRate: number }).learningRate = learningRate;
}

function trainStep({ tf, model, loss, train }: TrainOptions, optimizer: Optimizer, rows: Int32Array, place: string) {
  const images = tf.tensor2d(gatherRows(train.images, rows), [rows.length, PIXELS]);
  const step = { loss: Number.NaN, lossSeconds: 0, clusters: new Int32Array() as Int32Array };
  optimizer.minimize(() => {
    const logits = model(images);
    // Reading the logits also waits for the engine, so that the clock below measures the loss alone.
    step.clusters = argMax(finite(logits.dataSync(), 'the logits', place), logits.shape[1]);
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

/** The most probable cluster of each image. */
export function predict({ tf, model }: Pick<TrainOptions, 'tf' | 'model'>, images: Float32Array): Int32Array {
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
