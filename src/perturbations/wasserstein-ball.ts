/** Images, the centers of Wasserstein balls, and what the core computes with them. */
import { outOfRange } from '../errors.js';
import { allocate, checkFits } from '../memory.js';
import type { NativeBalls, NativeImages, NativeProjection } from '../native.js';
import { checkNumber } from '../options.js';
import { fill } from '../typed-arrays.js';
import { type FloatImages, type Images, type ImageShape, shapeOf, toPair } from './images.js';
import type { MassRows } from './image-transport.js';
import { checkOut } from './perturb.js';
import { toMasses } from './wasserstein2.js';
import { pick } from './within.js';

/** A Wasserstein-2 ball around each center, and how plans move its mass. */
export interface WassersteinBall {
  /** The radius, in pixels, in [1e-6, 1e6]. */
  epsilon: number;
  /** The weight of the aim against that of the plan's entropy, in [1e-3, 1e9]; default 1000. */
  lambda?: number | undefined;
  /** The side of the square that mass stays in, around its pixel: an odd number >= 3; default 5. */
  window?: number | undefined;
  /** An array that receives the images. A call that fails leaves it as it was. */
  out?: Float32Array | undefined;
}

/** The names of WassersteinBall, for `checkOptions`. */
export const ballOptions = ['epsilon', 'lambda', 'window', 'out'] as const;

/** Images as rows of channels, centers too: numbers are shares of the sum of the center. */
export interface BallProblem {
  readonly given: NativeImages;
  readonly shape: ImageShape;
  readonly channels: number;
  readonly centers: MassRows;
  readonly images: MassRows;
  /** The share of each row in the sum of its center. */
  readonly shares: Float64Array;
  /** The sum of each center. */
  readonly totals: Float64Array;
  readonly balls: NativeBalls;
  readonly out: Float32Array | undefined;
}

const LARGEST = 1e6;
const remedy = 'take fewer images at once';
/** Numbers of a projected image after its masses: the error and the iterations. */
export const NUMBERS = 2;

export const room = (length: number): Float64Array =>
  allocate(Float64Array, length, () => `${length} masses of projections`, remedy);

function toBalls(options: WassersteinBall, height: number, width: number, channels: number): NativeBalls {
  const epsilon = checkNumber('epsilon', options.epsilon, { min: 1e-6, max: 1e6 });
  const lambda = checkNumber('lambda', options.lambda ?? 1000, { min: 1e-3, max: 1e9 });
  const window = checkNumber('window', options.window ?? 5, { min: 3, max: 2 ** 31 - 1, integer: true });
  if (window % 2 === 0) throw outOfRange('window', 'an odd number >= 3', `${window}`);
  const reach = Math.min((window - 1) / 2, Math.max(height, width) - 1);
  const bytes = 8 * (4 * channels + 6) * (height + 2 * reach) * (width + reach);
  checkFits(`Sums over windows of ${window} x ${window} pixels`, bytes, 'take a smaller window');
  return [reach, epsilon ** 2, lambda];
}

/** The place of an intensity in the order of images, for its place in the order of rows. */
const placeOf = (at: number, pixels: number, channels: number): number => {
  const row = Math.floor(at / pixels);
  return (Math.floor(row / channels) * pixels + (at % pixels)) * channels + (row % channels);
};

/** Reads images, which are divided by the sums of their centers, or `slopes`, which are not. */
export function readBalls(
  name: 'images' | 'gradient',
  images: Images,
  centers: Images,
  options: WassersteinBall,
): BallProblem {
  const [around, given] = toPair(['centers', centers], [name, images]);
  const [, count, height, width, channels] = around;
  const balls = toBalls(options, height, width, channels);
  const out = checkOut(options.out, around[0].length);
  const shape = shapeOf(centers, around, count);
  const { rows, sums } = toMasses('centers', around);
  const totals = room(count);
  for (const [row, sum] of sums.entries())
    totals[Math.floor(row / channels)] = (totals[Math.floor(row / channels)] as number) + sum;
  const shares = sums.map((sum, row) => sum / (totals[Math.floor(row / channels)] as number));
  const data = room(around[0].length);
  const [pixels, [numbers, , , , , scale, offset]] = [height * width, given];
  for (const at of data.keys()) {
    const image = Math.floor(at / (pixels * channels));
    const number = scale * (numbers[placeOf(at, pixels, channels)] as number) + offset;
    const share = name === 'images' ? number / (totals[image] as number) : number;
    if (!(Math.abs(share) <= LARGEST)) {
      const expected = `numbers of at most ${LARGEST}${name === 'images' ? " times the sum of their image's center" : ''}`;
      const place = `row ${Math.floor((at % pixels) / width)}, column ${at % width}`;
      throw outOfRange(name, expected, `${number} in image ${image} at ${place}`);
    }
    data[at] = share;
  }
  return {
    ...{ given, shape, channels, shares, totals, balls, out },
    centers: rows,
    images: { data, shape: rows.shape },
  };
}

/** The masses of rows by their shares in the sum of their center, or the other way round. */
export function scaled({ data, shape }: MassRows, factors: (row: number) => number): MassRows {
  return { data: data.map((mass, at) => mass * factors(Math.floor(at / shape[1]))), shape };
}

/** The images to compute, as the core takes them. */
export function toCall(
  problem: BallProblem,
  images: readonly number[],
  limits: readonly [number, number] | null,
): { readonly call: NativeProjection; readonly results: Float64Array } {
  const { centers, channels, shares, shape, balls } = problem;
  const weighted = scaled(centers, (row) => shares[row] as number);
  const size = centers.shape[1] * channels;
  const results = room(images.length * (size + (limits === null ? 0 : NUMBERS)));
  const call: NativeProjection = [
    pick(weighted, channels, images).data,
    pick(problem.images, channels, images).data,
    ...([images.length, channels, shape[1], shape[2]] as const),
    ...balls,
    ...(limits ?? ([null, null] as const)),
    results,
  ];
  return { call, results };
}

/** Writes images: those of `computed` from results, the others as they were given. */
export function toFloatImages(
  problem: BallProblem,
  computed: readonly number[],
  results: Float64Array,
  stride: number,
): FloatImages {
  const { given, shape, channels, totals, centers } = problem;
  const size = centers.shape[1] * channels;
  const [numbers, , , , , scale, offset] = given;
  const data = allocate(Float32Array, size * shape[0], () => `${shape.join(' x ')} intensities`, remedy);
  for (const at of data.keys()) data[at] = scale * (numbers[at] as number) + offset;
  for (const [place, image] of computed.entries())
    for (let at = 0; at < size; at++)
      data[image * size + placeOf(at, centers.shape[1], channels)] =
        (totals[image] as number) * (results[place * stride + at] as number);
  if (problem.out === undefined) return { data, shape };
  if (!fill(problem.out, data))
    throw outOfRange('out', `${data.length} numbers`, 'an array resized or transferred meanwhile');
  return { data: problem.out, shape };
}

/** The numbers of all images. */
export const allImages = ({ shape }: BallProblem): number[] => Array.from({ length: shape[0] }, (_, image) => image);
