import type { Scalar, Tensor2D } from '@tensorflow/tfjs';
import { type Digits, gatherRows, PIXELS } from '../../support/digits.js';
import type { TensorFlow } from '../../support/engine.js';
import { createModel } from '../../support/model.js';
import { createRandom, shuffle } from '../../support/random.js';
import { timed } from '../statistics.js';

/** A loss, to be minimised: of logits, and of the samples that they belong to. */
export type Loss = (logits: Tensor2D, rows: Int32Array) => Scalar;

export const BATCH = 250;
export const CLUSTERS = 10;
const LEARNING_RATE = 1e-3;
const SEED = 3;
const SHUFFLE_STREAM = 1;

/** Times of one mini-batch in seconds, and the entropy of its predictions. */
export type StepTimes = {
  /** Forward, backward and Adam's update of the network, under a softmax cross-entropy in place of the loss. */
  readonly network: number;
  /** Value and gradient of the GEMINI loss, from logits to the gradient's tensor. */
  readonly loss: number;
  /** Mean entropy of the predictions, as a share of log K. */
  readonly entropy: number;
};

/** A network that learns by a loss, and whose next step can be timed in parts. */
export class Training {
  readonly #tf: TensorFlow;
  readonly #digits: Digits;
  readonly #batches: Generator<Int32Array>;
  readonly #loss: Loss;
  readonly #learner: Learner;
  /** A network of the same shape, which learns the labels while the learner is held still. */
  readonly #bystander: Learner;

  constructor(tf: TensorFlow, loss: Loss, digits: Digits) {
    this.#tf = tf;
    this.#digits = digits;
    this.#batches = shuffledBatches(digits.count);
    this.#loss = loss;
    this.#learner = createLearner(tf);
    this.#bystander = createLearner(tf);
  }

  /** Updates the learner by one mini-batch; returns the mean entropy of its predictions from then on. */
  step(): number {
    return this.#onNextBatch((images, rows) => {
      this.#learner.step(images, (logits) => this.#loss(logits, rows));
      return meanEntropy(this.#tf, this.#learner.model(images));
    });
  }

  /** Times the parts of a step on one mini-batch, and leaves the learner as it is. */
  measure(): StepTimes {
    const { losses, grad } = this.#tf;
    return this.#onNextBatch((images, rows) => {
      const labels = this.#oneHot(rows);
      const [network] = timed(() =>
        this.#bystander.step(images, (logits) => losses.softmaxCrossEntropy(labels, logits) as Scalar),
      );
      const logits = this.#learner.model(images);
      const entropy = meanEntropy(this.#tf, logits); // reading it also waits for the engine
      const [loss] = timed(() => grad((x) => this.#loss(x as Tensor2D, rows))(logits).dataSync());
      return { network, loss, entropy };
    });
  }

  #onNextBatch<T extends number | StepTimes>(work: (images: Tensor2D, rows: Int32Array) => T): T {
    const rows: Int32Array = this.#batches.next().value;
    const images = gatherRows(this.#digits.images, rows);
    return this.#tf.tidy(() => work(this.#tf.tensor2d(images, [rows.length, PIXELS]), rows));
  }

  #oneHot(rows: Int32Array) {
    const labels = Int32Array.from(rows, (row) => this.#digits.labels[row]);
    return this.#tf.oneHot(labels, CLUSTERS);
  }
}

type Learner = ReturnType<typeof createLearner>;

function createLearner(tf: TensorFlow) {
  const model = createModel(tf, CLUSTERS, SEED);
  const optimizer = tf.train.adam(LEARNING_RATE);
  /** One update; reading the loss waits for the engine. */
  const step = (images: Tensor2D, lossOf: (logits: Tensor2D) => Scalar): void => {
    optimizer.minimize(() => lossOf(model(images)), true)?.dataSync();
  };
  return { model, step };
}

/** Rows of mini-batches without end: all images once in random order, then again in another. */
function* shuffledBatches(count: number): Generator<Int32Array> {
  const random = createRandom(SEED, SHUFFLE_STREAM);
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (;;) {
    shuffle(order, random);
    for (let start = 0; start + BATCH <= count; start += BATCH) yield order.slice(start, start + BATCH);
  }
}

function meanEntropy(tf: TensorFlow, logits: Tensor2D): number {
  const logTau = tf.logSoftmax(logits);
  const [sum] = tf.sum(tf.mul(tf.exp(logTau), logTau)).dataSync();
  return -sum / BATCH / Math.log(CLUSTERS);
}
