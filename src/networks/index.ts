/**
 * Networks in the native core, trained off the event loop.
 *
 * @module genmi/networks
 */
export type { ByteMatrix, SampleData } from './data.js';
export {
  type BackwardOptions,
  type DenseOptions,
  type ForwardOptions,
  type HiddenLayer,
  type LinearOptions,
  Network,
  type NetworkOptions,
  type Parameter,
  type Parameters,
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
export { type Epoch, type Run, type Stopped, type TrainOptions, train } from './training.js';
