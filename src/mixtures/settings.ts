/** The options of Dirichlet-process mixtures, and the prior that follows from them. */
import { describe, outOfRange } from '../errors.js';
import type { MatrixLike } from '../matrix.js';
import { checkNumber, checkOptions, oneOf } from '../options.js';
import { checkFinite, readNumbers, type Vector } from './gaussians.js';
import type { Family, Prior } from './posterior.js';
import type { LastStick } from './sticks.js';

/** Options of a `DirichletProcessMixture`. */
export interface DirichletProcessMixtureOptions {
  /** The most components T, >= 2; those that the data do not ask for stay empty. Default 20. */
  truncation?: number | undefined;
  /** Independent features, or a covariance for each component. Default `'diagonal'`. */
  covariance?: 'diagonal' | 'full' | undefined;
  /** gamma > 0: larger ones spread the weight over more components. Default 1; 1 / T with `compat`. */
  concentration?: number | undefined;
  /** The last component gets the rest of the stick: `'one'` (default), or a part of it: `'sklearn'` (with `compat`). */
  lastStick?: 'one' | 'sklearn' | undefined;
  /** m_0, d numbers; default: the mean of the samples. */
  meanPrior?: Vector | undefined;
  /** b_0 > 0, how many samples m_0 counts for; default 1. */
  meanPrecisionPrior?: number | undefined;
  /** nu_0 > d - 1, how many samples the prior of a covariance counts for; default d. */
  degreesOfFreedomPrior?: number | undefined;
  /** D_0: d numbers > 0, or a d x d matrix with `covariance: 'full'`; default: the variances or the covariance of the samples. */
  covariancePrior?: Vector | MatrixLike | undefined;
  /** Added to the variances of samples, >= 0; default 0, 1e-6 with `compat`. */
  regularization?: number | undefined;
  /** The most iterations of `fit`, >= 1; default 100. */
  maxIterations?: number | undefined;
  /** `fit` ends where the lower bound changes by less, >= 0; default 1e-3. */
  tolerance?: number | undefined;
  /** The seed of k-means, an integer in [0, 2^53); default 0. */
  seed?: number | undefined;
  /** Compute as scikit-learn's BayesianGaussianMixture does; its lower bound of diagonal models may fall. */
  compat?: 'sklearn' | undefined;
}

/** All options; null where the samples tell. JSON keeps it without loss. */
export interface Settings {
  readonly truncation: number;
  readonly covariance: 'diagonal' | 'full';
  readonly concentration: number;
  readonly lastStick: LastStick;
  readonly meanPrecisionPrior: number;
  readonly degreesOfFreedomPrior: number | null;
  readonly regularization: number;
  readonly maxIterations: number;
  readonly tolerance: number;
  readonly seed: number;
  readonly compat: 'sklearn' | null;
  readonly meanPrior: readonly number[] | null;
  readonly covariancePrior: readonly number[] | null;
}

const SIZES = { min: 1, max: 2 ** 20, integer: true } as const;

const optionNames = [
  'truncation',
  'covariance',
  'concentration',
  'lastStick',
  'meanPrior',
  'meanPrecisionPrior',
  'degreesOfFreedomPrior',
  'covariancePrior',
  'regularization',
  'maxIterations',
  'tolerance',
  'seed',
  'compat',
] as const;

/** Checks options, and fills in defaults. */
export function toSettings(options: DirichletProcessMixtureOptions, argument = 'options'): Settings {
  checkOptions(options, optionNames, argument);
  const compat = options.compat === undefined ? null : oneOf('compat', options.compat, ['sklearn']);
  const truncation = checkNumber('truncation', options.truncation ?? 20, { ...SIZES, min: 2 });
  const freedom = options.degreesOfFreedomPrior;
  return {
    truncation,
    covariance: oneOf('covariance', options.covariance ?? 'diagonal', ['diagonal', 'full']),
    concentration: positive('concentration', options.concentration ?? (compat ? 1 / truncation : 1)),
    lastStick: oneOf('lastStick', options.lastStick ?? (compat ? 'sklearn' : 'one'), ['one', 'sklearn']),
    meanPrecisionPrior: positive('meanPrecisionPrior', options.meanPrecisionPrior ?? 1),
    degreesOfFreedomPrior: freedom === undefined ? null : positive('degreesOfFreedomPrior', freedom),
    regularization: checkNumber('regularization', options.regularization ?? (compat ? 1e-6 : 0), { min: 0 }),
    maxIterations: checkNumber('maxIterations', options.maxIterations ?? 100, SIZES),
    tolerance: checkNumber('tolerance', options.tolerance ?? 1e-3, { min: 0 }),
    seed: checkNumber('seed', options.seed ?? 0, { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true }),
    compat,
    meanPrior: listOf('meanPrior', options.meanPrior),
    covariancePrior: listOf('covariancePrior', options.covariancePrior),
  };
}

function positive(argument: string, value: unknown): number {
  const number = checkNumber(argument, value);
  if (number > 0) return number;
  throw outOfRange(argument, 'a finite number > 0', describe(number));
}

function listOf(argument: string, value: unknown): readonly number[] | null {
  return value === undefined ? null : [...checkFinite(readNumbers(argument, value)).data];
}

export function isFull({ covariance }: Settings): boolean {
  return covariance === 'full';
}

export function familyOf({ compat, covariance }: Settings): Family {
  return compat && covariance === 'diagonal' ? 'sklearn-diagonal' : covariance;
}

/** The prior for n samples with this mean, and these sums of squares or products of differences from it. */
export function priorOf(settings: Settings, n: number, mean: Float64Array, products: Float64Array): Prior {
  const d = mean.length;
  checkLength('meanPrior', settings.meanPrior, d, d);
  checkLength('covariancePrior', settings.covariancePrior, products.length, d);
  const freedom = settings.degreesOfFreedomPrior ?? d;
  if (!(freedom > d - 1))
    throw outOfRange('degreesOfFreedomPrior', `a number > ${d - 1} for ${d} features`, `${freedom}`);
  const scatter = Float64Array.from(settings.covariancePrior ?? products.map((product) => product / (n - 1)));
  const variances = isFull(settings) ? scatter.filter((_, at) => at % (d + 1) === 0) : scatter;
  const constant = variances.findIndex((variance) => !(variance > 0));
  if (constant >= 0 && settings.covariancePrior !== null)
    throw outOfRange('covariancePrior', 'variances > 0', `${variances[constant]} for feature ${constant}`);
  if (constant >= 0) {
    const remedy = 'remove it, or give covariancePrior';
    throw outOfRange('x', 'features that vary', `the constant feature ${constant}`, remedy);
  }
  const { meanPrecisionPrior: meanPrecision } = settings;
  return { mean: Float64Array.from(settings.meanPrior ?? mean), meanPrecision, freedom, scatter };
}

function checkLength(argument: string, given: readonly number[] | null, length: number, d: number): void {
  if (given === null || given.length === length) return;
  throw outOfRange(argument, `${length} numbers for ${d} features`, `${given.length}`);
}

/** The options that have these settings. */
export function toOptions(settings: Settings): DirichletProcessMixtureOptions {
  const given = Object.entries(settings).filter(([, value]) => value !== null);
  return Object.fromEntries(given.map(([name, value]) => [name, Array.isArray(value) ? [...value] : value]));
}
