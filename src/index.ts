/**
 * Exact values and gradients of generalised mutual informations, for any trainer.
 *
 * @module genmi
 */
export { Affinity, type HopGraph } from './affinity.js';
export {
  type DistanceOptions,
  type HopOptions,
  type Kernel,
  type KernelOptions,
  kernels,
  type Metric,
  metrics,
  type PrecomputedOptions,
  type StorageOptions,
} from './affinity-options.js';
export { type Config, config, type Info, info } from './config.js';
export { GenmiError, type GenmiErrorCode } from './errors.js';
export type { AsyncOptions } from './jobs.js';
export type { Matrix, MatrixLike, Precision, Rows, TensorLike } from './matrix.js';
export * from './metrics.js';
export { add, scale } from './objectives/composite.js';
export { type EnergyOptions, energy } from './objectives/energy.js';
export { entropy } from './objectives/entropy.js';
export {
  chi2,
  type FDivergenceName,
  fDivergence,
  fDivergenceNames,
  hellinger,
  kl,
  type ModeOptions,
  mi,
  tv,
} from './objectives/f-divergence.js';
export { type GeminiName, gemini, geminiNames } from './objectives/gemini.js';
export { type MmdOptions, mmd } from './objectives/mmd.js';
export type {
  Estimate,
  EvaluateAsyncOptions,
  EvaluateOptions,
  GeometryObjective,
  Mode,
  Objective,
  PrecisionOf,
  ValueAndGrad,
} from './objectives/objective.js';
export { type PairConstraintsOptions, type Pairs, pairConstraints } from './objectives/pair-constraints.js';
export { type WassersteinOptions, wasserstein } from './objectives/wasserstein.js';
export {
  type DeepInfoMaxOptions,
  deepInfoMax,
  donskerVaradhan,
  type InfoMaxMeasure,
} from './pairs/deep-info-max.js';
export { type IicOptions, iic } from './pairs/iic.js';
export { type InfoNceOptions, infoNce } from './pairs/info-nce.js';
export { type NtXentOptions, ntXent } from './pairs/nt-xent.js';
export type { PairAsyncOptions, PairLoss, PairOptions, PairValueAndGrad } from './pairs/pair-loss.js';
export {
  type EncoderLoss,
  type PriorMatching,
  type PriorMatchingOptions,
  priorMatching,
} from './pairs/prior-matching.js';
export { type ByteMatrix, type SampleData, Samples } from './samples.js';
export {
  type ColdStart,
  emd,
  type SolveManyOptions,
  type SolveOptions,
  type SolverOptions,
  type TransportCertificate,
  type TransportCost,
  type TransportPlan,
  type TransportResult,
  TransportSolver,
  type WarmStart,
  type Weights,
} from './transport.js';
