/** The estimators by short names, as the command line offers them: a new estimator is a new row. */
import type { GeminiName, Kernel } from 'genmi';
import { oneOf } from '../base/options.js';
import { describe, listed, outOfRange } from '../errors.js';
import { Douglas, type DouglasModel } from './douglas.js';
import type { Estimator, SavedModel } from './estimator.js';
import { GaussianMixture, type GaussianMixtureModel } from './gaussian-mixture.js';
import { GeminiClusterer, type GeminiClustererModel } from './gemini-clusterer.js';
import type { ModelName } from './gemini-models.js';
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
  /** The mean variance of a feature, for amounts in its unit; default 1, that of standardised features. */
  readonly variance?: number | undefined;
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
  /** Whether the kernel changes the fit; default: where `options` names it. */
  usesKernel?(options: Pick<ModelOptions, 'objective'>): boolean;
  /** Whether its `fit` can resume from a checkpoint. */
  readonly resumes?: boolean;
  /** The name of the value that its `fit` maximises. */
  maximises(options: ModelOptions): string;
  create(options: ModelOptions): Estimator;
  load(saved: SavedModel): Estimator;
}

/**
 * Added to the variances of a mixture, as a share of a feature's variance: one-hot features depend on each other, and would
 * otherwise make densities of no width.
 */
const WIDTH = 0.1;

/** A model of `GeminiClusterer`. */
function geminiModel(model: ModelName, description: string, usual: GeminiName = 'mmd_ova'): ModelKind {
  return {
    name: model,
    estimator: 'gemini',
    description,
    options: ['objective', 'kernel', 'epochs', 'restarts'],
    resumes: true,
    usesKernel: ({ objective = usual }) => model === 'kernel-rim' || objective.startsWith('mmd'),
    maximises: ({ objective = usual }) => objective,
    create: ({ clusters, seed, objective, kernel, epochs, restarts }) =>
      new GeminiClusterer({ model, clusters, seed, objective, kernel, epochs, restarts }),
    load: (saved) => GeminiClusterer.load(saved as GeminiClustererModel),
  };
}

/** All models. */
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
    description: 'normal densities with one covariance for all',
    options: ['restarts'],
    maximises: () => 'mean log density',
    create: ({ clusters, seed, restarts = 10, variance = 1 }) =>
      new GaussianMixture({ clusters, seed, restarts, covariance: 'tied', regularization: WIDTH * variance }),
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
    usesKernel: ({ objective = 'wasserstein_ova' }) => objective.startsWith('mmd'),
    maximises: ({ objective = 'wasserstein_ova' }) => objective,
    create: ({ clusters, seed, objective, kernel, epochs }) =>
      new Douglas({ clusters, seed, objective, kernel, epochs }),
    load: (saved) => Douglas.load(saved as DouglasModel),
  },
  geminiModel('linear', 'a linear network, for any GEMINI'),
  geminiModel('mlp', 'a network with a hidden layer of 20 units, for any GEMINI'),
  geminiModel('rim', 'a linear network with a penalty, for the mutual information', 'mi'),
  geminiModel('kernel-rim', 'rim on the values of a kernel', 'mi'),
  geminiModel('categorical', 'free probabilities of each row; predicts no other rows'),
];

/** Products of an iteration of a mixture, for each cluster: more of them take minutes. */
const MIXTURE_PRODUCTS = 4e6;

/**
 * The name of the model where none is named: a network where an option asks for one, else the better one for small tables
 * and the faster one for large ones.
 */
export function defaultModel(
  rows: number,
  features: number,
  options: Pick<ModelOptions, 'objective' | 'kernel' | 'epochs'> = {},
): string {
  const { objective, kernel, epochs } = options;
  if (objective !== undefined || kernel !== undefined || epochs !== undefined) return 'mlp';
  return rows * features ** 2 <= MIXTURE_PRODUCTS ? 'mixture' : 'kmeans';
}

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
