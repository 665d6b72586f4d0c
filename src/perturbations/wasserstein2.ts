/** The Wasserstein-2 distance between images on the grid of their pixels. */
import { outOfRange } from '../errors.js';
import { allocate } from '../memory.js';
import type { NativeImages } from '../native.js';
import { checkBoolean, checkNumber, checkOptions, checkSignal, oneOf } from '../options.js';
import {
  type ImageCosts,
  type MassRows,
  type TransportProblems,
  toNumbers,
  transportImages,
  transportImagesAsync,
} from './image-transport.js';
import { type Images, type ImageShape, shapeOf, toPair } from './images.js';

const methods = ['exact', 'entropic'] as const;

/** Options of `wasserstein2`. */
export interface Wasserstein2Options {
  /** Also return the gradient. Default false. */
  gradient?: boolean | undefined;
  /** How plans are found: 'exact', the default; or 'entropic', with bounds on the error, for large images. */
  method?: (typeof methods)[number] | undefined;
  /** With 'entropic': the iteration ends when an error is proven to be at most this, in pixels; default 0.05. */
  tolerance?: number | undefined;
  /** With 'entropic': the most iterations for an image, an integer >= 1; default 1000. */
  maxIterations?: number | undefined;
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
  /** A bound on the error of each distance, in pixels: 0 where the method is 'exact'. */
  readonly errors: Float64Array;
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
  readonly rows: MassRows;
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

interface Problems extends TransportProblems {
  /** The sums that the masses of b have been divided by. */
  readonly sums: Float64Array;
  readonly channels: number;
  readonly shape: ImageShape;
}

const names = ['gradient', 'method', 'tolerance', 'maxIterations'] as const;

function toLimits(options: Wasserstein2Options): TransportProblems['limits'] {
  const method = oneOf('method', options.method ?? 'exact', methods);
  const limits = [
    checkNumber('tolerance', options.tolerance ?? 0.05, { min: 0 }),
    checkNumber('maxIterations', options.maxIterations ?? 1000, { min: 1, max: 2 ** 31 - 1, integer: true }),
  ] as const;
  return method === 'entropic' ? limits : undefined;
}

function read(a: Images, b: Images, options: Wasserstein2Options, others: readonly string[] = []): Problems {
  checkOptions(options, [...names, ...others]);
  const potentials = checkBoolean('gradient', options.gradient ?? false);
  const limits = toLimits(options);
  const [first, second] = toPair(['a', a], ['b', b]);
  const [, count, height, width, channels] = first;
  const shape = shapeOf(b, second, count);
  const { rows, sums } = toMasses('b', second);
  return { a: toMasses('a', first).rows, b: rows, sums, height, width, channels, shape, limits, potentials };
}

/** The root of the mean over the channels of image `image`. */
function rootOf(costs: Float64Array, image: number, channels: number): number {
  let sum = 0;
  for (let row = image * channels; row < (image + 1) * channels; row++) sum += costs[row] as number;
  return Math.sqrt(sum / channels);
}

function toResult(problems: Problems, { lower, upper, potentials }: ImageCosts): Wasserstein2 {
  const { b, sums, channels, shape } = problems;
  const [distances, errors] = [toNumbers(shape[0]), toNumbers(shape[0])];
  for (let image = 0; image < shape[0]; image++) {
    const [least, most] = [rootOf(lower, image, channels), rootOf(upper, image, channels)];
    distances[image] = (least + most) / 2;
    errors[image] = (most - least) / 2;
  }
  if (problems.potentials !== true) return { distances, errors };
  const pixels = b.shape[1];
  const data = allocate(Float64Array, b.data.length, () => `A gradient of ${shape[0]} images`, remedy);
  for (const [row, sum] of sums.entries()) {
    const v = potentials(row);
    // dW2^2/dq = v up to a constant; q = b / sum b.
    let mean = 0;
    for (let pixel = 0; pixel < pixels; pixel++)
      mean += (v[pixel] as number) * (b.data[row * pixels + pixel] as number);
    const first = Math.floor(row / channels) * pixels * channels + (row % channels);
    for (let pixel = 0; pixel < pixels; pixel++)
      data[first + pixel * channels] = ((v[pixel] as number) - mean) / (channels * sum);
  }
  return { distances, errors, gradient: { data, shape } };
}

/**
 * The Wasserstein-2 distance between images a_i and b_i, as distributions of intensity over pixels.
 *
 * Intensities are masses, >= 0, and are divided by their sum; distances are in pixels. W2^2 = min sum P_pq |p - q|^2 over
 * plans P that move a_i to b_i. With several channels, W2^2 is the mean of the channels', each divided by its own sum.
 *
 * Range: from 0 to the diagonal of the image. The gradient of W2^2 by b is exact where it is unique: the dual potentials
 * of b, less their mean over b, divided by the sum of b. It is at right angles to b. Where an
 * intensity of b is 0, it is the slope towards larger ones.
 *
 * With the method 'entropic', a plan and potentials bound W2 from above and below: `distances` are between the bounds, and
 * `errors` are half their difference. The gradient is then that of the lower bound.
 *
 * Cost: exact, O(M^2.1) for M pixels with mass, and 18 bytes for two such pixels; entropic, O(H W (H + W)) for
 * each of about 100 iterations.
 *
 * Source: Hinnerichs, "Maximization of mutual information for information clustering", 2020, eq. (5); Peyre, Cuturi,
 * "Computational Optimal Transport", 2019, chapters 3 and 4; Solomon et al., "Convolutional Wasserstein distances", 2015.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE, also for negative intensities and for images of
 * zeros; GenmiError ERR_OUT_OF_MEMORY.
 */
export function wasserstein2(a: Images, b: Images, options: Wasserstein2Options = {}): Wasserstein2 {
  const problems = read(a, b, options);
  return toResult(problems, transportImages(problems));
}

/** As `wasserstein2`, on other threads; the images are read before the call returns. */
export async function wasserstein2Async(
  a: Images,
  b: Images,
  options: Wasserstein2AsyncOptions = {},
): Promise<Wasserstein2> {
  const problems = read(a, b, options, ['signal']);
  return toResult(problems, await transportImagesAsync(problems, checkSignal(options.signal)));
}
