/** The Wasserstein-2 distance between images on the grid of their pixels. */
import { outOfRange } from '../errors.js';
import { allocate } from '../memory.js';
import type { NativeImages } from '../native.js';
import { checkBoolean, checkOptions, checkSignal } from '../options.js';
import { type TransportResult, TransportSolver } from '../transport.js';
import { type Images, type ImageShape, shapeOf, toImages } from './images.js';

/** Options of `wasserstein2`. */
export interface Wasserstein2Options {
  /** Also return the gradient. Default false. */
  gradient?: boolean | undefined;
}

/** Options of `wasserstein2Async`. */
export interface Wasserstein2AsyncOptions extends Wasserstein2Options {
  /** An abort rejects the call with the signal's reason at once, and stops the work within some milliseconds. */
  signal?: AbortSignal | undefined;
}

/** The distances of pairs of images. */
export interface Wasserstein2 {
  /** W2 of each pair, in pixels, >= 0. */
  readonly distances: Float64Array;
  /** With `gradient: true`: the gradient of W2^2 by the intensities of b, of the shape of b. */
  readonly gradient?: {
    /** All derivatives, in the order of the intensities. */
    readonly data: Float64Array;
    /** The shape of b. */
    readonly shape: ImageShape;
  };
}

/** @internal Masses of all channels of all images, one row each, which sum to 1; and the sums that they were divided by. */
export interface Masses {
  readonly rows: { readonly data: Float64Array; readonly shape: readonly [rows: number, pixels: number] };
  readonly sums: Float64Array;
}

const remedy = 'take fewer or smaller images at once';

/** @internal Reads masses. Throws for negative intensities and zero images. */
export function toMasses(
  argument: string,
  [data, count, height, width, channels, scale, offset]: NativeImages,
): Masses {
  const pixels = height * width;
  const what = () => `The masses of ${count} images`;
  const masses = allocate(Float64Array, data.length, what, remedy);
  const sums = allocate(Float64Array, count * channels, what, remedy);
  for (let row = 0; row < sums.length; row++) {
    const [image, channel] = [Math.floor(row / channels), row % channels];
    let sum = 0;
    for (let pixel = 0; pixel < pixels; pixel++) {
      const intensity = scale * (data[(image * pixels + pixel) * channels + channel] as number) + offset;
      if (!(intensity >= 0 && intensity < Infinity)) {
        const place = `in image ${image} at row ${Math.floor(pixel / width)}, column ${pixel % width}`;
        throw outOfRange(argument, 'finite intensities >= 0, which are masses', `${intensity} ${place}`);
      }
      masses[row * pixels + pixel] = intensity;
      sum += intensity;
    }
    if (sum === 0) throw outOfRange(argument, 'a positive intensity in each channel', `only zeros in image ${image}`);
    if (sum === Infinity)
      throw outOfRange(argument, 'intensities whose sum is finite', `an overflow in image ${image}`);
    for (let at = row * pixels; at < (row + 1) * pixels; at++) masses[at] = (masses[at] as number) / sum;
    sums[row] = sum;
  }
  return { rows: { data: masses, shape: [sums.length, pixels] }, sums };
}

/** @internal Squared distances between the pixels of a grid: integers, which float32 holds. */
export function gridSolver(height: number, width: number): TransportSolver {
  const pixels = height * width;
  const data = allocate(Float32Array, pixels ** 2, () => `Costs between ${pixels} pixels`, remedy);
  for (let p = 0; p < pixels; p++)
    for (let q = 0; q < pixels; q++) {
      const [down, right] = [Math.floor(q / width) - Math.floor(p / width), (q % width) - (p % width)];
      data[p * pixels + q] = down ** 2 + right ** 2;
    }
  return new TransportSolver({ data, shape: [pixels, pixels] });
}

interface Problems {
  readonly a: Masses;
  readonly b: Masses;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly shape: ImageShape;
  readonly gradient: boolean;
}

function read(a: Images, b: Images, options: Wasserstein2Options, others: readonly string[] = []): Problems {
  checkOptions(options, ['gradient', ...others]);
  const gradient = checkBoolean('gradient', options.gradient ?? false);
  const [first, second] = [toImages(a, 'a'), toImages(b, 'b')];
  const [, count, height, width, channels] = first;
  const sizes = [count, height, width, channels];
  if (sizes.some((size, i) => size !== second[i + 1]))
    throw outOfRange('b', `images of ${sizes.join(' x ')}, as a has`, second.slice(1, 5).join(' x '));
  if (first[0].length === 0) throw outOfRange('a', 'at least one image of one pixel', 'none');
  const shape = shapeOf(b, second, count);
  return { a: toMasses('a', first), b: toMasses('b', second), height, width, channels, shape, gradient };
}

function toResult({ b, channels, shape, gradient }: Problems, results: readonly TransportResult[]): Wasserstein2 {
  const [count, height, width] = shape;
  const pixels = height * width;
  const distances = allocate(Float64Array, count, () => `${count} distances`, remedy);
  for (const [row, { cost }] of results.entries()) {
    const image = Math.floor(row / channels);
    distances[image] = (distances[image] as number) + Math.max(0, cost) / channels;
  }
  for (let image = 0; image < count; image++) distances[image] = Math.sqrt(distances[image] as number);
  if (!gradient) return { distances };
  const data = allocate(Float64Array, pixels * results.length, () => `A gradient of ${count} images`, remedy);
  for (const [row, { v }] of results.entries()) {
    const mass = (pixel: number) => b.rows.data[row * pixels + pixel] as number;
    // dW2^2/dq = v up to a constant; q = b / sum b.
    const mean = v.reduce((sum, each, pixel) => sum + each * mass(pixel), 0);
    const factor = 1 / (channels * (b.sums[row] as number));
    const first = Math.floor(row / channels) * pixels * channels + (row % channels);
    for (const [pixel, each] of v.entries()) data[first + pixel * channels] = factor * (each - mean);
  }
  return { distances, gradient: { data, shape } };
}

/**
 * The exact Wasserstein-2 distance between images a_i and b_i, as distributions of intensity over pixels.
 *
 * Intensities are masses, >= 0, and are divided by their sum; distances are in pixels. W2^2 = min sum P_pq |p - q|^2 over
 * plans P that move a_i to b_i. With several channels, W2^2 is the mean of the channels', each divided by its own sum.
 *
 * Range: from 0 to the diagonal of the image. The gradient of W2^2 by b is exact where it is unique: the dual potentials
 * of b, less their mean over b, divided by the sum of b. It is at right angles to b.
 *
 * Cost: O(M^2.1) for M pixels with mass in either image, and 12 (H W)^2 bytes.
 *
 * Source: Hinnerichs, "Maximization of mutual information for information clustering", 2020, eq. (5); Peyre, Cuturi,
 * "Computational Optimal Transport", 2019, chapter 3.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE, also for negative intensities and for images of
 * zeros; GenmiError ERR_OUT_OF_MEMORY.
 */
export function wasserstein2(a: Images, b: Images, options: Wasserstein2Options = {}): Wasserstein2 {
  const problems = read(a, b, options);
  const solver = gridSolver(problems.height, problems.width);
  try {
    return toResult(problems, solver.solveMany(problems.a.rows, problems.b.rows));
  } finally {
    solver.dispose();
  }
}

/** As `wasserstein2`, on other threads; the images are read before the call returns. */
export async function wasserstein2Async(
  a: Images,
  b: Images,
  options: Wasserstein2AsyncOptions = {},
): Promise<Wasserstein2> {
  const problems = read(a, b, options, ['signal']);
  const signal = checkSignal(options.signal);
  const solver = gridSolver(problems.height, problems.width);
  try {
    return toResult(problems, await solver.solveManyAsync(problems.a.rows, problems.b.rows, { signal }));
  } finally {
    solver.dispose();
  }
}
