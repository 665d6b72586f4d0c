/** Random numbers and matrices, the same in every run. */
import type { Matrix } from '../../src/index.js';
import { mulberry32, normal, type Random } from '../../support/random.js';

export { mulberry32 as random, normal, type Random };

/** Standard normal entries times a scale. */
export function gaussian(next: Random, rows: number, columns: number, scale = 1): Matrix<Float64Array> {
  return { data: Float64Array.from({ length: rows * columns }, () => scale * normal(next)), shape: [rows, columns] };
}

export function softmax({ data, shape: [n, k] }: Matrix): Matrix<Float64Array> {
  const out = new Float64Array(n * k);
  for (let i = 0; i < n; i++) {
    const row = data.subarray(i * k, (i + 1) * k);
    const largest = Math.max(...row);
    const powers = Array.from(row, (z) => Math.exp(z - largest));
    const sum = powers.reduce((a, b) => a + b, 0);
    for (const [j, power] of powers.entries()) out[i * k + j] = power / sum;
  }
  return { data: out, shape: [n, k] };
}

export function probabilities(next: Random, n: number, k: number, scale = 1.5): Matrix<Float64Array> {
  return softmax(gaussian(next, n, k, scale));
}

export function oneHot(labels: readonly number[], k: number): Matrix<Float64Array> {
  const data = new Float64Array(labels.length * k);
  for (const [i, label] of labels.entries()) data[i * k + label] = 1;
  return { data, shape: [labels.length, k] };
}

export function permutation(next: Random, n: number): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

/** Weights that sum to 1. */
export function weights(next: Random, n: number): Float64Array {
  const raw = Float64Array.from({ length: n }, () => -Math.log(1 - next()));
  const sum = raw.reduce((a, b) => a + b, 0);
  return raw.map((weight) => weight / sum);
}
