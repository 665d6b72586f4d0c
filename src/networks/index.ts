/**
 * Networks in the native core, trained off the event loop.
 *
 * @module genmi/networks
 */
export type { ByteMatrix, SampleData } from '../samples.js';
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
export {
  type FeatureGroups,
  type GroupLasso,
  type Hierarchical,
  neighborLengths,
  type Penalties,
  type VatOptions,
} from './penalties.js';
export {
  type Epoch,
  type Run,
  type Snapshots,
  type Stopped,
  type TrainingProgress,
  type TrainOptions,
  train,
} from './training.js';
