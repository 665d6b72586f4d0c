/** The common part of all perturbations: reads images and options, makes one native call, returns its images. */
import { describe, invalidType, isArray, outOfRange } from '../errors.js';
import { runJob } from '../jobs.js';
import { toRows } from '../matrix.js';
import { allocate, checkFits } from '../memory.js';
import { type NativeDraws, type NativeImages, type NativeMap, native } from '../native.js';
import { checkNumber, checkOptions, type NumberRange } from '../options.js';
import { fill, isFloat32 } from '../typed-arrays.js';
import { type FloatImages, type Images, type ImageShape, shapeOf, toImages } from './images.js';

/** Which images are moved, and where the copies go. */
export interface MoveOptions {
  /**
   * The numbers of the images to perturb, from 0, in this order; default: all, once each. An image that stands here
   * several times has as many different copies.
   */
  rows?: Int32Array | readonly number[] | undefined;
  /**
   * What lies beyond the border: `'edge'` (default), the nearest pixel; or an intensity of at most 1e38 in size, such as
   * 0.
   */
  outside?: 'edge' | number | undefined;
  /** An array that receives the result. A call that fails leaves it as it was. */
  out?: Float32Array | undefined;
}

/** Options that all random perturbations have. */
export interface PerturbationOptions extends MoveOptions {
  /**
   * The seed of the draws, an integer in [0, 2^53); default 0. A copy depends on the seed, on its image and on its place
   * in the result: give each step of a training a seed of its own.
   */
  seed?: number | undefined;
  /** The probability that an image is perturbed, in [0, 1]; others are copied as they are. Default 1. */
  probability?: number | undefined;
}

/** Options of an asynchronous call. */
export interface PerturbationAsyncOptions extends PerturbationOptions {
  /** An abort stops the work, within some milliseconds, and then rejects the call with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** A range that a number is drawn from, uniformly: from `-r` to `r`, or between two bounds. */
export type RandomRange = number | readonly [least: number, largest: number];

const LARGEST = 1e38;
const SEEDS = { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true } as const;

/** The names of MoveOptions, for `checkOptions`. */
export const moveOptions = ['rows', 'outside', 'out'] as const;

interface Call {
  readonly images: NativeImages;
  readonly draws: NativeDraws;
  readonly shape: ImageShape;
  readonly length: number;
  readonly out: Float32Array | undefined;
}

/** Reads a random range within `range`, around `middle`. */
export function toRange(
  argument: string,
  value: RandomRange | undefined,
  range: Required<Pick<NumberRange, 'min' | 'max'>>,
  middle = 0,
): [least: number, largest: number] {
  if (value === undefined) return [middle, middle];
  if (!isArray(argument, value)) {
    const reach = checkNumber(argument, value, { min: 0, max: Math.min(range.max - middle, middle - range.min) });
    return [middle - reach, middle + reach];
  }
  const bounds: readonly unknown[] = value;
  if (bounds.length !== 2) throw outOfRange(argument, '[least, largest]', describe(bounds));
  const [least, largest] = [
    checkNumber(`${argument}[0]`, bounds[0], range),
    checkNumber(`${argument}[1]`, bounds[1], range),
  ];
  if (least > largest) throw outOfRange(argument, '[least, largest]', `[${least}, ${largest}]`);
  return [least, largest];
}

/** Reads everything that a call is made with, except the map. */
function read(images: Images, options: PerturbationOptions, names: readonly string[]): Call {
  checkOptions(options, [...names, ...moveOptions, 'seed', 'probability']);
  const given = toImages(images);
  const [, count, height, width, channels] = given;
  const rows = toRows(options.rows);
  const probability = checkNumber('probability', options.probability ?? 1, { min: 0, max: 1 });
  const seed = checkNumber('seed', options.seed ?? 0, SEEDS);
  const copies = rows === null ? count : rows.length;
  const shape = shapeOf(images, given, copies);
  const length = copies * height * width * channels;
  const out = checkOut(options.out, length);
  return { images: given, draws: [rows, probability, toOutside(options.outside), seed], shape, length, out };
}

/** The intensity beyond the border; null: that of the nearest pixel. */
export function toOutside(outside: unknown): number | null {
  if (outside === undefined || outside === 'edge') return null;
  if (typeof outside === 'number' && Math.abs(outside) <= LARGEST) return outside;
  const wrong = typeof outside === 'number' || typeof outside === 'string' ? outOfRange : invalidType;
  throw wrong('outside', `'edge' or an intensity in [-${LARGEST}, ${LARGEST}]`, describe(outside));
}

/** @internal Reads an array for a result of this length. */
export function checkOut(out: unknown, length: number): Float32Array | undefined {
  if (out === undefined) return undefined;
  if (!isFloat32(out)) throw invalidType('out', 'a Float32Array', describe(out));
  if (out.length !== length) throw outOfRange('out', `${length} numbers, as the result has`, `${out.length}`);
  return out;
}

const room = ({ length, shape }: Call): Float32Array =>
  allocate(Float32Array, length, () => `${shape.join(' x ')} intensities`, 'perturb fewer images at once');

/** Perturbs images by a map; `names` are the options that the map has. */
export function perturb<O extends PerturbationOptions>(
  images: Images,
  options: O,
  names: readonly string[],
  toMap: (options: O) => NativeMap,
): FloatImages {
  const call = read(images, options, names);
  const [map, ...numbers] = toMap(options);
  const data = call.out ?? room(call);
  native.perturb(map, ...call.images, ...call.draws, data, null, null, ...numbers);
  return { data, shape: call.shape };
}

/** As `perturb`, on another thread; the images are copied before the call returns. */
export async function perturbAsync<O extends PerturbationAsyncOptions>(
  images: Images,
  options: O,
  names: readonly string[],
  toMap: (options: O) => NativeMap,
): Promise<FloatImages> {
  const { call, data } = await runJob(options, async (job) => {
    const call = read(images, options, [...names, 'signal']);
    const [map, ...numbers] = toMap(options);
    const bytes = call.length * call.images[0].BYTES_PER_ELEMENT;
    checkFits(`A copy of ${call.shape.join(' x ')} intensities`, bytes, 'perturb fewer images at once');
    // Another thread writes the result: JavaScript has no other reference to it.
    const data = room(call);
    await native.perturbAsync(map, ...call.images, ...call.draws, data, call.out ?? null, job, ...numbers);
    return { call, data };
  });
  const { out, shape } = call;
  if (out === undefined) return { data, shape };
  if (!fill(out, data)) throw outOfRange('out', `${data.length} numbers`, 'an array resized or transferred meanwhile');
  return { data: out, shape };
}
