/**
 * Gaussians: divergences with gradients, and mixtures with as many components as the data ask for.
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
export { DirichletProcessMixture, type MixtureFitOptions } from './dirichlet-process.js';
export type {
  DiagonalGaussian,
  FullGaussian,
  Gaussian,
  GaussianGradient,
  GradientOf,
  LogDiagonalGaussian,
  Vector,
} from './gaussians.js';
export type { DirichletProcessMixtureModel } from './saved.js';
export type { DirichletProcessMixtureOptions } from './settings.js';
