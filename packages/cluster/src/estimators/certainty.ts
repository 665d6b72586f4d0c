/** How certain assignments are: probabilities of logits, their temperature, and the least certain samples. */
import { contingency, type Matrix, matchClusters } from 'genmi';
import { largestOfRows } from '../base/labels.js';
import type { Pace } from '../base/pace.js';

/** The softmax of logits / temperature: N x K probabilities. */
export function probabilitiesOf({ data, shape }: Matrix, temperature: number): Matrix<Float64Array> {
  const k = shape[1];
  const out = new Float64Array(data.length);
  for (let at = 0; at < data.length; at += k) {
    let largest = -Infinity;
    for (let c = 0; c < k; c++) largest = Math.max(largest, data[at + c]);
    let sum = 0;
    for (let c = 0; c < k; c++) sum += out[at + c] = Math.exp((data[at + c] - largest) / temperature);
    for (let c = 0; c < k; c++) out[at + c] /= sum;
  }
  return { data: out, shape };
}

/** -log of the largest probability of each sample, in nats: 0 where an assignment is certain. It keeps digits near 0. */
export function doubtsOf({ data, shape }: Matrix, temperature: number): Float64Array {
  const [n, k] = shape;
  const labels = largestOfRows(data, k);
  return Float64Array.from({ length: n }, (_, i) => {
    let others = 0;
    for (let c = 0; c < k; c++) {
      if (c !== labels[i]) others += Math.exp((data[i * k + c] - data[i * k + labels[i]]) / temperature);
    }
    return Math.log1p(others);
  });
}

/** The samples of most doubt, floor(rate N) of them, first the one of most doubt; of equal ones the first. */
export function leastCertain(doubts: Float64Array, rate: number): Int32Array {
  const order = Int32Array.from(doubts.keys()).sort((a, b) => doubts[b] - doubts[a] || a - b);
  return order.slice(0, Math.floor(rate * doubts.length));
}

/** Temperatures are searched in [1 / 100, 100]. */
const LIMIT = 100;
const BISECTIONS = 50;
const MOST_CALIBRATED = 20_000;

/**
 * The temperature T with which softmax(logits / T) predicts the labels of other clusterings best, by log likelihood.
 *
 * Clusters of the others are first renamed, so that as many samples as possible agree. The derivative in 1 / T is
 * sum_i (E[z_i] - z_i,label); it rises, and its zero is found by bisection. Source: Guo et al., "On calibration of
 * modern neural networks", 2017, section 4.2, with clusterings in the place of classes. Of more than 20,000 samples, as many
 * at equal steps are used.
 */
export async function calibrated(logits: Matrix, others: readonly Int32Array[], pace: Pace): Promise<number> {
  const { shape } = logits;
  const k = shape[1];
  const labels = largestOfRows(logits.data, k);
  const names = others.map((other) => matchClusters(contingency(labels, other)));
  const step = Math.ceil(shape[0] / MOST_CALIBRATED);
  const some = everyRow(logits, step);
  const weights = new Float64Array(some.shape[0]);
  let target = 0;
  for (const [o, other] of others.entries()) {
    for (let i = 0; i < weights.length; i++) {
      const name = names[o][other[i * step]];
      if (name === -1) continue;
      weights[i] += 1;
      target += some.data[i * k + name];
    }
  }
  const slope = (inverse: number) => {
    const { data: p } = probabilitiesOf(some, 1 / inverse);
    return p.reduce((sum, probability, e) => sum + weights[Math.floor(e / k)] * probability * some.data[e], -target);
  };
  let [low, high] = [-Math.log(LIMIT), Math.log(LIMIT)];
  for (let bisection = 0; bisection < BISECTIONS; bisection++) {
    const middle = (low + high) / 2;
    if (slope(Math.exp(middle)) < 0) low = middle;
    else high = middle;
    if (pace.due) await pace.rest(1);
  }
  return Math.exp(-(low + high) / 2);
}

/** The rows 0, step, 2 step, … */
function everyRow({ data, shape: [n, k] }: Matrix, step: number): Matrix<Float64Array> {
  const rows = Math.ceil(n / step);
  const some = new Float64Array(rows * k);
  for (let i = 0; i < rows; i++) some.set(data.subarray(i * step * k, (i * step + 1) * k), i * k);
  return { data: some, shape: [rows, k] };
}
