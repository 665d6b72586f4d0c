/** Where a fit starts: the clusters of k-means, from centres that are far apart. */
import type { Matrix } from '../matrix.js';
import type { Pass, Passes } from './passes.js';
import { inTurns, type Parts } from './turns.js';

const MOST_PASSES = 20;
/** Passes end where the mean log density rises by less. */
const TOLERANCE = 1e-3;
/** First centres are chosen among this many samples for each of them. */
const SAMPLES_PER_CENTRE = 20;
/** The least sum of squares about centres, of that about the first centre. */
const LEAST_SQUARES = 1e-6;

/**
 * The sums of the clusters of k-means, whose samples are shared by the densities of spherical Gaussians of one variance:
 * that of the candidates about their nearest first centres.
 */
export async function softKMeans(
  passes: Passes,
  candidates: Matrix,
  count: number,
  squares: number,
  next: () => number,
): Promise<Pass> {
  const [n, d] = candidates.shape;
  const first = await inTurns(firstCentres(candidates, count, next));
  const deviation = Math.sqrt(first.squares / (n * d));
  let centres = first.centres;
  let before = -Infinity;
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    const sums = await passes.run(about(centres, deviation, count, d), count, 0);
    centres = meansOf(sums, count);
    if (sums.logDensity - before < TOLERANCE * passes.rows) break;
    before = sums.logDensity;
  }
  return passes.run(about(centres, deviation, count, squares), count, 0);
}

interface Centres {
  readonly centres: Float64Array;
  readonly squares: number;
}

/** Parameters of components of one deviation in all directions. */
function about(centres: Float64Array, deviation: number, count: number, squares: number): Float64Array {
  const d = centres.length / count;
  const parameters = new Float64Array(count * (d + squares + 1));
  parameters.set(centres);
  const step = squares === d ? 1 : d + 1;
  for (let k = 0; k < count; k++)
    for (let f = 0; f < d; f++) parameters[count * d + k * squares + f * step] = 1 / deviation;
  return parameters;
}

/** The means of the components' samples; a component without samples keeps its reference. */
export function meansOf({ references, components }: Pass, count: number): Float64Array {
  const [d, size] = [references.length / count, components.length / count];
  return references.map((centre, at) => {
    const own = Math.floor(at / d) * size;
    const samples = components[own] as number;
    return samples > 0 ? centre + (components[own + 1 + (at % d)] as number) / samples : centre;
  });
}

/**
 * k-means++ (Arthur, Vassilvitskii, 2007): a sample becomes a centre with a probability as its squared distance.
 *
 * @returns the centres, and the sum of the squared distances to the nearest ones
 */
function* firstCentres({ data, shape: [size, d] }: Matrix, count: number, next: () => number): Parts<Centres> {
  const distances = new Float64Array(size).fill(Infinity);
  const centres = new Float64Array(count * d);
  let row = Math.floor(size * next());
  let [squares, largest] = [0, 0];
  for (let k = 0; k < count; k++) {
    yield;
    const centre = data.subarray(row * d, (row + 1) * d);
    centres.set(centre, k * d);
    squares = 0;
    for (let i = 0; i < size; i++) {
      let squared = 0;
      for (let f = 0; f < d; f++) squared += ((data[i * d + f] as number) - (centre[f] as number)) ** 2;
      distances[i] = Math.min(distances[i] as number, squared);
      squares += distances[i] as number;
    }
    largest = Math.max(largest, squares);
    let left = squares * next();
    const chosen = distances.findIndex((distance) => {
      left -= distance;
      return left < 0;
    });
    row = chosen < 0 ? Math.floor(size * next()) : chosen;
  }
  return { centres, squares: Math.max(squares, LEAST_SQUARES * largest) || 1 };
}

/** Copies the samples among which first centres are chosen: all of them, or some that are drawn. */
export function candidatesOf({ data, shape: [n, d] }: Matrix, count: number, next: () => number): Matrix<Float64Array> {
  const size = Math.min(n, SAMPLES_PER_CENTRE * count);
  const copy = new Float64Array(size * d);
  for (let i = 0; i < size; i++) {
    const row = size === n ? i : Math.floor(n * next());
    copy.set(data.subarray(row * d, (row + 1) * d), i * d);
  }
  return { data: copy, shape: [size, d] };
}

/** The generator mulberry32. */
export function randomOf(seed: number): () => number {
  let state = (seed ^ Math.floor(seed / 2 ** 32)) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
