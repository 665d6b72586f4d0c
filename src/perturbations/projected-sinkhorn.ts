/** Projections of images onto Wasserstein balls, and the largest values of linear functions on these balls. */
import { runJob } from '../jobs.js';
import { allocate } from '../memory.js';
import { native } from '../native.js';
import { checkNumber, checkOptions, checkSignal } from '../options.js';
import type { FloatImages, Images } from './images.js';
import { type TransportProblems, transportImages, transportImagesAsync } from './image-transport.js';
import {
  allImages,
  ballOptions,
  type BallProblem,
  NUMBERS,
  readBalls,
  room,
  scaled,
  toCall,
  toFloatImages,
  type WassersteinBall,
} from './wasserstein-ball.js';
import { normalised, pick, undecided, within } from './within.js';

/** Options of `conjugateSinkhorn`. */
export interface ConjugateSinkhornOptions extends WassersteinBall {}

/** Options of `projectedSinkhorn`. */
export interface ProjectedSinkhornOptions extends WassersteinBall {
  /** The iteration ends when an image is proven to be this near to the solution, as `errors` measure it; default 1e-5. */
  tolerance?: number | undefined;
  /** The most iterations for an image, an integer >= 1; default 1000. */
  maxIterations?: number | undefined;
}

interface Signal {
  /** An abort rejects the call with the signal's reason at once, and stops the work within some milliseconds. */
  signal?: AbortSignal | undefined;
}

/** Options of `conjugateSinkhornAsync`. */
export interface ConjugateSinkhornAsyncOptions extends ConjugateSinkhornOptions, Signal {}

/** Options of `projectedSinkhornAsync`. */
export interface ProjectedSinkhornAsyncOptions extends ProjectedSinkhornOptions, Signal {}

/** Projected images, and how near each is to the solution. */
export interface ProjectedSinkhorn {
  /** The projected images. Each is in its ball, also where `errors` exceed the tolerance. */
  readonly images: FloatImages;
  /**
   * A bound on the Euclidean distance of each image to the solution with entropy, as a share of the sum of its center; 0
   * for an image that is returned as it is.
   */
  readonly errors: Float64Array;
  /** The iterations of each; 0 for an image that is returned as it is. */
  readonly iterations: Int32Array;
}

const projectionNames = [...ballOptions, 'tolerance', 'maxIterations'] as const;

function toLimits(options: ProjectedSinkhornOptions): readonly [tolerance: number, iterations: number] {
  return [
    checkNumber('tolerance', options.tolerance ?? 1e-5, { min: 0 }),
    checkNumber('maxIterations', options.maxIterations ?? 1000, { min: 1, max: 2 ** 31 - 1, integer: true }),
  ];
}

/** Images that exact distances have to tell about, and those of them that are in their balls. */
function beginSearch(problem: BallProblem) {
  const { centers, channels, shares, shape, balls } = problem;
  const images = scaled(problem.images, (row) => 1 / (shares[row] as number));
  const candidates = undecided({ centers, images, width: shape[2], channels }, balls[1]);
  const problems: TransportProblems = {
    a: pick(centers, channels, candidates),
    b: normalised(pick(images, channels, candidates)),
    height: shape[1],
    width: shape[2],
  };
  const outside = (costs: Float64Array): number[] => {
    const inside = new Set(within(candidates, costs, channels, balls[1]));
    return Array.from({ length: shape[0] }, (_, image) => image).filter((image) => !inside.has(image));
  };
  return { problems, isNeeded: candidates.length > 0, outside };
}

function toProjection(problem: BallProblem, outside: readonly number[], results: Float64Array): ProjectedSinkhorn {
  const count = problem.shape[0];
  const size = problem.centers.shape[1] * problem.channels;
  const stride = size + NUMBERS;
  const errors = room(count);
  const iterations = allocate(Int32Array, count, () => `${count} numbers of iterations`, 'take fewer images at once');
  for (const [place, image] of outside.entries()) {
    errors[image] = results[place * stride + size] as number;
    iterations[image] = results[place * stride + size + 1] as number;
  }
  return { images: toFloatImages(problem, outside, results, stride), errors, iterations };
}

/**
 * Projects images onto Wasserstein-2 balls: the nearest images of the sums of their centers, within a distance.
 *
 * The ball has all images z >= 0 whose channels have the sums of the center's, with W2(z, center) <= `epsilon` as
 * `wasserstein2` measures it. An image w of it is returned as it is. Another one becomes the z of least lambda / 2 |w -
 * z|^2 plus the negative entropy of a plan from the center to z, in shares of the center's sum. Mass moves within a
 * window. The entropy's part falls as `lambda` grows, and iterations grow; a wider window gives a nearer image.
 *
 * The iteration ends for an image when it is proven to be within `tolerance` of the solution, or after `maxIterations`;
 * `errors` then tell how near it is. In every case a plan has made it, so it is in the ball, up to the rounding of
 * float32, and has the center's sum.
 *
 * Cost: O(H W C window) for an iteration, in float64; 30 to 100 iterations for digits. Images of the center's sums that
 * may be in the ball take a `wasserstein2` each; those of more than 32 x 32 pixels are projected without this test.
 *
 * Source: Wong, Schmidt, Kolter, "Wasserstein adversarial examples via projected Sinkhorn iterations", 2019, algorithm
 * 1, whose epsilon is `epsilon` squared; with momentum, a proof of convergence, and no loss of mass.
 *
 * @param images any finite numbers: steps of a gradient may have left the ball's sum and sign
 * @param centers intensities >= 0, no image or channel of zeros, of the shape of images
 * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE; GenmiError ERR_OUT_OF_MEMORY.
 */
export function projectedSinkhorn(
  images: Images,
  centers: Images,
  options: ProjectedSinkhornOptions,
): ProjectedSinkhorn {
  checkOptions(options, projectionNames);
  const problem = readBalls('images', images, centers, options);
  const limits = toLimits(options);
  const search = beginSearch(problem);
  const outside = search.outside(search.isNeeded ? transportImages(search.problems).upper : new Float64Array());
  const { call, results } = toCall(problem, outside, limits);
  if (outside.length > 0) native.project(...call);
  return toProjection(problem, outside, results);
}

/** As `projectedSinkhorn`, on other threads; the images are read before the call returns. */
export async function projectedSinkhornAsync(
  images: Images,
  centers: Images,
  options: ProjectedSinkhornAsyncOptions,
): Promise<ProjectedSinkhorn> {
  checkOptions(options, [...projectionNames, 'signal']);
  const problem = readBalls('images', images, centers, options);
  const [limits, signal] = [toLimits(options), checkSignal(options.signal)];
  const search = beginSearch(problem);
  const costs = search.isNeeded ? await transportImagesAsync(search.problems, signal) : { upper: new Float64Array() };
  const outside = search.outside(costs.upper);
  const { call, results } = toCall(problem, outside, limits);
  if (outside.length > 0) await runJob({ signal }, (job) => native.projectAsync(...call, job));
  return toProjection(problem, outside, results);
}

function toMaximum(problem: BallProblem, results: Float64Array): FloatImages {
  return toFloatImages(problem, allImages(problem), results, problem.centers.shape[1] * problem.channels);
}

/**
 * The images of a Wasserstein-2 ball for which a linear function is largest: a step of ascent as long as the ball allows.
 *
 * For a center x, it is the z of the largest lambda <gradient, z> plus the entropy of a plan from x to z, in shares of the
 * center's sum; the ball and the window are those of `projectedSinkhorn`. So <gradient, z> is at most 2 log(window) /
 * lambda times the center's sum below the largest. Where no mass can gain anything, z is x.
 *
 * Cost: O(H W C window) for each of about 10 steps of a search, in float64; its plan costs epsilon^2 to 12 digits.
 *
 * Source: Wong, Schmidt, Kolter, "Wasserstein adversarial examples via projected Sinkhorn iterations", 2019, appendix on
 * conjugate steps; without loss of mass.
 *
 * @param gradient slopes by the intensities, finite, of the shape of centers
 * @param centers intensities >= 0, no image or channel of zeros
 * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE; GenmiError ERR_OUT_OF_MEMORY.
 */
export function conjugateSinkhorn(
  gradient: FloatImages,
  centers: Images,
  options: ConjugateSinkhornOptions,
): FloatImages {
  checkOptions(options, ballOptions);
  const problem = readBalls('gradient', gradient, centers, options);
  const { call, results } = toCall(problem, allImages(problem), null);
  native.project(...call);
  return toMaximum(problem, results);
}

/** As `conjugateSinkhorn`, on other threads; the images are read before the call returns. */
export async function conjugateSinkhornAsync(
  gradient: FloatImages,
  centers: Images,
  options: ConjugateSinkhornAsyncOptions,
): Promise<FloatImages> {
  checkOptions(options, [...ballOptions, 'signal']);
  const problem = readBalls('gradient', gradient, centers, options);
  const { call, results } = toCall(problem, allImages(problem), null);
  await runJob({ signal: checkSignal(options.signal) }, (job) => native.projectAsync(...call, job));
  return toMaximum(problem, results);
}
