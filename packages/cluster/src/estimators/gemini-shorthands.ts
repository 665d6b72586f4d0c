/** Short names of GEMINI clusterers: one for each model. */
import type { FeatureGroups } from 'genmi/networks';
import { GeminiClusterer } from './gemini-clusterer.js';
import type { ModelName } from './gemini-models.js';
import type { GeminiClustererOptions, OptimizerChoice } from './gemini-options.js';

/** Options of a clusterer whose model is known. */
export type ModelledOptions = Omit<GeminiClustererOptions, 'model'>;

const shorthand =
  (model: ModelName) =>
  (options: ModelledOptions = {}): GeminiClusterer =>
    new GeminiClusterer({ ...options, model });

/** A linear model; the default objective is `'mmd_ova'`. */
export const linear = shorthand('linear');

/** A network with one hidden layer of 20 units with relu; the default objective is `'mmd_ova'`. */
export const mlp = shorthand('mlp');

/** Free logits of each sample, without a model; the default objective is `'mmd_ova'`. */
export const categorical = shorthand('categorical');

/** RIM: a linear model of the mutual information less 0.1 |W|^2; `penalty: { l2 }` sets the factor. */
export const rim = shorthand('rim');

/** KernelRIM: a linear model of kernel values, mutual information less 0.1 tr(W' K W); `penalty: { kernel }` sets it. */
export const kernelRim = shorthand('kernel-rim');

/** Options of models that choose features. */
export interface SparseOptions extends Omit<ModelledOptions, 'penalty' | 'optimizer'> {
  /** The weight of the penalty, >= 0; default 1e-2. */
  alpha?: number | undefined;
  /** Default `'sgd'`: Adam's steps are as long for small gradients, and hardly leave weights at 0. */
  optimizer?: OptimizerChoice | undefined;
  /** Groups of features that are chosen together; default: each feature is one. */
  groups?: FeatureGroups | undefined;
}

/** Options of `lassoNet`. */
export interface LassoNetOptions extends SparseOptions {
  /** The units of the hidden layer; default 20. */
  width?: number | undefined;
  /** Hidden weights of a feature are at most m times the norm of its skip connection, > 0; default 10. */
  m?: number | undefined;
}

/**
 * A linear model that chooses features: the group lasso adds alpha times the sum of the features' norms of weights, and
 * sets small ones to 0. `features` says which are left; `featurePath` tries many values of alpha.
 *
 * @see Ohl et al., "Sparse GEMINI for joint discriminative clustering and feature selection", Statistics and Computing 34
 *   (2024)
 */
export function sparseLinear(options: SparseOptions = {}): GeminiClusterer {
  const { alpha = 1e-2, groups, optimizer = 'sgd', ...others } = options;
  const penalty = { groupLasso: { alpha, groups } };
  return new GeminiClusterer({ ...others, optimizer, model: 'linear', penalty });
}

/**
 * LassoNet: as `sparseLinear`, with a hidden layer whose weights are bound by those of a linear skip connection.
 *
 * @see Lemhadri et al., "LassoNet: a neural network with feature sparsity", JMLR 22 (2021)
 */
export function lassoNet(options: LassoNetOptions = {}): GeminiClusterer {
  const { alpha = 1e-2, groups, m, width = 20, optimizer = 'sgd', ...others } = options;
  const penalty = { hierarchical: { alpha, groups, ...(m !== undefined && { m }) } };
  return new GeminiClusterer({ ...others, optimizer, model: { layers: [{ width }], skip: true }, penalty });
}
