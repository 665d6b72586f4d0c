/** The plane of the largest variance: two principal components. */
import { Affinity, type Matrix } from 'genmi';
import { Random } from '../base/random.js';
import { eigenvectors } from './symmetric.js';

export interface Plane {
  /** N x 2 coordinates of the rows. */
  readonly points: Float64Array;
  /** The share of the variance along both axes. */
  readonly shares: readonly [number, number];
}

/** Vectors that are iterated: more than two make the first two converge sooner. */
const BLOCK = 6;
/** Up to so many columns, the products of all columns are made once: then iterations do not read the rows. */
const NARROW = 1024;
/** The most iterations, of small and of large matrices; neither is needed where the spectrum falls. */
const ITERATIONS = { most: 100, least: 8 } as const;
/** Iterations together read at most so many entries, beyond the least number of iterations. */
const ENTRIES = 3e7;
/** Iterations end when the variance along the first two vectors grows by less, relatively. */
const TOLERANCE = 1e-14;

/**
 * Projects rows on their first two principal components, by subspace iteration. The largest entry of a component is
 * positive.
 *
 * Cost: O(N d^2) natively, then O(d^2) for each iteration; for more columns than NARROW, or than rows, O(N d) for each.
 */
export function principalPlane(x: Matrix, seed = 0): Plane {
  const [n, d] = x.shape;
  const centred = centre(x);
  const total = centred.reduce((sum, value) => sum + value * value, 0);
  const axes = principalAxes(scatterOf(centred, d, total), d, new Random(seed));
  const points = new Float64Array(2 * n);
  for (const [axis, { vector }] of axes.slice(0, 2).entries()) {
    const sign = vector.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0) < 0 ? -1 : 1;
    for (let i = 0; i < n; i++) points[2 * i + axis] = sign * rowTimes(centred, i * d, vector);
  }
  const share = (axis: number) => (total === 0 ? 0 : (axes[axis]?.variance ?? 0) / total);
  return { points, shares: [share(0), share(1)] };
}

interface Axis {
  readonly vector: Float64Array;
  /** The sum of the squares of all rows along the vector. */
  readonly variance: number;
}

/** Orthonormal vectors, the one with the largest variance first. */
function principalAxes({ times, most }: Scatter, d: number, random: Random): Axis[] {
  let basis = Array.from({ length: Math.min(BLOCK, d) }, () => Float64Array.from({ length: d }, () => random.normal()));
  orthonormalize(basis);
  for (let i = 0, before = -1; ; i++) {
    const products = times(basis);
    // The best vectors within the span of the basis: without them, close variances would mix for long.
    const best = eigenvectors(basis.map((vector) => products.map((product) => dot(vector, product))));
    const found = best.slice(0, 2).reduce((sum, { value }) => sum + value, 0);
    if (i === most || found - before <= TOLERANCE * found) {
      return best.map(({ value, vector }) => ({ variance: value, vector: combined(basis, vector) }));
    }
    before = found;
    basis = best.map(({ vector }) => combined(products, vector));
    orthonormalize(basis);
  }
}

type Vectors = readonly Float64Array[];

/** X^T X, as far as iterations need it. */
interface Scatter {
  /** Its products with at most BLOCK vectors. */
  times(vectors: Vectors): Float64Array[];
  /** The most iterations. */
  readonly most: number;
}

/** @param total the sum of all squares; where it is finite, so are all products of columns */
function scatterOf(centred: Float64Array, d: number, total: number): Scatter {
  const mostOf = (entries: number) =>
    Math.max(ITERATIONS.least, Math.min(ITERATIONS.most, Math.floor(ENTRIES / entries)));
  const rows = centred.length / d;
  if (d > NARROW || rows < d || !Number.isFinite(total))
    return { times: (vectors) => scatterTimes(centred, vectors), most: mostOf(centred.length) };
  const columns = new Float64Array(centred.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < d; j++) columns[j * rows + i] = centred[i * d + j];
  const options = { kernel: 'linear', precision: 'float64', storage: 'dense' } as const;
  using products = Affinity.kernel({ data: columns, shape: [d, rows] }, options);
  const { data } = products.toMatrix();
  return { times: (vectors) => symmetricTimes(data as Float64Array, vectors), most: mostOf(data.length) };
}

/** The products of a symmetric matrix with vectors, which are read side by side. */
function symmetricTimes(matrix: Float64Array, vectors: Vectors): Float64Array<ArrayBuffer>[] {
  const d = vectors[0].length;
  const weights = sideBySide(vectors);
  const products = vectors.map(() => new Float64Array(d));
  const sums = new Float64Array(BLOCK);
  for (let i = 0; i < d; i++) {
    timesRow(matrix, i * d, weights, sums);
    for (const [v, product] of products.entries()) product[i] = sums[v];
  }
  return products;
}

/** The entries of BLOCK vectors, at most, as rows of BLOCK. */
function sideBySide(vectors: Vectors): Float64Array {
  const rows = new Float64Array(BLOCK * vectors[0].length);
  for (const [v, vector] of vectors.entries()) for (let j = 0; j < vector.length; j++) rows[BLOCK * j + v] = vector[j];
  return rows;
}

/** The products of a row with BLOCK vectors: no sum waits for the one before. */
function timesRow(x: Float64Array, start: number, weights: Float64Array, out: Float64Array): void {
  let [sum0, sum1, sum2, sum3, sum4, sum5] = [0, 0, 0, 0, 0, 0];
  for (let at = 0; at < weights.length; at += BLOCK) {
    const value = x[start++];
    sum0 += value * weights[at];
    sum1 += value * weights[at + 1];
    sum2 += value * weights[at + 2];
    sum3 += value * weights[at + 3];
    sum4 += value * weights[at + 4];
    sum5 += value * weights[at + 5];
  }
  out[0] = sum0;
  out[1] = sum1;
  out[2] = sum2;
  out[3] = sum3;
  out[4] = sum4;
  out[5] = sum5;
}

function combined(vectors: Vectors, weights: readonly number[]): Float64Array<ArrayBuffer> {
  return vectors[0].map((_, e) => vectors.reduce((sum, vector, j) => sum + weights[j] * vector[e], 0)).slice();
}

function centre({ data, shape: [n, d] }: Matrix): Float64Array {
  const means = new Float64Array(d);
  const centred = new Float64Array(data.length);
  for (let at = 0; at < data.length; at += d) for (let j = 0; j < d; j++) means[j] += data[at + j] / n;
  for (let at = 0; at < data.length; at += d) for (let j = 0; j < d; j++) centred[at + j] = data[at + j] - means[j];
  return centred;
}

/** X^T X v for each vector. All are read side by side: a row is read once. */
function scatterTimes(x: Float64Array, vectors: Vectors): Float64Array<ArrayBuffer>[] {
  const d = vectors[0].length;
  const weights = sideBySide(vectors);
  const [along, sums] = [new Float64Array(BLOCK), new Float64Array(BLOCK * d)];
  for (let start = 0; start < x.length; start += d) {
    timesRow(x, start, weights, along);
    const [sum0, sum1, sum2, sum3, sum4, sum5] = along;
    for (let j = 0, at = 0; j < d; j++, at += BLOCK) {
      const value = x[start + j];
      sums[at] += value * sum0;
      sums[at + 1] += value * sum1;
      sums[at + 2] += value * sum2;
      sums[at + 3] += value * sum3;
      sums[at + 4] += value * sum4;
      sums[at + 5] += value * sum5;
    }
  }
  return vectors.map((_, v) => Float64Array.from({ length: d }, (_, j) => sums[BLOCK * j + v]));
}

function rowTimes(x: Float64Array, start: number, vector: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < vector.length; j++) sum += x[start + j] * vector[j];
  return sum;
}

/** Gram and Schmidt, modified; a vector that depends on those before becomes 0. */
function orthonormalize(vectors: Vectors): void {
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
