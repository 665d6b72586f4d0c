/**
 * Perturbed copies of images, for losses on pairs of views.
 *
 * @module genmi/perturbations
 */
export { type AdefOptions, type AdefStep, adef, type Scores } from './adef.js';
export { type AffineAsyncOptions, type AffineOptions, type AffineRanges, affine, affineAsync } from './affine.js';
export { type ElasticAsyncOptions, type ElasticField, type ElasticOptions, elastic, elasticAsync } from './elastic.js';
export type { ByteImages, FloatImages, ImageShape, Images } from './images.js';
export {
  type ConjugateSinkhornAsyncOptions,
  type ConjugateSinkhornOptions,
  conjugateSinkhorn,
  conjugateSinkhornAsync,
  type ProjectedSinkhorn,
  type ProjectedSinkhornAsyncOptions,
  type ProjectedSinkhornOptions,
  projectedSinkhorn,
  projectedSinkhornAsync,
} from './projected-sinkhorn.js';
export type { MoveOptions, PerturbationAsyncOptions, PerturbationOptions, RandomRange } from './perturb.js';
export {
  acceptance,
  type Score,
  type W2Perturbation,
  type W2PerturbationOptions,
  w2Perturbation,
} from './w2-perturbation.js';
export { type Field, warp } from './warp.js';
export type { WassersteinBall } from './wasserstein-ball.js';
export {
  type Wasserstein2,
  type Wasserstein2AsyncOptions,
  type Wasserstein2Options,
  wasserstein2,
  wasserstein2Async,
} from './wasserstein2.js';
