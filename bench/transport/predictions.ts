import { mi } from 'genmi';
import { createRandom, type Random, shuffle } from '../../support/random.js';
import { normals, softmax } from '../random.js';
import { Adam, Perceptron } from './perceptron.js';
import { CLUSTERS, type Family, type State } from './rows.js';
import type { Samples } from './samples.js';

const SEED = 2;
const HIDDEN: Record<Family, number> = { images: 64, 'mixture-2': 32, 'mixture-10': 32, 'mixture-50': 32 };
const BATCH = 500;
const LEARNING_RATE = 1e-3;
const MAX_EPOCHS = 400;

/** A snapshot is taken when the mean entropy of the predictions has fallen to this share of log K. */
export const SNAPSHOT_ENTROPY: Record<Exclude<State, 'init'>, number> = { mid: 0.5, sat: 0.05 };

/** Steps for warm starts: one untimed, then the timed ones. At each step the logits move by noise of this standard deviation. */
export const STEPS = 7;
const LOGIT_NOISE = 0.02;

/** Logits of all samples, `[count, K]`, at the three states of one network. */
export type Snapshots = Record<State, Float64Array>;

/** Trains a small network by mutual information, without labels, until its predictions are saturated. */
export function trainSnapshots(family: Family, samples: Samples): Snapshots {
  const random = createRandom(SEED, samples.features);
  const network = new Perceptron(samples.features, HIDDEN[family], CLUSTERS, random);
  const adam = new Adam(network.parameters, LEARNING_RATE);
  const snapshot = () => network.logits(samples.data, samples.count);
  const init = snapshot();
  let mid: Float64Array | undefined;
  for (let epoch = 0; epoch < MAX_EPOCHS; epoch++) {
    for (const x of batches(samples, random)) {
      const entropy = trainStep(network, adam, x);
      if (entropy <= SNAPSHOT_ENTROPY.mid) mid ??= snapshot();
      if (mid && entropy <= SNAPSHOT_ENTROPY.sat) return { init, mid, sat: snapshot() };
    }
  }
  throw new Error(`The predictions for ${family} did not saturate in ${MAX_EPOCHS} epochs`);
}

/** @returns the mean entropy of the predictions before the step, as a share of log K */
function trainStep(network: Perceptron, adam: Adam, x: Float64Array): number {
  const logits = network.logits(x, BATCH);
  const { gradient } = mi().valueAndGrad({ data: logits, shape: [BATCH, CLUSTERS] }, { from: 'logits' });
  adam.ascend(network.gradients(x, BATCH, gradient.data as Float64Array));
  return meanEntropy(softmax(logits, CLUSTERS)) / Math.log(CLUSTERS);
}

/** All samples once, in random order, in mini-batches of equal size. */
function* batches({ data, count, features }: Samples, random: Random): Generator<Float64Array> {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  shuffle(order, random);
  for (let start = 0; start + BATCH <= count; start += BATCH) {
    const x = new Float64Array(BATCH * features);
    for (let i = 0; i < BATCH; i++) {
      const from = order[start + i] * features;
      x.set(data.subarray(from, from + features), i * features);
    }
    yield x;
  }
}

/** Predictions of the first n samples at successive steps, `[STEPS, n, K]`: the given ones, then logits that drift. */
export function makeSteps(logits: Float64Array, n: number): Float64Array {
  const random = createRandom(SEED, n);
  const moving = logits.slice(0, n * CLUSTERS);
  const steps = new Float64Array(STEPS * moving.length);
  steps.set(softmax(moving, CLUSTERS));
  for (let step = 1; step < STEPS; step++) {
    const noise = normals(moving.length, random);
    for (let i = 0; i < moving.length; i++) moving[i] += LOGIT_NOISE * noise[i];
    steps.set(softmax(moving, CLUSTERS), step * moving.length);
  }
  return steps;
}

function meanEntropy(tau: Float64Array): number {
  const sum = tau.reduce((total, p) => (p > 0 ? total - p * Math.log(p) : total), 0);
  return sum / (tau.length / CLUSTERS);
}
