import { Affinity } from 'genmi';
import type { Metric } from './rows.js';
import type { Samples } from './samples.js';

type Distance = (x: Float64Array, y: Float64Array) => number;

const distances: Record<Exclude<Metric, 'hops'>, Distance> = {
  euclidean: (x, y) => Math.sqrt(squaredDistance(x, y)),
  sqeuclidean: squaredDistance,
  cosine: (x, y) => 1 - dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y)),
  manhattan(x, y) {
    let sum = 0;
    for (let f = 0; f < x.length; f++) sum += Math.abs(x[f] - y[f]);
    return sum;
  },
};

/** Share of the closest pairs that are neighbours in the graph of hops; pairs that no path connects are 2 n apart. */
const HOP_QUANTILE = 0.05;

/** Distances between the first n samples, n x n, computed in float64, then rounded to float32. */
export function distanceMatrix({ data, features }: Samples, n: number, metric: Metric): Float32Array {
  const points = data.subarray(0, n * features);
  if (metric === 'hops') {
    using hops = Affinity.hops({ data: points, shape: [n, features] }, { quantile: HOP_QUANTILE });
    return Float32Array.from(hops.toMatrix().data);
  }
  const row = (i: number) => points.subarray(i * features, (i + 1) * features);
  const matrix = new Float32Array(n * n);
  for (let i = 0; i < n; i++) {
    const x = row(i);
    for (let j = 0; j < i; j++) matrix[i * n + j] = matrix[j * n + i] = distances[metric](x, row(j));
  }
  return matrix;
}

function squaredDistance(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let f = 0; f < x.length; f++) sum += (x[f] - y[f]) ** 2;
  return sum;
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let f = 0; f < x.length; f++) sum += x[f] * y[f];
  return sum;
}
