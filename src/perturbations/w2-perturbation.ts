/** Perturbations by ADef within a Wasserstein ball: Algorithm 1 of the talk on maximising mutual information. */
import { checkReadable, describe, invalidType, outOfRange } from '../errors.js';
import { allocate } from '../memory.js';
import { checkNumber, checkOptions, checkSignal } from '../options.js';
import { reasonOf } from '../signals.js';
import { adef, type Scores } from './adef.js';
import { affine } from './affine.js';
import { type FloatImages, type Images, toImages } from './images.js';
import type { MoveOptions } from './perturb.js';
import { type Field, warp } from './warp.js';
import { toMasses, wasserstein2, wasserstein2Async } from './wasserstein2.js';

/**
 * The scores of images as they are at a step, and their gradients; or a promise of these.
 *
 * `rows` are the numbers of the images among those that are perturbed: an image that is done is not asked for again.
 */
export type Score = (images: FloatImages, rows: Int32Array) => Scores | Promise<Scores>;

/** Options of `w2Perturbation`. */
export interface W2PerturbationOptions extends Pick<MoveOptions, 'rows' | 'outside'> {
  /** The radius of the Wasserstein-2 ball around each image, in pixels, >= 0. */
  epsilon: number;
  /** The scale eta > 0 of the density exp(-W2^2 / eta^2), in pixels: a small one goes on to the border of the ball. */
  eta: number;
  /** The share of an ADef step that is taken at once, in (0, 1]; default 1. */
  share?: number | undefined;
  /** The Gaussian filter of each field, as for `adef`; default 0. */
  sigma?: number | undefined;
  /** The most steps for an image, an integer >= 1; default 50. */
  maxSteps?: number | undefined;
  /** The seed of the random stops, an integer in [0, 2^53); default 0. */
  seed?: number | undefined;
  /** An abort ends the call before its next step, and rejects it with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Perturbed images, and how far each is from its original. */
export interface W2Perturbation {
  /** The perturbed images. */
  readonly images: FloatImages;
  /** The Wasserstein-2 distance of each to its original, in pixels, at most `epsilon`. */
  readonly distances: Float64Array;
  /** How many steps each has taken. */
  readonly steps: Int32Array;
  /** The displacements that make the images of the originals: see `warp`. */
  readonly field: Field;
}

const INTEGERS = { min: 1, max: 2 ** 31 - 1, integer: true } as const;
const SEEDS = { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true } as const;
const remedy = 'perturb fewer images at once';

/** The probability exp(-d^2 / eta^2), in [0, 1], of distances d in pixels. */
const probabilityOf = (distance: number, eta: number): number => Math.exp(-((distance / eta) ** 2));

function positive(argument: string, value: unknown, most = Infinity): number {
  const number = checkNumber(argument, value);
  if (number > 0 && number <= most) return number;
  throw outOfRange(argument, most === Infinity ? 'a finite number > 0' : `a number in (0, ${most}]`, `${number}`);
}

/**
 * The probability exp(-W2(x, x + xi)^2 / eta^2) with which a perturbation xi of an image x is accepted, in [0, 1].
 *
 * Cost and errors: as for `wasserstein2`, also for intensities of x + xi that are negative.
 *
 * Source: Hinnerichs, "Maximization of mutual information for information clustering", 2020, eq. (6), whose normaliser
 * is not known: ratios of densities alone have a meaning.
 *
 * @param xi numbers that are added to the intensities, of the shape of x
 * @param eta the scale, > 0, in pixels
 */
export function acceptance(x: Images, xi: FloatImages, eta: number): Float64Array {
  const scale = positive('eta', eta);
  const [given, added] = [affine(x, {}), affine(xi, {})];
  if (given.data.length !== added.data.length)
    throw outOfRange('xi', `the shape of x, ${given.shape.join(' x ')}`, added.shape.join(' x '));
  const moved = { data: given.data.map((each, at) => each + (added.data[at] as number)), shape: given.shape };
  return wasserstein2(given, moved).distances.map((distance) => probabilityOf(distance, scale));
}

/** A number in [0, 1) that depends on these integers alone: steps of MurmurHash3's finaliser, one for each. */
function draw(...integers: readonly number[]): number {
  let hash = 0x9e3779b9;
  for (const integer of integers) {
    hash = Math.imul(hash ^ integer, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return (hash >>> 0) / 2 ** 32;
}

/** Whether each channel of an image has a positive intensity. */
function hasMass({ data, shape }: FloatImages, image: number): boolean {
  const channels = shape[3] ?? 1;
  const size = shape[1] * shape[2] * channels;
  const pixels = data.subarray(image * size, (image + 1) * size);
  return Array.from({ length: channels }, (_, c) => c).every((c) =>
    pixels.some((intensity, at) => at % channels === c && intensity > 0),
  );
}

/** The images of a call as they are, and what is known of each. */
class Walk {
  readonly #originals: FloatImages;
  readonly #outside: MoveOptions['outside'];
  readonly #pixels: number;
  readonly #size: number;
  readonly result: W2Perturbation;
  /** The numbers of the images that are not done. */
  active: Int32Array;

  constructor(originals: FloatImages, outside: MoveOptions['outside']) {
    const [count, height, width, channels = 1] = originals.shape;
    this.#originals = originals;
    this.#outside = outside;
    this.#pixels = height * width;
    this.#size = this.#pixels * channels;
    this.active = Int32Array.from({ length: count }, (_, i) => i);
    const displacements = allocate(Float32Array, 2 * count * this.#pixels, () => 'A field', remedy);
    this.result = {
      images: affine(originals, {}),
      distances: allocate(Float64Array, count, () => `${count} distances`, remedy),
      steps: allocate(Int32Array, count, () => `${count} numbers of steps`, remedy),
      field: { data: displacements, shape: [count, height, width, 2] },
    };
  }

  get images(): FloatImages {
    return affine(this.result.images, { rows: this.active });
  }

  /** Takes one step with each image that stays within the ball, and returns the numbers of these images. */
  async step(scores: Scores, { epsilon, share = 1, sigma, signal }: W2PerturbationOptions): Promise<Int32Array> {
    const { field, lengths } = adef(this.images, scores, { sigma });
    const total = this.#total(field.data, share);
    const [, height, width] = this.#originals.shape;
    const moved = warp(
      this.#originals,
      { data: total, shape: [this.active.length, height, width, 2] },
      { rows: this.active, outside: this.#outside },
    );
    const places = [...this.active.keys()].filter((at) => (lengths[at] as number) > 0 && hasMass(moved, at));
    if (places.length === 0) return new Int32Array();
    const numbers = places.map((at) => this.active[at] as number);
    const before = affine(this.#originals, { rows: numbers });
    const { distances } = await wasserstein2Async(before, affine(moved, { rows: places }), { signal });
    const kept = [...distances.keys()].filter((at) => (distances[at] as number) <= epsilon);
    for (const at of kept) {
      const [place, number] = [places[at] as number, numbers[at] as number];
      const [images, displacements] = [this.result.images.data, this.result.field.data];
      images.set(moved.data.subarray(place * this.#size, (place + 1) * this.#size), number * this.#size);
      displacements.set(
        total.subarray(2 * place * this.#pixels, 2 * (place + 1) * this.#pixels),
        2 * number * this.#pixels,
      );
      this.result.distances[number] = distances[at] as number;
      this.result.steps[number] = (this.result.steps[number] as number) + 1;
    }
    return Int32Array.from(kept, (at) => numbers[at] as number);
  }

  /** The displacements so far of the images that are not done, and this share of those of a step. */
  #total(step: Float32Array, share: number): Float32Array {
    return step.map((each, at) => {
      const [place, within] = [Math.floor(at / 2 / this.#pixels), at % (2 * this.#pixels)];
      const before = this.result.field.data[2 * (this.active[place] as number) * this.#pixels + within] as number;
      return before + share * each;
    });
  }
}

/**
 * Perturbs each image by steps of ADef, as long as it stays within a Wasserstein-2 ball and no random stop occurs.
 *
 * Each step deforms the image towards a score of 0. An image that would leave the ball stays as it was before the step,
 * and is done. One that stays within is done with the probability exp(-W2^2 / eta^2), where no deformation changes its
 * score, and after `maxSteps`. So W2 to the original is at most `epsilon` in every case.
 *
 * Cost for each step: that of the score, of `adef`, and of `wasserstein2`, which works on other threads. Same seed and
 * scores, same bits.
 *
 * Source: Hinnerichs, "Maximization of mutual information for information clustering", 2020, algorithm 1; with one
 * distance, W2, in the ball and in the density.
 *
 * @param images intensities >= 0, no image or channel of zeros
 * @param score called once for each step, with all images that are not done
 * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE; GenmiError ERR_OUT_OF_MEMORY. Rejects with what
 * `score` throws, and with the signal's reason when aborted.
 */
export async function w2Perturbation(
  images: Images,
  score: Score,
  options: W2PerturbationOptions,
): Promise<W2Perturbation> {
  checkOptions(options, ['epsilon', 'eta', 'share', 'sigma', 'maxSteps', 'seed', 'rows', 'outside', 'signal']);
  checkNumber('epsilon', options.epsilon, { min: 0 });
  const eta = positive('eta', options.eta);
  positive('share', options.share ?? 1, 1);
  checkNumber('sigma', options.sigma ?? 0, { min: 0, max: 100 });
  const maxSteps = checkNumber('maxSteps', options.maxSteps ?? 50, INTEGERS);
  const seed = checkNumber('seed', options.seed ?? 0, SEEDS);
  const signal = checkSignal(options.signal);
  checkReadable('score', score);
  if (typeof score !== 'function') throw invalidType('score', 'a function', describe(score));
  const originals = affine(images, { rows: options.rows, outside: options.outside });
  toMasses('images', toImages(originals));
  const walk = new Walk(originals, options.outside);
  for (let step = 1; step <= maxSteps && walk.active.length > 0; step++) {
    if (signal?.aborted) throw reasonOf(signal);
    const scores = await score(walk.images, walk.active);
    const kept = await walk.step(scores, options);
    walk.active = kept.filter((image) => {
      const stop = probabilityOf(walk.result.distances[image] as number, eta);
      return draw(seed >>> 0, Math.floor(seed / 2 ** 32), image, step) >= stop;
    });
  }
  return walk.result;
}
