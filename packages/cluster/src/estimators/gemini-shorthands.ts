/** Short names of GEMINI clusterers: one for each model. */
import { GeminiClusterer } from './gemini-clusterer.js';
import type { ModelName } from './gemini-models.js';
import type { GeminiClustererOptions } from './gemini-options.js';

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
