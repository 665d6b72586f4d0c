/** The estimators of this package. */
export {
  Douglas,
  type DouglasFitOptions,
  type DouglasModel,
  type DouglasOptions,
  type FeatureCuts,
} from './douglas.js';
export type { Estimator, FitOptions, Resumption, SavedModel, Standing } from './estimator.js';
export { type FeaturePath, type FeaturePathOptions, type FeaturePathStep, featurePath } from './feature-path.js';
export {
  GaussianMixture,
  type GaussianMixtureModel,
  type GaussianMixtureOptions,
  type MixtureParameters,
} from './gaussian-mixture.js';
export { type CovarianceKind, covarianceKinds } from './gaussians.js';
export {
  GeminiClusterer,
  type GeminiClustererModel,
  type GeminiFitOptions,
} from './gemini-clusterer.js';
export type { MetricChoice } from './gemini-geometry.js';
export {
  type DenseModel,
  type MakeNetwork,
  type ModelChoice,
  type ModelName,
  modelNames,
  type NetworkShape,
  type StartParameters,
} from './gemini-models.js';
export type {
  CustomParts,
  GeminiClustererOptions,
  OptimizerChoice,
  SavedOptions,
  VatChoice,
} from './gemini-options.js';
export {
  categorical,
  kernelRim,
  type LassoNetOptions,
  lassoNet,
  linear,
  type ModelledOptions,
  mlp,
  rim,
  type SparseOptions,
  sparseLinear,
} from './gemini-shorthands.js';
export type { FitEpoch } from './gemini-training.js';
export { KMeans, type KMeansModel, type KMeansOptions } from './k-means.js';
export { Kauri, type KauriFitOptions, type KauriModel, type KauriOptions, type KernelChoice } from './kauri.js';
export {
  createModel,
  defaultModel,
  loadModel,
  type ModelKind,
  type ModelOptions,
  modelNamed,
  models,
} from './models.js';
export type { EpochRecord } from './progress.js';
export {
  type Branch,
  branchesOf,
  describeTree,
  type Rule,
  type RuleFeature,
  type Tree,
  type TreeNode,
} from './tree.js';
