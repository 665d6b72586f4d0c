/**
 * Perturbed copies of images, for losses on pairs of views.
 *
 * @module genmi/perturbations
 */
export { type AffineAsyncOptions, type AffineOptions, type AffineRanges, affine, affineAsync } from './affine.js';
export { type ElasticAsyncOptions, type ElasticField, type ElasticOptions, elastic, elasticAsync } from './elastic.js';
export type { ByteImages, FloatImages, ImageShape, Images } from './images.js';
export type { PerturbationAsyncOptions, PerturbationOptions, RandomRange } from './perturb.js';
export {
  type Wasserstein2,
  type Wasserstein2AsyncOptions,
  type Wasserstein2Options,
  wasserstein2,
  wasserstein2Async,
} from './wasserstein2.js';
