/** The features that distinguish each cluster from the other rows. */
import type { Matrix } from 'genmi';

export interface Distinction {
  readonly feature: number;
  /** The means of the feature inside the cluster and outside. */
  readonly inside: number;
  readonly outside: number;
  /** Their difference by the standard deviation of the feature over all rows. */
  readonly difference: number;
}

/**
 * The features of each cluster by the size of their standardised difference, the largest first. A cluster without rows, or
 * with all of them, has none. Cost O(N d).
 *
 * @param most the number of features of each cluster
 */
export function distinctionsOf(
  { data, shape: [n, d] }: Matrix,
  labels: Int32Array,
  sizes: readonly number[],
  most: number,
): Distinction[][] {
  const means = new Float64Array(d);
  const sums = new Float64Array(sizes.length * d);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) {
      means[j] += data[i * d + j] / n;
      sums[labels[i] * d + j] += data[i * d + j];
    }
  }
  const deviations = deviationsOf(data, means, n);
  return sizes.map((size, k) => {
    if (size === 0 || size === n) return [];
    const all = Array.from({ length: d }, (_, feature) => {
      const inside = sums[k * d + feature] / size;
      const outside = (means[feature] * n - sums[k * d + feature]) / (n - size);
      const deviation = deviations[feature];
      return { feature, inside, outside, difference: deviation === 0 ? 0 : (inside - outside) / deviation };
    });
    return all.sort((a, b) => Math.abs(b.difference) - Math.abs(a.difference)).slice(0, most);
  });
}

function deviationsOf(data: Matrix['data'], means: Float64Array, n: number): Float64Array {
  const d = means.length;
  const squares = new Float64Array(d);
  for (let e = 0; e < data.length; e++) squares[e % d] += (data[e] - means[e % d]) ** 2 / n;
  return squares.map(Math.sqrt);
}

export interface Histogram {
  readonly least: number;
  readonly most: number;
  /** Shares of the rows inside and outside in each bin; both sum to 1. */
  readonly inside: Float64Array;
  readonly outside: Float64Array;
}

/** The histogram of a feature inside a cluster and outside. Cost O(N). */
export function histogramOf(
  { data, shape: [n, d] }: Matrix,
  feature: number,
  labels: Int32Array,
  cluster: number,
  bins: number,
): Histogram {
  let [least, most] = [Infinity, -Infinity];
  for (let e = feature; e < data.length; e += d) {
    least = Math.min(least, data[e]);
    most = Math.max(most, data[e]);
  }
  const inside = new Float64Array(bins);
  const outside = new Float64Array(bins);
  for (let i = 0; i < n; i++) {
    const bin = Math.min(bins - 1, Math.floor((bins * (data[i * d + feature] - least)) / (most - least)));
    (labels[i] === cluster ? inside : outside)[bin] += 1;
  }
  const size = inside.reduce((sum, value) => sum + value, 0);
  return { least, most, inside: inside.map((each) => each / size), outside: outside.map((each) => each / (n - size)) };
}
