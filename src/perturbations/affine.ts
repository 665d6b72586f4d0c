/** Affine maps: rotation, scale, shear and shift. */
import type { NativeMap } from '../native.js';
import type { FloatImages, Images } from './images.js';
import {
  type PerturbationAsyncOptions,
  type PerturbationOptions,
  perturb,
  perturbAsync,
  type RandomRange,
  toRange,
} from './perturb.js';

/** How far images are rotated, scaled, sheared and shifted; by default not at all. */
export interface AffineRanges {
  /** Degrees, counter-clockwise on a screen, in [-360, 360]: `25` is from -25 to 25, `[90, 90]` a quarter turn. */
  rotation?: RandomRange | undefined;
  /** The factor of lengths, in [0.01, 100]: `0.2` is from 0.8 to 1.2; a number is in [0, 0.99]. */
  scale?: RandomRange | undefined;
  /** Degrees, in [-80, 80]: rows below the centre move to the right by their distance times the tangent. */
  shear?: RandomRange | undefined;
  /** A share of the height, downwards, and another share of the width, to the right, in [-1, 1]. */
  shift?: RandomRange | undefined;
}

/** Options of `affine`. */
export interface AffineOptions extends AffineRanges, PerturbationOptions {}

/** Options of `affineAsync`. */
export interface AffineAsyncOptions extends AffineRanges, PerturbationAsyncOptions {}

const names = ['rotation', 'scale', 'shear', 'shift'] as const;

const toMap = ({ rotation, scale, shear, shift }: AffineRanges): NativeMap => [
  'affine',
  ...toRange('rotation', rotation, { min: -360, max: 360 }),
  ...toRange('scale', scale, { min: 0.01, max: 100 }, 1),
  ...toRange('shear', shear, { min: -80, max: 80 }),
  ...toRange('shift', shift, { min: -1, max: 1 }),
];

/**
 * A copy of each image under an affine map of its own: scaled, sheared and rotated about the centre, then shifted.
 *
 * The centre is the middle between the outermost pixels. With y downwards and x to the right from there, a pixel at p
 * moves to q = s R K p + t: K moves x by tan(shear) y, R rotates, s is the factor, t the shift. The copy's intensity at q
 * is the image's at p, interpolated bilinearly; channels move together. Quarter turns, and maps that move nothing, are
 * exact.
 *
 * Range: within that of the intensities and of `outside`, up to rounding. Cost: O(N H W C), in float32; bytes become
 * numbers first. Results have the same bits for any number of threads.
 *
 * Source: Ji, Henriques, Vedaldi, "Invariant Information Clustering for Unsupervised Image Classification and
 * Segmentation", 2019, section 3.3, for its use; bilinear interpolation as in SciPy's `map_coordinates` of order 1.
 *
 * @returns the copies, in the order of `rows`, N x H x W or N x H x W x C.
 * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE; GenmiError ERR_OUT_OF_MEMORY.
 */
export function affine(images: Images, options: AffineOptions): FloatImages {
  return perturb(images, options, names, toMap);
}

/** As `affine`, on another thread; the images to perturb are copied before the call returns. */
export async function affineAsync(images: Images, options: AffineAsyncOptions): Promise<FloatImages> {
  return perturbAsync(images, options, names, toMap);
}
