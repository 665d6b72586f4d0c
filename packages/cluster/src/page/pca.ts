/** The plane of the largest variance: two principal components. */
import type { Matrix } from 'genmi';
import { Random } from '../base/random.js';

export interface Plane {
  /** N x 2 coordinates of the rows. */
  readonly points: Float64Array;
  /** The share of the variance along both axes. */
  readonly shares: readonly [number, number];
}

/** Vectors that are iterated: more than two make the first two converge sooner. */
const BLOCK = 6;
const ITERATIONS = 30;

/**
 * Projects rows on their first two principal components, by orthogonal iteration. The largest entry of a component is
 * positive.
 *
 * Cost: O(N d) for each of 30 iterations.
 */
export function principalPlane(x: Matrix, seed = 0): Plane {
  const [n, d] = x.shape;
  const centred = centre(x);
  const total = centred.reduce((sum, value) => sum + value * value, 0);
  const width = Math.min(BLOCK, d);
  const random = new Random(seed);
  let basis: Float64Array[] = Array.from({ length: width }, () =>
    Float64Array.from({ length: d }, () => random.normal()),
  );
  orthonormalize(basis);
  for (let i = 0; i < ITERATIONS; i++) {
    basis = basis.map((vector) => timesTransposed(centred, times(centred, vector), d));
    orthonormalize(basis);
  }
  const scores = basis.map((vector) => times(centred, vector));
  const axes = scores
    .map((score, j) => ({ score, vector: basis[j], variance: dot(score, score) }))
    .sort((a, b) => b.variance - a.variance);
  const points = new Float64Array(2 * n);
  for (const [axis, { score, vector }] of axes.slice(0, 2).entries()) {
    const sign = vector.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0) < 0 ? -1 : 1;
    for (let i = 0; i < n; i++) points[2 * i + axis] = sign * score[i];
  }
  const share = (axis: number) => (total === 0 ? 0 : (axes[axis]?.variance ?? 0) / total);
  return { points, shares: [share(0), share(1)] };
}

function centre({ data, shape: [n, d] }: Matrix): Float64Array {
  const means = new Float64Array(d);
  for (let e = 0; e < data.length; e++) means[e % d] += data[e] / n;
  return Float64Array.from(data, (value, e) => value - means[e % d]);
}

/** X v. */
function times(x: Float64Array, vector: Float64Array): Float64Array {
  const d = vector.length;
  const result = new Float64Array(x.length / d);
  for (let i = 0; i < result.length; i++) {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += x[i * d + j] * vector[j];
    result[i] = sum;
  }
  return result;
}

/** X^T u. */
function timesTransposed(x: Float64Array, vector: Float64Array, d: number): Float64Array {
  const result = new Float64Array(d);
  for (let i = 0; i < vector.length; i++) for (let j = 0; j < d; j++) result[j] += x[i * d + j] * vector[i];
  return result;
}

/** Gram and Schmidt, modified; a vector that depends on those before becomes 0. */
function orthonormalize(vectors: readonly Float64Array[]): void {
  for (const [j, vector] of vectors.entries()) {
    const before = Math.sqrt(dot(vector, vector));
    for (const other of vectors.slice(0, j)) {
      const along = dot(vector, other);
      for (let e = 0; e < vector.length; e++) vector[e] -= along * other[e];
    }
    const length = Math.sqrt(dot(vector, vector));
    const scale = length <= 1e-12 * before ? 0 : 1 / length;
    for (let e = 0; e < vector.length; e++) vector[e] *= scale;
  }
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, e) => sum + value * b[e], 0);
