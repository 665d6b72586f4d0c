/**
 * Networks in the native core, trained off the event loop.
 *
 * @module genmi/networks
 */
export type { ByteMatrix, SampleData } from '../samples.js';
export type { Entropies, Epoch, EpochSeconds, HeadEpoch, PairEpoch } from './epochs.js';
export type { Run, Snapshots, Stopped, TrainingProgress } from './loop.js';
export {
  type BackwardOptions,
  type DenseOptions,
  type ForwardOptions,
  type HiddenLayer,
  type KernelNetworkOptions,
  type Layer,
  type LinearOptions,
  Network,
  type NetworkOptions,
  type Parameter,
  type Parameters,
  type TableOptions,
} from './network.js';
export {
  type AdamOptions,
  adam,
  type Optimizer,
  type OptimizerOptions,
  type RmspropOptions,
  rmsprop,
  type SgdOptions,
  type StepOptions,
  sgd,
} from './optimizers.js';
export type { HeadGroup, ImageView, PairsOptions, Perturb, View, ViewRequest } from './pairs.js';
export {
  type FeatureGroups,
  type GroupLasso,
  type Hierarchical,
  neighborLengths,
  type Penalties,
  type VatOptions,
} from './penalties.js';
export { type PairTrainOptions, type TrainOptions, train, trainPairs } from './training.js';
