/** Which images lie in the Wasserstein balls around others: by bounds, and by exact distances where these do not tell. */

import type { MassRows } from './image-transport.js';

/** Images around which balls are, and others: rows of the first have the sum 1, both are divided by the same numbers. */
export interface Pairs {
  readonly centers: MassRows;
  readonly images: MassRows;
  readonly width: number;
  readonly channels: number;
}

/** Larger images are not solved exactly: that takes longer than their projection. */
const LARGEST = 32 * 32;
/** What float32 makes of masses that have been equal; and of distances, in pixels. */
const ROUNDING = 1e-6;
/** The cost of a distance that exceeds the radius by rounding. */
const rounded = (cost: number): number => (Math.sqrt(cost) + ROUNDING) ** 2;

const rowOf = ({ data, shape: [, pixels] }: MassRows, row: number) => data.subarray(row * pixels, (row + 1) * pixels);

/** Sums of masses over the rows of an image, or over its columns. */
function margin(masses: Float64Array, width: number, axis: 'rows' | 'columns'): Float64Array {
  const sums = new Float64Array(axis === 'rows' ? masses.length / width : width);
  for (const [pixel, mass] of masses.entries()) {
    const at = axis === 'rows' ? Math.floor(pixel / width) : pixel % width;
    sums[at] = (sums[at] as number) + mass;
  }
  return sums;
}

/** The least mean of squared distances that takes one distribution on a line to another: mass keeps its order. */
function lineCost(from: Float64Array, to: Float64Array): number {
  let [i, j, cost] = [0, 0, 0];
  let [left, missing] = [from[0] as number, to[0] as number];
  while (i < from.length && j < to.length) {
    const moved = Math.min(left, missing);
    cost += moved * (i - j) ** 2;
    left -= moved;
    missing -= moved;
    if (left <= missing) left = from[++i] as number;
    else missing = to[++j] as number;
  }
  return cost;
}

/** At most the mean of squared distances that takes a center to its image; Infinity where no plan makes the image. */
function lowerBound({ centers, images, width, channels }: Pairs, image: number): number {
  let bound = 0;
  for (let row = image * channels; row < (image + 1) * channels; row++) {
    const [from, to] = [rowOf(centers, row), rowOf(images, row)];
    const sum = to.reduce((before, mass) => before + (mass >= 0 ? mass : Infinity), 0);
    if (!(Math.abs(sum - 1) <= ROUNDING)) return Infinity;
    for (const axis of ['rows', 'columns'] as const)
      bound += lineCost(margin(from, width, axis), margin(to, width, axis)) / channels;
  }
  return bound;
}

/** The rows of some images, one image after another. */
export function pick(rows: MassRows, channels: number, images: readonly number[]): MassRows {
  const size = rows.shape[1] * channels;
  const data = new Float64Array(size * images.length);
  for (const [place, image] of images.entries())
    data.set(rows.data.subarray(image * size, (image + 1) * size), place * size);
  return { data, shape: [images.length * channels, rows.shape[1]] };
}

/** Rows of the sum 1. */
export function normalised({ data, shape }: MassRows): MassRows {
  const rows = Array.from({ length: shape[0] }, (_, row) => rowOf({ data, shape }, row));
  const sums = rows.map((row) => row.reduce((sum, mass) => sum + mass, 0));
  return { data: data.map((mass, at) => mass / (sums[Math.floor(at / shape[1])] as number)), shape };
}

/** The numbers of the images that may be in the ball, where exact distances have to tell. */
export function undecided(pairs: Pairs, cost: number): number[] {
  if (pairs.centers.shape[1] > LARGEST) return [];
  const count = pairs.centers.shape[0] / pairs.channels;
  return Array.from({ length: count }, (_, image) => image).filter(
    (image) => lowerBound(pairs, image) <= rounded(cost),
  );
}

/** Those of `images` whose exact costs, one for each channel, are at most the ball's. */
export function within(images: readonly number[], costs: Float64Array, channels: number, most: number): number[] {
  return images.filter((_, place) => {
    const sum = costs.slice(place * channels, (place + 1) * channels).reduce((before, cost) => before + cost, 0);
    return sum / channels <= rounded(most);
  });
}
