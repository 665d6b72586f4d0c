import { normal, type Random } from '../support/random.js';

/** Independent normal numbers with mean 0 and variance 1. */
export function normals(count: number, random: Random): Float64Array {
  return Float64Array.from({ length: count }, () => normal(random));
}

/** Predictions from logits, both `[n, k]`. */
export function softmax(logits: Float64Array, k: number): Float64Array {
  const tau = new Float64Array(logits.length);
  for (let start = 0; start < logits.length; start += k) {
    const row = logits.subarray(start, start + k);
    const largest = Math.max(...row);
    const weights = row.map((logit) => Math.exp(logit - largest));
    const total = weights.reduce((sum, weight) => sum + weight);
    for (let i = 0; i < k; i++) tau[start + i] = weights[i] / total;
  }
  return tau;
}
