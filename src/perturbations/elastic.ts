/** Elastic maps: smoothed random displacements of pixels. */
import type { NativeMap } from '../native.js';
import { checkNumber } from '../options.js';
import type { FloatImages, Images } from './images.js';
import { type PerturbationAsyncOptions, type PerturbationOptions, perturb, perturbAsync } from './perturb.js';

/** The random field of displacements. */
export interface ElasticField {
  /** The largest displacement before it is smoothed, in pixels, in [0, 1e6]; default 4. */
  amplitude?: number | undefined;
  /** The standard deviation of the Gaussian filter, in pixels, in [0, 100]; 0: no smoothing. Default 2. */
  sigma?: number | undefined;
}

/** Options of `elastic`. */
export interface ElasticOptions extends ElasticField, PerturbationOptions {}

/** Options of `elasticAsync`. */
export interface ElasticAsyncOptions extends ElasticField, PerturbationAsyncOptions {}

const names = ['amplitude', 'sigma'] as const;

const toMap = ({ amplitude = 4, sigma = 2 }: ElasticField): NativeMap => [
  'elastic',
  checkNumber('amplitude', amplitude, { min: 0, max: 1e6 }),
  checkNumber('sigma', sigma, { min: 0, max: 100 }),
];

/**
 * A copy of each image under an elastic map of its own: each pixel takes the intensity at its place plus a displacement.
 *
 * Displacements down and to the right are drawn uniformly in [-amplitude, amplitude] for each pixel, and smoothed by a
 * Gaussian filter that ends after 4 sigma; reflections continue them beyond the border. Their standard deviation is about
 * 0.163 amplitude / sigma for sigma >= 1. Intensities are interpolated bilinearly; channels move together. With an
 * amplitude of 0, copies are exact.
 *
 * Range: within that of the intensities and of `outside`, up to rounding. Cost: O(N H W (C + sigma)), in float32; bytes
 * become numbers first. Results have the same bits for any number of threads.
 *
 * Source: Simard, Steinkraus, Platt, "Best practices for convolutional neural networks applied to visual document
 * analysis", 2003, section 2: amplitude 34, sigma 4 for MNIST. Filter and interpolation are those of SciPy's
 * `gaussian_filter` and of `map_coordinates` of order 1.
 *
 * @returns the copies, in the order of `rows`, N x H x W or N x H x W x C.
 * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE; GenmiError ERR_OUT_OF_MEMORY.
 */
export function elastic(images: Images, options: ElasticOptions = {}): FloatImages {
  return perturb(images, options, names, toMap);
}

/** As `elastic`, on another thread; the images to perturb are copied before the call returns. */
export async function elasticAsync(images: Images, options: ElasticAsyncOptions = {}): Promise<FloatImages> {
  return perturbAsync(images, options, names, toMap);
}
