/** The options of `GeminiClusterer`: their defaults and checks. */
import {
  type GeminiName,
  geminiNames,
  type Objective,
  type PairConstraintsOptions,
  type Pairs,
  pairConstraints,
  scale,
} from 'genmi';
import {
  type AdamOptions,
  adam,
  type Optimizer,
  type Penalties,
  type RmspropOptions,
  rmsprop,
  type SgdOptions,
  sgd,
  type VatOptions,
} from 'genmi/networks';
import { checkCount, checkNumber, checkOptions, checkSeed, oneOf } from '../base/options.js';
import { describe, invalidType, outOfRange } from '../errors.js';
import { entryOf } from './cross-kernel.js';
import { checkGeometry, kernelOptions, type MetricChoice } from './gemini-geometry.js';
import { type MakeNetwork, type Model, type ModelChoice, readModel, type StartParameters } from './gemini-models.js';
import type { KernelChoice } from './kauri.js';

/** An optimiser by its name, or with its options. */
export type OptimizerChoice =
  | 'adam'
  | 'sgd'
  | 'rmsprop'
  | ({ readonly name: 'adam' } & Omit<AdamOptions, 'learningRate'>)
  | ({ readonly name: 'sgd' } & Omit<SgdOptions, 'learningRate'>)
  | ({ readonly name: 'rmsprop' } & Omit<RmspropOptions, 'learningRate'>);

/** Virtual adversarial training with one distance for all samples, or `'neighbours'`. */
export type VatChoice = Omit<VatOptions, 'epsilon'> & { readonly epsilon?: number | 'neighbours' | undefined };

/** Options of `GeminiClusterer`. */
export interface GeminiClustererOptions {
  /** The most clusters, K; the objective may leave some empty. Default 3. */
  clusters?: number | undefined;
  /** The model; default `'mlp'`. */
  model?: ModelChoice | undefined;
  /** What is maximised: a name of `geminiNames`, or an objective of genmi. Default `'mmd_ova'`, `'mi'` for RIM. */
  objective?: GeminiName | Objective | undefined;
  /** The kernel of `'mmd_…'` and of the model `'kernel-rim'`; default `'linear'`. */
  kernel?: KernelChoice | undefined;
  /** The distance of `'wasserstein_…'`; default `'euclidean'`. */
  metric?: MetricChoice | undefined;
  /** Passes over the data; default: as many as have 2,000 steps, but at least 10 and at most 400. */
  epochs?: number | undefined;
  /** Samples of a step; default 500, `'wasserstein_…'` 200; all for the models `'categorical'` and `'kernel-rim'`. */
  batchSize?: number | undefined;
  /** The learning rate, > 0; default 1e-2, for the model `'categorical'` 0.1. */
  learningRate?: number | undefined;
  /** The optimiser; default `'adam'`. */
  optimizer?: OptimizerChoice | undefined;
  /** Penalties of parameters; default none, 0.1 of its own kind for RIM. */
  penalty?: Penalties | undefined;
  /** Virtual adversarial training: predictions stay the same where a sample moves a little. Default none. */
  vat?: VatChoice | undefined;
  /** Pairs of samples, by their row numbers, that belong together or apart; `factor` is their weight. */
  pairs?: PairConstraintsOptions | undefined;
  /** The seed of all random choices, an integer; default 0. */
  seed?: number | undefined;
  /**
   * Trainings from other initial values, of which the one with the smallest loss in its last epochs is kept; default 10.
   * Two run at a time, and wait for each other after each epoch. One runs at a time with `'wasserstein_…'`, with an
   * objective of your own, and where the network's inputs are more than 2^25 numbers.
   */
  restarts?: number | undefined;
  /**
   * End a training after this number of epochs without progress, 1e-4 of the loss. Default: never, where `epochs` is given
   * or an epoch is one step; else as many as have 100 steps, but at least 5.
   *
   * With a patience, a restart also ends where it is well behind the best one, or the one beside it: from twice the
   * patience on, its loss is more than 3 % above the other's at the same epoch. `temperature: 'restarts'` needs whole
   * restarts: none ends so.
   */
  patience?: number | undefined;
  /** The share of samples, in [0, 1), that are outliers: the least certain ones. Default 0. */
  outliers?: number | undefined;
  /**
   * Divides the logits of probabilities, > 0; labels do not change. Default 1.
   *
   * `'restarts'`: the one with which probabilities predict best what the other restarts find; it needs two or more.
   */
  temperature?: number | 'restarts' | undefined;
  /** The precision of the network and of the objective; default `'float32'`. */
  precision?: 'float32' | 'float64' | undefined;
  /** Initial parameters, as `parameters` returns them, instead of random ones and restarts. */
  start?: StartParameters | undefined;
}

/** The names of all options, for `checkOptions`. */
export const geminiOptions = [
  'clusters',
  'model',
  'objective',
  'kernel',
  'metric',
  'epochs',
  'batchSize',
  'learningRate',
  'optimizer',
  'penalty',
  'vat',
  'pairs',
  'seed',
  'restarts',
  'patience',
  'outliers',
  'temperature',
  'precision',
  'start',
] as const satisfies readonly (keyof GeminiClustererOptions)[];

/** Options that plain data can say; `'custom'` stands for a function or an objective. */
export type SavedOptions = Omit<GeminiClustererOptions, 'model' | 'objective' | 'start'> & {
  readonly model: Exclude<ModelChoice, MakeNetwork> | 'custom';
  readonly objective: GeminiName | { readonly custom: string };
};

/** Options after their checks. */
export interface Settings {
  readonly clusters: number;
  readonly model: Model;
  readonly objective: GeminiName | Objective;
  readonly kernel: KernelChoice;
  readonly metric: MetricChoice;
  readonly epochs: number | undefined;
  readonly batchSize: number | undefined;
  readonly optimizer: Optimizer;
  readonly penalty: Penalties;
  readonly vat: VatChoice | undefined;
  readonly pairs: Objective | undefined;
  /** The largest row number of the pairs; -1 without pairs. */
  readonly lastPaired: number;
  readonly seed: number;
  readonly restarts: number;
  readonly patience: number | undefined;
  readonly outliers: number;
  readonly temperature: number | 'restarts';
  readonly precision: 'float32' | 'float64';
  readonly start: StartParameters | undefined;
  readonly saved: SavedOptions;
}

const optional = <T>(value: T | undefined, check: (value: T) => number) =>
  value === undefined ? undefined : check(value);

/** @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE */
export function readSettings(options: GeminiClustererOptions): Settings {
  checkOptions(options, geminiOptions);
  const { clusters = 3, model = 'mlp', kernel = 'linear', metric = 'euclidean', seed = 0, start } = options;
  const { optimizer = 'adam', outliers = 0, temperature = 1, precision = 'float32' } = options;
  const { pairs, vat, epochs, batchSize, patience, restarts = start === undefined ? 10 : 1 } = options;
  const made = readModel(model);
  const { objective = made.objective, penalty = made.penalty, learningRate = made.learningRate } = options;
  checkGeometry({ kernel, metric });
  if (made.sees === 'kernel') entryOf(kernelOptions(kernel), 1);
  const settings = {
    clusters: checkCount('clusters', clusters),
    model: made,
    objective: readObjective(objective),
    kernel: copied(kernel),
    metric: copied(metric),
    epochs: optional(epochs, (value) => checkCount('epochs', value)),
    batchSize: optional(batchSize, (value) => checkCount('batchSize', value)),
    optimizer: makeOptimizer(optimizer, checkNumber('learningRate', learningRate, { min: 0, above: true })),
    penalty: copied(penalty),
    vat: copied(vat),
    pairs: pairs === undefined ? undefined : pairConstraints(pairs),
    lastPaired: pairs ? lastOf([...(pairs.mustLink ?? []), ...(pairs.cannotLink ?? [])]) : -1,
    seed: checkSeed(seed),
    restarts: checkCount('restarts', restarts),
    patience: optional(patience, (value) => checkCount('patience', value)),
    outliers: readRate(outliers),
    temperature: readTemperature(temperature, restarts),
    precision: oneOf('precision', precision, ['float32', 'float64']),
    start: copied(start),
  };
  if (start !== undefined && restarts > 1) throw outOfRange('restarts', '1 with a start', describe(restarts));
  return { ...settings, saved: savedOptions(options, settings, { model, learningRate, optimizer }) };
}

const copied = <T>(value: T): T => (typeof value === 'object' ? structuredClone(value) : value);

function readObjective(objective: unknown): GeminiName | Objective {
  const known = geminiNames.find((name) => name === objective);
  if (known !== undefined) return known;
  if (typeof objective === 'string') {
    throw outOfRange('objective', `one of ${geminiNames.join(', ')}`, describe(objective));
  }
  if (typeof objective !== 'object' || objective === null) {
    throw invalidType('objective', `one of ${geminiNames.join(', ')}, or an objective of genmi`, describe(objective));
  }
  scale(objective as Objective, 1); // refuses objectives of others
  return objective as Objective;
}

function makeOptimizer(choice: OptimizerChoice, learningRate: number): Optimizer {
  if (typeof choice !== 'string' && (typeof choice !== 'object' || choice === null)) {
    throw invalidType('optimizer', "'adam', 'sgd', 'rmsprop', or { name, … }", describe(choice));
  }
  const { name, ...options } = typeof choice === 'string' ? { name: choice } : choice;
  const place = typeof choice === 'string' ? 'optimizer' : 'optimizer.name';
  return { adam, sgd, rmsprop }[oneOf(place, name, ['adam', 'sgd', 'rmsprop'])]({ ...options, learningRate });
}

const lastOf = (pairs: Pairs): number => pairs.reduce((last, [a, b]) => Math.max(last, a, b), -1);

function readRate(outliers: unknown): number {
  const rate = checkNumber('outliers', outliers, { min: 0 });
  if (rate < 1) return rate;
  throw outOfRange('outliers', 'a share in [0, 1)', describe(outliers));
}

function readTemperature(temperature: unknown, restarts: number): number | 'restarts' {
  if (typeof temperature === 'number') return checkNumber('temperature', temperature, { min: 0, above: true });
  oneOf('temperature', temperature, ['restarts']);
  if (restarts >= 2) return 'restarts';
  throw outOfRange('restarts', "at least 2 for temperature: 'restarts'", describe(restarts));
}

function savedOptions(
  options: GeminiClustererOptions,
  settings: Omit<Settings, 'saved'>,
  given: { model: ModelChoice; learningRate: number; optimizer: OptimizerChoice },
): SavedOptions {
  const { clusters, objective, kernel, metric, penalty, vat, epochs, batchSize, patience } = settings;
  const { seed, restarts, outliers, temperature, precision } = settings;
  return {
    clusters,
    model: typeof given.model === 'function' ? 'custom' : copied(given.model),
    objective: typeof objective === 'string' ? objective : { custom: objective.name },
    kernel,
    metric,
    ...(epochs !== undefined && { epochs }),
    ...(batchSize !== undefined && { batchSize }),
    learningRate: given.learningRate,
    optimizer: copied(given.optimizer),
    penalty,
    ...(vat && { vat }),
    ...(options.pairs && { pairs: copied(options.pairs) }),
    seed,
    restarts,
    ...(patience !== undefined && { patience }),
    outliers,
    temperature,
    precision,
  };
}

/** The parts of a saved model that plain data cannot say. */
export interface CustomParts {
  /** The function that makes its network, where `model` was one. */
  readonly model?: MakeNetwork | undefined;
  /** Its objective, where that was no name; without it `score` and `fit` are refused. */
  readonly objective?: Objective | undefined;
}
