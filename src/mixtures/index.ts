/**
 * Gaussians and mixtures of them: divergences with gradients.
 *
 * @module genmi/mixtures
 */
export {
  type AlphaJsOptions,
  alphaJs,
  type DivergenceAndGradients,
  type GaussianDivergence,
  type GaussianOptions,
  gaussianKl,
} from './alpha-js.js';
export type {
  DiagonalGaussian,
  FullGaussian,
  Gaussian,
  GaussianGradient,
  GradientOf,
  LogDiagonalGaussian,
  Vector,
} from './gaussians.js';
