/**
 * Clusters by models of TensorFlow.js, which is an argument.
 *
 * @module genmi-cluster/tfjs
 */
export { type ImageShape, type LayerFunctions, leNet5, smallResNet } from './convolutions.js';
export {
  LayersClusterer,
  type LayersClustererModel,
  type LayersClustererOptions,
  type LayersFitOptions,
  type LayersShape,
  type MakeLayers,
} from './layers-clusterer.js';
export type { LayersTensorFlow } from './layers-training.js';
