/** How certain assignments are: probabilities of logits, their temperature, and the least certain samples. */
import { contingency, type Matrix, matchClusters } from 'genmi';
import { largestOfRows } from '../base/labels.js';

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

/**
 * The temperature T with which softmax(logits / T) predicts the labels of other clusterings best, by log likelihood.
 *
 * Clusters of the others are first renamed, so that as many samples as possible agree. The derivative in 1 / T is
 * sum_i (E[z_i] - z_i,label); it rises, and its zero is found by bisection. Source: Guo et al., "On calibration of
 * modern neural networks", 2017, section 4.2, with clusterings in the place of classes.
 */
export function calibrated({ data, shape }: Matrix, others: readonly Int32Array[]): number {
  const [n, k] = shape;
  const labels = largestOfRows(data, k);
  const weights = new Float64Array(n);
  let target = 0;
  for (const other of others) {
    const nameOf = matchClusters(contingency(labels, other));
    for (let i = 0; i < n; i++) {
      const name = nameOf[other[i]];
      if (name === -1) continue;
      weights[i] += 1;
      target += data[i * k + name];
    }
  }
  const slope = (inverse: number) => {
    const { data: p } = probabilitiesOf({ data, shape }, 1 / inverse);
    return p.reduce((sum, probability, e) => sum + weights[Math.floor(e / k)] * probability * data[e], -target);
  };
  let [low, high] = [-Math.log(LIMIT), Math.log(LIMIT)];
  for (let step = 0; step < BISECTIONS; step++) {
    const middle = (low + high) / 2;
    if (slope(Math.exp(middle)) < 0) low = middle;
    else high = middle;
  }
  return Math.exp(-(low + high) / 2);
}
