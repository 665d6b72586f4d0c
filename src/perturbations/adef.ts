/** One step of ADef: the deformation of an image that changes a score most, to first order. */
import { checkReadable, describe, invalidType, isArray, outOfRange } from '../errors.js';
import { allocate } from '../memory.js';
import { checkNumber, checkOptions } from '../options.js';
import { type FloatImages, toImages } from './images.js';
import type { Field } from './warp.js';

/** A score of each image, such as F_k - F_c of a classifier F, and its gradient. */
export interface Scores {
  /** The score of each image, finite: the step takes it to 0, to first order. */
  readonly values: ArrayLike<number>;
  /** The derivatives of each image's score by its intensities: images as `backward` or a tensor gives them. */
  readonly gradient: {
    /** Finite derivatives, in the order of the intensities. */
    readonly data: ArrayLike<number>;
  };
}

/** Options of `adef`. */
export interface AdefOptions {
  /** The standard deviation of the Gaussian filter that makes the field smooth, in pixels, in [0, 100]; default 0. */
  sigma?: number | undefined;
}

/** The field of a step. */
export interface AdefStep {
  /** The displacements, for `warp`: all 0 where no deformation changes the score. */
  readonly field: Field;
  /** The longest displacement of each image, in pixels. */
  readonly lengths: Float64Array;
}

const remedy = 'take fewer images at once';
const FILTER_ENDS = 4; // sigmas

const numbers = (length: number): Float64Array => allocate(Float64Array, length, () => 'A field', remedy);

function checkNumbers(argument: string, values: unknown, length: number): ArrayLike<number> {
  const isList = isArray(argument, values) || ArrayBuffer.isView(values);
  if (!isList) throw invalidType(argument, 'an array of numbers', describe(values));
  const list = values as ArrayLike<unknown>;
  if (list.length !== length) throw outOfRange(argument, `${length} numbers`, `${list.length}`);
  for (let i = 0; i < length; i++) if (!Number.isFinite(list[i])) checkNumber(`${argument}[${i}]`, list[i]);
  return list as ArrayLike<number>;
}

/** The weights exp(-k^2 / (2 sigma^2)) for 0 <= k <= 4 sigma, over the sum for all |k| <= 4 sigma. */
function filterOf(sigma: number): readonly number[] {
  const radius = Math.floor(FILTER_ENDS * sigma + 0.5);
  const weights = Array.from({ length: radius + 1 }, (_, k) => (k === 0 ? 1 : Math.exp(-((k / sigma) ** 2) / 2)));
  const sum = 2 * weights.reduce((a, b) => a + b) - 1;
  return weights.map((weight) => weight / sum);
}

/** Filters a plane along the axis whose neighbours are `step` apart; zeros continue it. */
function smoothAlong(plane: Float64Array, filter: readonly number[], step: number, size: number): Float64Array {
  return plane.map((middle, at) => {
    const place = Math.floor(at / step) % size;
    let sum = (filter[0] as number) * middle;
    for (let k = 1; k < filter.length; k++) {
      if (place >= k) sum += (filter[k] as number) * (plane[at - k * step] as number);
      if (place + k < size) sum += (filter[k] as number) * (plane[at + k * step] as number);
    }
    return sum;
  });
}

/** The derivative along an axis: central differences, one-sided at the border; 0 where the axis has one pixel. */
function slope(intensity: (at: number) => number, at: number, step: number, place: number, size: number): number {
  const [before, after] = [place > 0 ? 1 : 0, place + 1 < size ? 1 : 0];
  if (before + after === 0) return 0;
  return (intensity(at + after * step) - intensity(at - before * step)) / (before + after);
}

/**
 * The field of one step of ADef for each image: the one of least square sum that takes the score to 0, to first order.
 *
 * For an image f with score s and gradient g: alpha(p) = sum over channels of g(p) grad f(p), and the field is
 * -s alpha / sum |alpha|^2. With a filter S it is -s S S alpha / sum |S alpha|^2. Both have
 * s + sum g grad f . field = 0. Deform the original image by the sum of the fields of all steps; see `warp`.
 *
 * Gradients of images are central differences. Cost: O(N H W (C + sigma)), in float64, on the calling thread.
 *
 * Source: Alaifari, Alberti, Gauksson, "ADef: an iterative algorithm to construct adversarial deformations", 2019, eq.
 * (5) and section 2.2.
 *
 * @param images as they are now, N x H x W or N x H x W x C.
 * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE; GenmiError ERR_OUT_OF_MEMORY.
 */
export function adef(images: FloatImages, scores: Scores, options: AdefOptions = {}): AdefStep {
  checkOptions(options, ['sigma']);
  const filter = filterOf(checkNumber('sigma', options.sigma ?? 0, { min: 0, max: 100 }));
  const [data, count, height, width, channels] = toImages(images);
  checkReadable('scores', scores);
  if (typeof scores !== 'object' || scores === null)
    throw invalidType('scores', '{ values, gradient }', describe(scores));
  const values = checkNumbers('scores.values', scores.values, count);
  const { gradient } = scores as { gradient?: { data?: unknown } };
  checkReadable('scores.gradient', gradient);
  if (typeof gradient !== 'object' || gradient === null)
    throw invalidType('scores.gradient', '{ data }', describe(gradient));
  const slopes = checkNumbers('scores.gradient.data', gradient.data, data.length);
  const pixels = height * width;
  const field = allocate(Float32Array, 2 * count * pixels, () => 'A field', remedy);
  const lengths = numbers(count);
  const smooth = (plane: Float64Array) => smoothAlong(smoothAlong(plane, filter, width, height), filter, 1, width);
  for (let image = 0; image < count; image++) {
    const first = image * pixels * channels;
    const alpha = [numbers(pixels), numbers(pixels)] as const;
    for (let pixel = 0; pixel < pixels; pixel++)
      for (let channel = 0; channel < channels; channel++) {
        const intensity = (at: number) => data[first + at * channels + channel] as number;
        const g = slopes[first + pixel * channels + channel] as number;
        const [y, x] = [Math.floor(pixel / width), pixel % width];
        alpha[0][pixel] = (alpha[0][pixel] as number) + g * slope(intensity, pixel, width, y, height);
        alpha[1][pixel] = (alpha[1][pixel] as number) + g * slope(intensity, pixel, 1, x, width);
      }
    const smoothed = alpha.map(smooth);
    let square = 0;
    for (const plane of smoothed) for (const each of plane) square += each ** 2;
    if (!(square > 0)) continue;
    const factor = -(values[image] as number) / square;
    const [down, right] = smoothed.map(smooth) as [Float64Array, Float64Array];
    for (let pixel = 0; pixel < pixels; pixel++) {
      const [y, x] = [factor * (down[pixel] as number), factor * (right[pixel] as number)];
      field[2 * (image * pixels + pixel)] = y;
      field[2 * (image * pixels + pixel) + 1] = x;
      lengths[image] = Math.max(lengths[image] as number, Math.hypot(y, x));
    }
  }
  return { field: { data: field, shape: [count, height, width, 2] }, lengths };
}
