/** Gaussian mixtures: expectation and maximisation from the labels of k-means. */
import type { Matrix, MatrixLike } from 'genmi';
import { largestOfRows } from '../base/labels.js';
import { readFeatures, readMatrix } from '../base/matrix.js';
import { checkCount, checkNumber, checkOptions, checkSeed, oneOf } from '../base/options.js';
import { type FitOptions, fitOptions, Pace } from '../base/pace.js';
import { describe, invalidType, outOfRange } from '../errors.js';
import { checkSaved, type Estimator, fitted, type SavedModel } from './estimator.js';
import {
  type CovarianceKind,
  covarianceCount,
  covarianceKinds,
  type Densities,
  densitiesOf,
  type Gaussians,
  Moments,
  parameterCount,
  posteriors,
} from './gaussians.js';
import { KMeans } from './k-means.js';

/** The parameters of a mixture of K normal densities over d features, as nested arrays. */
export interface MixtureParameters {
  /** `[K]` weights > 0, which sum to 1. */
  readonly weights: readonly number[];
  /** K x d means. */
  readonly means: readonly (readonly number[])[];
  /** All numbers of the covariances in row-major order, nested or not: see `CovarianceKind`. */
  readonly covariances: readonly unknown[];
}

/** Options of `GaussianMixture`. */
export interface GaussianMixtureOptions {
  /** The number of components, which are the clusters; default 1, as in scikit-learn. */
  clusters?: number | undefined;
  /** The form of the covariances; default `'full'`. */
  covariance?: CovarianceKind | undefined;
  /** Runs from different k-means labels, of which the likeliest is kept; default 1. */
  restarts?: number | undefined;
  /** The most iterations of a run; default 100. */
  maxIterations?: number | undefined;
  /** A run ends when the mean log-likelihood changes by less; default 1e-3. */
  tolerance?: number | undefined;
  /** Added to all variances, >= 0; default 1e-4 (scikit-learn: 1e-6). */
  regularization?: number | undefined;
  /** The seed of all random choices, an integer; default 0. */
  seed?: number | undefined;
  /** Parameters to start from, instead of k-means and restarts. */
  start?: MixtureParameters | undefined;
}

type Settings = Required<Omit<GaussianMixtureOptions, 'start'>>;

/** A fitted Gaussian mixture as a plain object. */
export interface GaussianMixtureModel extends SavedModel {
  readonly estimator: 'gaussian-mixture';
  readonly version: 1;
  readonly options: { [name in keyof Settings]: NonNullable<Settings[name]> };
  readonly weights: number[];
  readonly means: number[][];
  readonly covariances: number[];
  readonly labels: number[];
  readonly logLikelihood: number;
  readonly iterations: number;
  readonly converged: boolean;
}

interface Fit {
  readonly gaussians: Gaussians;
  readonly densities: Densities;
  readonly labels: Int32Array;
  readonly logLikelihood: number;
  readonly iterations: number;
  readonly converged: boolean;
}

const settingNames = [
  'clusters',
  'covariance',
  'restarts',
  'maxIterations',
  'tolerance',
  'regularization',
  'seed',
] as const;

/**
 * A mixture of normal densities, fitted by expectation and maximisation in float64.
 *
 * Cost of an iteration: O(N K d^2), for diagonal and spherical covariances O(N K d).
 *
 * @see Dempster, Laird and Rubin, J. R. Stat. Soc. B 39 (1977); scikit-learn's `GaussianMixture`
 */
export class GaussianMixture implements Estimator<GaussianMixtureModel> {
  readonly #options: GaussianMixtureModel['options'];
  readonly #start: MixtureParameters | undefined;
  #fit: Fit | undefined;

  /** @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE */
  constructor(options: GaussianMixtureOptions = {}) {
    checkOptions(options, [...settingNames, 'start']);
    const { start, clusters = start?.weights?.length ?? 1, covariance = 'full' } = options;
    const { restarts = 1, maxIterations = 100, tolerance = 1e-3, regularization = 1e-4, seed = 0 } = options;
    this.#options = {
      clusters: checkCount('clusters', clusters),
      covariance: oneOf('covariance', covariance, covarianceKinds),
      restarts: checkCount('restarts', restarts),
      maxIterations: checkCount('maxIterations', maxIterations),
      tolerance: checkNumber('tolerance', tolerance, { min: 0 }),
      regularization: checkNumber('regularization', regularization, { min: 0 }),
      seed: checkSeed(seed),
    };
    if (start !== undefined) gaussiansOf('start', start, this.#options);
    this.#start = start;
  }

  get labels(): Int32Array {
    return fitted(this.#fit, 'GaussianMixture').labels;
  }

  /** `[K]` weights of the components, which sum to 1. */
  get weights(): Float64Array {
    return fitted(this.#fit, 'GaussianMixture').gaussians.weights;
  }

  /** K x d means of the components. */
  get means(): Matrix<Float64Array> {
    const { means, weights } = fitted(this.#fit, 'GaussianMixture').gaussians;
    return { data: means, shape: [weights.length, means.length / weights.length] };
  }

  /** The covariances, row-major: see `CovarianceKind`. */
  get covariances(): Float64Array {
    return fitted(this.#fit, 'GaussianMixture').gaussians.covariances;
  }

  /** The mean over the samples of `fit` of their log density. */
  get logLikelihood(): number {
    return fitted(this.#fit, 'GaussianMixture').logLikelihood;
  }

  /** Iterations of the run that was kept. */
  get iterations(): number {
    return fitted(this.#fit, 'GaussianMixture').iterations;
  }

  /** Whether that run ended by its tolerance. */
  get converged(): boolean {
    return fitted(this.#fit, 'GaussianMixture').converged;
  }

  /**
   * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE, also for fewer samples than clusters, and for a
   *   covariance that is not positive definite
   */
  async fit(x: MatrixLike, options: FitOptions = {}): Promise<this> {
    checkOptions(options, fitOptions);
    const pace = new Pace(options);
    const matrix = readMatrix('x', x);
    const [n, d] = matrix.shape;
    const { clusters, restarts } = this.#options;
    if (n < clusters) throw outOfRange('x', `at least ${clusters} rows for as many clusters`, `${n}`);
    const start = this.#start && gaussiansOf('start', this.#start, this.#options, d);
    const runs = start ? 1 : restarts;
    let best: Fit | undefined;
    for (let run = 0; run < runs && !(best && pace.stopped); run++) {
      const share = (done: number) => (run + done) / runs;
      const first = start ?? (await this.#fromKMeans(matrix, run, options, pace, share));
      const result = await expectationMaximization(matrix, first, this.#options, pace, share);
      if (!best || result.logLikelihood > best.logLikelihood) best = result;
    }
    await pace.end();
    this.#fit = best;
    return this;
  }

  /** The most likely parameters for the labels of k-means, one run of it. */
  async #fromKMeans(
    matrix: Matrix,
    run: number,
    { signal, stop }: FitOptions,
    pace: Pace,
    share: (done: number) => number,
  ): Promise<Gaussians> {
    const { clusters, seed, regularization, covariance } = this.#options;
    const labels = await new KMeans({ clusters, restarts: 1, seed: seed + run }).fitPredict(matrix, { signal, stop });
    const probabilities = new Float64Array(labels.length * clusters);
    for (const [i, label] of labels.entries()) probabilities[i * clusters + label] = 1;
    return maximize(matrix, probabilities, covariance, clusters, regularization, pace, share(0));
  }

  async fitPredict(x: MatrixLike, options: FitOptions = {}): Promise<Int32Array> {
    return (await this.fit(x, options)).labels;
  }

  /** The likeliest component of each row; of equally likely ones the first. */
  predict(x: MatrixLike): Int32Array {
    const { data, shape } = this.predictProba(x);
    return largestOfRows(data, shape[1]);
  }

  /** N x K probabilities of the components; each row sums to 1. */
  predictProba(x: MatrixLike): Matrix<Float64Array> {
    return this.#posteriors(x).probabilities;
  }

  /** The mean log density of these samples. */
  score(x: MatrixLike): number {
    const { total, probabilities } = this.#posteriors(x);
    return total / probabilities.shape[0];
  }

  /** Bayes' information criterion of these samples, -2 N score + parameters log N: lower is better. */
  bic(x: MatrixLike): number {
    const { total, probabilities, parameters } = this.#posteriors(x);
    return parameters * Math.log(probabilities.shape[0]) - 2 * total;
  }

  /** Akaike's information criterion of these samples, -2 N score + 2 parameters: lower is better. */
  aic(x: MatrixLike): number {
    const { total, parameters } = this.#posteriors(x);
    return 2 * parameters - 2 * total;
  }

  #posteriors(x: MatrixLike) {
    const { gaussians, densities } = fitted(this.#fit, 'GaussianMixture');
    const { kind, weights, means } = gaussians;
    const k = weights.length;
    const matrix = readFeatures(x, means.length / k);
    const [n, d] = matrix.shape;
    const data = new Float64Array(n * k);
    const total = posteriors(matrix, densities, data, 0, n);
    return { total, probabilities: { data, shape: [n, k] as const }, parameters: parameterCount(kind, k, d) };
  }

  save(): GaussianMixtureModel {
    const { gaussians, labels, logLikelihood, iterations, converged } = fitted(this.#fit, 'GaussianMixture');
    const { weights, covariances } = gaussians;
    const { data, shape } = this.means;
    const means = Array.from(weights, (_, c) => Array.from(data.subarray(c * shape[1], (c + 1) * shape[1])));
    return {
      estimator: 'gaussian-mixture',
      version: 1,
      options: { ...this.#options },
      weights: Array.from(weights),
      means,
      covariances: Array.from(covariances),
      labels: Array.from(labels),
      logLikelihood,
      iterations,
      converged,
    };
  }

  /** The estimator that `save` wrote. @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE */
  static load(model: GaussianMixtureModel): GaussianMixture {
    const { options, labels, logLikelihood, iterations, converged } = checkSaved(model, 'gaussian-mixture', 1);
    const loaded = new GaussianMixture(options);
    const gaussians = gaussiansOf('model', model, loaded.#options);
    const densities = densitiesOf(gaussians);
    loaded.#fit = { gaussians, densities, labels: Int32Array.from(labels), logLikelihood, iterations, converged };
    return loaded;
  }
}

/** Reads parameters, and checks that their numbers fit. */
function gaussiansOf(
  argument: string,
  parameters: MixtureParameters,
  { clusters: k, covariance: kind }: Pick<GaussianMixtureModel['options'], 'clusters' | 'covariance'>,
  columns?: number,
): Gaussians {
  const { weights, means, covariances } = Object(parameters) as Partial<MixtureParameters>;
  if (!Array.isArray(weights) || !Array.isArray(means) || !Array.isArray(covariances)) {
    throw invalidType(argument, 'an object { weights, means, covariances } of arrays', describe(parameters));
  }
  if (weights.length !== k) throw outOfRange(`${argument}.weights`, `${k} numbers`, `${weights.length}`);
  for (const [c, weight] of weights.entries()) checkNumber(`${argument}.weights[${c}]`, weight, { min: 0 });
  const { data, shape } = readMatrix(`${argument}.means`, means) as Matrix<Float64Array>;
  const d = columns ?? shape[1];
  if (shape[0] !== k || shape[1] !== d) {
    throw outOfRange(`${argument}.means`, `a ${k} x ${d} matrix`, `one of ${shape[0]} x ${shape[1]}`);
  }
  const numbers = covariances.flat(2).map((value, e) => checkNumber(`${argument}.covariances[${e}]`, value));
  const count = covarianceCount(kind, k, d);
  if (numbers.length !== count) {
    throw outOfRange(`${argument}.covariances`, `${count} numbers for ${kind} ones`, `${numbers.length}`);
  }
  return { kind, weights: Float64Array.from(weights), means: data, covariances: Float64Array.from(numbers) };
}

/** Alternates between the probabilities of components and the parameters that make the samples likeliest. */
async function expectationMaximization(
  matrix: Matrix,
  start: Gaussians,
  { maxIterations, tolerance, regularization }: GaussianMixtureModel['options'],
  pace: Pace,
  share: (done: number) => number,
): Promise<Fit> {
  const n = matrix.shape[0];
  const k = start.weights.length;
  const probabilities = new Float64Array(n * k);
  let gaussians = start;
  let before = -Infinity;
  let [iterations, converged] = [0, false];
  do {
    const done = share(iterations / maxIterations);
    const total = await expect(matrix, densitiesOf(gaussians), probabilities, pace, done);
    gaussians = await maximize(matrix, probabilities, start.kind, k, regularization, pace, done);
    iterations += 1;
    converged = Math.abs(total / n - before) < tolerance;
    before = total / n;
    pace.standing = { objective: before, clusters: k };
  } while (iterations < maxIterations && !converged && !pace.stopped);
  // The last parameters' own probabilities, so that labels are those of `predict`.
  const densities = densitiesOf(gaussians);
  const total = await expect(matrix, densities, probabilities, pace, share(1));
  const labels = largestOfRows(probabilities, k);
  return { gaussians, densities, labels, logLikelihood: total / n, iterations, converged };
}

/** Rows between two looks at the clock. */
const PIECE = 512;

async function expect(
  matrix: Matrix,
  densities: Densities,
  probabilities: Float64Array,
  pace: Pace,
  done: number,
): Promise<number> {
  const n = matrix.shape[0];
  let total = 0;
  for (let first = 0; first < n; first += PIECE) {
    total += posteriors(matrix, densities, probabilities, first, Math.min(n, first + PIECE));
    if (pace.due) await pace.rest(done);
  }
  return total;
}

async function maximize(
  matrix: Matrix,
  probabilities: Float64Array,
  kind: CovarianceKind,
  k: number,
  regularization: number,
  pace: Pace,
  done: number,
): Promise<Gaussians> {
  const [n, d] = matrix.shape;
  const moments = new Moments(kind, k, d);
  for (let first = 0; first < n; first += PIECE) {
    moments.addToMeans(matrix, probabilities, first, Math.min(n, first + PIECE));
  }
  moments.divideMeans();
  for (let first = 0; first < n; first += PIECE) {
    moments.addToSquares(matrix, probabilities, first, Math.min(n, first + PIECE));
    if (pace.due) await pace.rest(done);
  }
  return moments.result(regularization);
}
