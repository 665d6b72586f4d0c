/** Batches of images, and the reading of them. */
import { checkReadable, describe, describeList, invalidType, isArray, outOfRange } from '../errors.js';
import type { NativeImages } from '../native.js';
import { checkNumber } from '../options.js';
import { isFloat32, isUint8 } from '../typed-arrays.js';

/** The number of images, their sizes in pixels, and the number of channels; without it there is one. */
export type ImageShape =
  | readonly [count: number, height: number, width: number]
  | readonly [count: number, height: number, width: number, channels: number];

/** Images of numbers: pixel (y, x) of image i has `data[((i * height + y) * width + x) * channels + c]`. */
export interface FloatImages {
  /** All intensities, finite and at most 1e38 in size. */
  readonly data: Float32Array;
  /** The number of images, their sizes, and the number of channels. */
  readonly shape: ImageShape;
}

/** Images in bytes, in the order of `FloatImages`: an intensity is `scale * byte + offset`. */
export interface ByteImages {
  /** All bytes. */
  readonly data: Uint8Array;
  /** The number of images, their sizes, and the number of channels. */
  readonly shape: ImageShape;
  /** The step between two bytes, finite; default 1. */
  readonly scale?: number | undefined;
  /** The intensity that byte 0 stands for, finite; default 0. */
  readonly offset?: number | undefined;
}

/** A batch of images, in numbers or in bytes (a quarter of the memory). */
export type Images = FloatImages | ByteImages;

const SIZES = { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true } as const;
const EXPECTED = '[count, height, width] or [count, height, width, channels]';

/** Reads images without a copy. */
export function toImages(images: unknown, argument = 'images'): NativeImages {
  checkReadable(argument, images);
  if (typeof images !== 'object' || images === null || !('data' in images) || !('shape' in images))
    throw invalidType(argument, 'images { data, shape }', describe(images));
  const { data, shape } = images;
  if (!isFloat32(data) && !isUint8(data))
    throw invalidType(`${argument}.data`, 'a Float32Array or Uint8Array', describe(data), 'convert the numbers first');
  const [count, height, width, channels] = toShape(`${argument}.shape`, shape);
  const length = count * height * width * channels;
  if (data.length !== length)
    throw outOfRange(
      `${argument}.data`,
      `${length} numbers for the shape ${describeList(shape as [])}`,
      `${data.length}`,
    );
  if (isFloat32(data)) return [data, count, height, width, channels, 1, 0];
  const { scale = 1, offset = 0 } = images as Partial<ByteImages>;
  return [
    ...([data, count, height, width, channels] as const),
    checkNumber(`${argument}.scale`, scale),
    checkNumber(`${argument}.offset`, offset),
  ];
}

function toShape(
  argument: string,
  shape: unknown,
): readonly [count: number, height: number, width: number, channels: number] {
  if (!isArray(argument, shape)) throw outOfRange(argument, EXPECTED, describe(shape));
  if (shape.length !== 3 && shape.length !== 4) throw outOfRange(argument, EXPECTED, describeList(shape));
  const [count, height, width, channels = 1] = shape.map((size, i) => checkNumber(`${argument}[${i}]`, size, SIZES));
  return [count as number, height as number, width as number, channels];
}

/** The shape of `count` images like these: with channels where these have them. */
export function shapeOf({ shape }: Images, [, , height, width, channels]: NativeImages, count: number): ImageShape {
  return shape.length === 3 ? [count, height, width] : [count, height, width, channels];
}

/** Reads two batches of images of one shape, of one pixel at least. */
export function toPair(
  [name, first]: readonly [name: string, images: unknown],
  [otherName, second]: readonly [name: string, images: unknown],
): readonly [NativeImages, NativeImages] {
  const [images, others] = [toImages(first, name), toImages(second, otherName)];
  const sizes = ([, ...numbers]: NativeImages) => numbers.slice(0, 4).join(' x ');
  if (sizes(images) !== sizes(others))
    throw outOfRange(otherName, `images of ${sizes(images)}, as ${name} has`, sizes(others));
  if (images[0].length === 0) throw outOfRange(name, 'at least one image of one pixel', 'none');
  return [images, others];
}
