import type { Random } from '../examples/mnist/random.js';

/** Independent normal deviates with mean 0 and variance 1 (Box and Muller). */
export function normals(count: number, random: Random): Float64Array {
  const radius = () => Math.sqrt(-2 * Math.log(1 - random()));
  return Float64Array.from({ length: count }, () => radius() * Math.cos(2 * Math.PI * random()));
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
