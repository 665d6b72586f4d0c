/** The estimators by short names, as the command line offers them: a new estimator is a new row. */
import type { GeminiName, Kernel } from 'genmi';
import { oneOf } from '../base/options.js';
import { describe, listed, outOfRange } from '../errors.js';
import { Douglas, type DouglasModel } from './douglas.js';
import type { Estimator, SavedModel } from './estimator.js';
import { GaussianMixture, type GaussianMixtureModel } from './gaussian-mixture.js';
import { KMeans, type KMeansModel } from './k-means.js';
import { Kauri, type KauriModel } from './kauri.js';

/** Options of all models. Each model takes some of them; without a value the estimator's default holds. */
export interface ModelOptions {
  /** The number of clusters, for some models the largest one. */
  readonly clusters: number;
  /** The seed of all random choices. */
  readonly seed: number;
  readonly objective?: GeminiName | undefined;
  readonly kernel?: Kernel | undefined;
  readonly epochs?: number | undefined;
  readonly restarts?: number | undefined;
}

/** A model that can be chosen by name. */
export interface ModelKind {
  readonly name: string;
  /** The kind of its saved form: `SavedModel.estimator`. */
  readonly estimator: string;
  /** One phrase. */
  readonly description: string;
  /** The options that it takes beside `clusters` and `seed`. */
  readonly options: readonly (keyof ModelOptions)[];
  /** The name of the value that its `fit` maximises. */
  maximises(options: ModelOptions): string;
  create(options: ModelOptions): Estimator;
  load(saved: SavedModel): Estimator;
}

/** All models, the default first. */
export const models: readonly ModelKind[] = [
  {
    name: 'kmeans',
    estimator: 'k-means',
    description: 'nearest centres',
    options: ['restarts'],
    maximises: () => 'minus the inertia',
    create: ({ clusters, seed, restarts }) => new KMeans({ clusters, seed, restarts }),
    load: (saved) => KMeans.load(saved as KMeansModel),
  },
  {
    name: 'mixture',
    estimator: 'gaussian-mixture',
    description: 'normal densities with full covariances',
    options: ['restarts'],
    maximises: () => 'mean log density',
    create: ({ clusters, seed, restarts = 5 }) => new GaussianMixture({ clusters, seed, restarts }),
    load: (saved) => GaussianMixture.load(saved as GaussianMixtureModel),
  },
  {
    name: 'kauri',
    estimator: 'kauri',
    description: 'a tree of rules on features, for kernel k-means',
    options: ['kernel'],
    maximises: ({ kernel = 'linear' }) => `squared MMD one-vs-all, ${kernel} kernel`,
    create: ({ clusters, seed, kernel }) => new Kauri({ maxClusters: clusters, seed, kernel }),
    load: (saved) => Kauri.load(saved as KauriModel),
  },
  {
    name: 'douglas',
    estimator: 'douglas',
    description: 'a tree of soft cuts, for any GEMINI; at most 19 features',
    options: ['objective', 'kernel', 'epochs'],
    maximises: ({ objective = 'wasserstein_ova' }) => objective,
    create: ({ clusters, seed, objective, kernel, epochs }) =>
      new Douglas({ clusters, seed, objective, kernel, epochs }),
    load: (saved) => Douglas.load(saved as DouglasModel),
  },
];

/**
 * Makes the estimator of a model.
 *
 * @throws RangeError ERR_OUT_OF_RANGE for an unknown name, and for an option that the model does not take; whatever the
 *   estimator's constructor throws
 */
export function createModel(name: string, options: ModelOptions): Estimator {
  const kind = modelNamed(name);
  for (const option of ['objective', 'kernel', 'epochs', 'restarts'] as const) {
    if (options[option] === undefined || kind.options.includes(option)) continue;
    const others = models.filter(({ options }) => options.includes(option)).map((model) => model.name);
    const remedy = `choose a model that takes it: ${others.join(', ')}`;
    throw outOfRange(option, `none for the model '${name}'`, describe(options[option]), remedy);
  }
  return kind.create(options);
}

/** The model of this name. @throws RangeError ERR_OUT_OF_RANGE for an unknown one */
export function modelNamed(name: string): ModelKind {
  const names = models.map((model) => model.name);
  oneOf('model', name, names);
  return models.find((model) => model.name === name) as ModelKind;
}

/**
 * Makes the fitted estimator that any `save` wrote.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE for another kind or version
 */
export function loadModel(saved: SavedModel): Estimator {
  const estimator: unknown = Object(saved).estimator;
  const kind = models.find((model) => model.estimator === estimator);
  if (kind !== undefined) return kind.load(saved);
  const known = listed(models.map((model) => `'${model.estimator}'`));
  throw outOfRange('model.estimator', `one of ${known}`, describe(estimator));
}
