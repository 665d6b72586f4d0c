/** Maps that the caller gives, pixel by pixel. */
import { checkReadable, describe, invalidType, isArray, outOfRange } from '../errors.js';
import { isFloat32 } from '../typed-arrays.js';
import { affine } from './affine.js';
import type { FloatImages, Images, ImageShape } from './images.js';
import { type MoveOptions, moveOptions, toOutside } from './perturb.js';
import { checkOptions } from '../options.js';

/** A displacement for each pixel of each copy. */
export interface Field {
  /** Finite displacements in pixels, of each pixel down, then to the right. */
  readonly data: Float32Array;
  /** The numbers of copies, of rows and columns, and 2. */
  readonly shape: readonly [count: number, height: number, width: number, axes: 2];
}

function checkField(field: Field, [count, height, width]: ImageShape): Float32Array {
  checkReadable('field', field);
  if (typeof field !== 'object' || field === null || !('data' in field) || !('shape' in field))
    throw invalidType('field', 'a field { data, shape }', describe(field));
  const { data, shape } = field;
  if (!isFloat32(data)) throw invalidType('field.data', 'a Float32Array', describe(data));
  const sizes = [count, height, width, 2];
  const fits = isArray('field.shape', shape) && shape.length === 4 && sizes.every((size, i) => size === shape[i]);
  if (!fits) throw outOfRange('field.shape', `[${sizes.join(', ')}], as the copies have`, describe(shape));
  if (data.length !== 2 * count * height * width)
    throw outOfRange('field.data', `${2 * count * height * width} displacements`, `${data.length}`);
  const wrong = data.findIndex((each) => !Number.isFinite(each));
  if (wrong >= 0) throw outOfRange('field.data', 'finite displacements', `${data[wrong]} at index ${wrong}`);
  return data;
}

/** Where a place lies on an axis: the pixel before it, from -1 to `size`, and the share of the way to the next one. */
function locate(place: number, size: number): readonly [before: number, share: number] {
  const inside = Math.min(Math.max(place, -1), size);
  const before = Math.floor(inside);
  return [before, inside - before];
}

/**
 * A copy of each image, whose pixels take the intensities at their places plus the displacements of a field.
 *
 * copy(p) = image(p + field(p)): copy i has the displacements number i. Intensities are interpolated bilinearly; channels
 * move together.
 *
 * Range: within that of the intensities and of `outside`, up to rounding. Cost: O(N H W C), on the calling thread.
 *
 * Source: Alaifari, Alberti, Gauksson, "ADef: an iterative algorithm to construct adversarial deformations", 2019, eq.
 * (1).
 *
 * @returns the copies, in the order of `rows`, N x H x W or N x H x W x C.
 * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE; GenmiError ERR_OUT_OF_MEMORY.
 */
export function warp(images: Images, field: Field, options: MoveOptions = {}): FloatImages {
  checkOptions(options, moveOptions);
  const outside = toOutside(options.outside);
  const given = affine(images, { rows: options.rows });
  const displacements = checkField(field, given.shape);
  const [count, height, width, channels = 1] = given.shape;
  const { data, shape } = affine(given, { out: options.out });
  const from = given.data;
  for (let i = 0; i < count; i++) {
    const intensity = (y: number, x: number, c: number): number => {
      const [row, column] = [Math.min(Math.max(y, 0), height - 1), Math.min(Math.max(x, 0), width - 1)];
      if (outside !== null && (row !== y || column !== x)) return outside;
      return from[((i * height + row) * width + column) * channels + c] as number;
    };
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const pixel = (i * height + y) * width + x;
        const [top, down] = locate(y + (displacements[2 * pixel] as number), height);
        const [left, right] = locate(x + (displacements[2 * pixel + 1] as number), width);
        for (let c = 0; c < channels; c++) {
          const between = (row: number) => {
            const before = intensity(row, left, c);
            return right === 0 ? before : before + right * (intensity(row, left + 1, c) - before);
          };
          const above = between(top);
          data[pixel * channels + c] = down === 0 ? above : above + down * (between(top + 1) - above);
        }
      }
  }
  return { data, shape };
}
