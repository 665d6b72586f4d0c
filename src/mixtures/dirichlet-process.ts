/** Mixtures of Gaussians with as many components as the data ask for. */
import { mark, notOurs } from '../copies.js';
import { invalidType, outOfRange } from '../errors.js';
import { type AsyncOptions, asyncOptions, runJob } from '../jobs.js';
import { type Matrix, type MatrixLike, toMatrix } from '../matrix.js';
import { allocate } from '../memory.js';
import { native } from '../native.js';
import { SampleCopy } from '../networks/data.js';
import { checkBoolean, checkNumber, checkOptions } from '../options.js';
import { type Fit, Fitting } from './fitting.js';
import type { DiagonalGaussian, FullGaussian } from './gaussians.js';
import { Passes } from './passes.js';
import { densitiesOf } from './posterior.js';
import { type DirichletProcessMixtureModel, fitOf, modelOf } from './saved.js';
import { type DirichletProcessMixtureOptions, isFull, type Settings, toOptions, toSettings } from './settings.js';
import { candidatesOf, randomOf } from './start.js';
import { normalised } from './sticks.js';
import { atOnce } from './turns.js';

/** Options of `fit`. */
export interface MixtureFitOptions extends AsyncOptions {
  /** N x T probabilities to start from, instead of k-means. */
  responsibilities?: MatrixLike | undefined;
  /** Start from the components that an earlier `fit` has found. Default false. */
  warmStart?: boolean | undefined;
}

/** A component with less has no sample. */
const LEAST_COUNT = 1;
/** Rows that are predicted at once. */
const BLOCK = 4096;

/**
 * A mixture of Gaussians with the weights of a Dirichlet process, fitted by variational inference: the data tell how many
 * components there are, up to the truncation T.
 *
 * Weights are pi_k = V_k prod_{j<k} (1 - V_j) with V_k ~ Beta(1, gamma). Independent features have Normal-Gamma priors, of
 * shape nu_0 / 2 and rate D_0 / 2; covariances have Normal-Wishart priors. All numbers are float64. Native threads do the
 * work, off the event loop, with the same bits for any number of them.
 *
 * Cost of an iteration: O(N T d); with covariances O(N T d^2 + T d^3).
 *
 * Sources: Blei, Jordan, "Variational Inference for Dirichlet Process Mixtures", 2006; Bishop, "Pattern Recognition and
 * Machine Learning", 2006, section 10.2; with `compat`, scikit-learn's BayesianGaussianMixture.
 */
export class DirichletProcessMixture {
  readonly #settings: Settings;
  #fit: Fit | undefined;

  /** @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE for other options. */
  constructor(options: DirichletProcessMixtureOptions = {}) {
    this.#settings = toSettings(options);
  }

  static {
    mark(DirichletProcessMixture.prototype, 'DirichletProcessMixture');
  }

  /** Returns the mixture. Throws where it is another copy's, or a proxy. */
  static #own(mixture: unknown): DirichletProcessMixture {
    if (typeof mixture === 'object' && mixture !== null && #settings in mixture) return mixture;
    throw notOurs('mixture', 'DirichletProcessMixture', mixture, DirichletProcessMixture.prototype);
  }

  static #fitted(mixture: unknown): Fit {
    const fit = DirichletProcessMixture.#own(mixture).#fit;
    if (fit !== undefined) return fit;
    throw invalidType('mixture', 'a fitted mixture', 'one without components', 'call fit first');
  }

  static #with(options: DirichletProcessMixtureOptions, fit: Fit): DirichletProcessMixture {
    const mixture = new DirichletProcessMixture(options);
    mixture.#fit = fit;
    return mixture;
  }

  /**
   * Finds the components of samples, from the clusters of k-means. A call that fails or is aborted changes nothing.
   *
   * The samples are copied in the first turns of the event loop: leave them as they are until the call has ended.
   * `onProgress` gets the share of `maxIterations` that is done; a fit may end earlier.
   *
   * @param x N x d finite numbers, N >= 2.
   * @returns the mixture itself.
   * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE, also for constant features without a
   * `covariancePrior`; GenmiError ERR_OUT_OF_MEMORY; the signal's reason.
   */
  async fit(x: MatrixLike, options: MixtureFitOptions = {}): Promise<this> {
    const own = DirichletProcessMixture.#own(this);
    const settings = own.#settings;
    own.#fit = await runJob(options, async (job) => {
      checkOptions(options, [...asyncOptions, 'responsibilities', 'warmStart']);
      const matrix = readSamples(x);
      const [n, d] = matrix.shape;
      const components = checkBoolean('warmStart', options.warmStart ?? false) ? own.#fit : undefined;
      if (components !== undefined) checkColumns(matrix, components);
      const responsibilities = readResponsibilities(options.responsibilities, n, settings.truncation);
      const next = randomOf(settings.seed);
      const candidates = candidatesOf(matrix, settings.truncation, next);
      const copy = new SampleCopy([matrix.data, n, d, 1, 0]);
      const samples = await copy.finishInTurns(job, () => !options.signal?.aborted);
      const fitting = new Fitting(settings, new Passes(samples, matrix, job), matrix.shape);
      return fitting.run({ candidates, next, responsibilities, components });
    });
    return this;
  }

  /**
   * The likeliest component of each row, in [0, T); the first one of several.
   *
   * @param x n x d finite numbers.
   * @throws TypeError ERR_INVALID_ARG_TYPE, also before `fit`; RangeError ERR_OUT_OF_RANGE; GenmiError ERR_OUT_OF_MEMORY.
   */
  predict(x: MatrixLike): Int32Array {
    const fit = DirichletProcessMixture.#fitted(this);
    const { data, shape } = checkColumns(toMatrix('x', x), fit);
    const [n, d] = shape;
    const labels = allocate(Int32Array, n, () => `The components of ${n} samples`, 'predict fewer samples at once');
    for (let first = 0; first < n; first += BLOCK) {
      const rows = Math.min(BLOCK, n - first);
      const block = { data: data.subarray(first * d, (first + rows) * d), shape: [rows, d] as const };
      labels.set(largestOfRows(probabilitiesOf(block, fit, first), rows), first);
    }
    return labels;
  }

  /** The probability of each component for each row, n x T: each row sums to 1. Arguments and errors: as `predict`. */
  predictProba(x: MatrixLike): Matrix<Float64Array> {
    const fit = DirichletProcessMixture.#fitted(this);
    const matrix = checkColumns(toMatrix('x', x), fit);
    return { data: probabilitiesOf(matrix, fit, 0), shape: [matrix.shape[0], fit.weights.length] };
  }

  /** `[T]` expected weights of the components, which sum to 1. */
  get weights(): Float64Array {
    return DirichletProcessMixture.#fitted(this).weights.slice();
  }

  /** T x d expected means of the components. */
  get means(): Matrix<Float64Array> {
    const { posterior, weights, prior } = DirichletProcessMixture.#fitted(this);
    return { data: posterior.means.slice(), shape: [weights.length, prior.mean.length] };
  }

  /** Inverses of the expected precisions, D_k / nu_k, row by row: T x d variances, or T x d x d covariances. */
  get covariances(): Float64Array {
    const { posterior, prior } = DirichletProcessMixture.#fitted(this);
    const squares = prior.scatter.length;
    return posterior.scatters.map((entry, at) => entry / (posterior.freedoms[Math.floor(at / squares)] as number));
  }

  /** `[T]` how many samples of `fit` each component has: their probabilities, summed. */
  get counts(): Float64Array {
    return DirichletProcessMixture.#fitted(this).counts.slice();
  }

  /** The number of components that have at least one sample of `fit`. */
  get clusters(): number {
    return DirichletProcessMixture.#fitted(this).counts.filter((count) => count >= LEAST_COUNT).length;
  }

  /**
   * The lower bound of the log evidence, in nats: no iteration lowers it. With `compat` the bound of scikit-learn, which
   * leaves constants out.
   */
  get lowerBound(): number {
    return DirichletProcessMixture.#fitted(this).history.at(-1) as number;
  }

  /** The lower bound after each iteration. */
  get history(): readonly number[] {
    return [...DirichletProcessMixture.#fitted(this).history];
  }

  /** Whether `fit` ended by its tolerance. */
  get converged(): boolean {
    return DirichletProcessMixture.#fitted(this).converged;
  }

  /** Component k, in [0, T), as a Gaussian for `alphaJs`: its expected mean, and its variances or its covariance. */
  component(k: number): DiagonalGaussian | FullGaussian {
    const { weights, posterior, prior } = DirichletProcessMixture.#fitted(this);
    const index = checkNumber('k', k, { min: 0, max: weights.length - 1, integer: true });
    const [d, squares] = [prior.mean.length, prior.scatter.length];
    const mean = posterior.means.slice(index * d, (index + 1) * d);
    const spread = this.covariances.slice(index * squares, (index + 1) * squares);
    if (!isFull(DirichletProcessMixture.#own(this).#settings)) return { mean, variance: spread };
    return { mean, covariance: { data: spread, shape: [d, d] } };
  }

  /**
   * A mixture of the components alone that have at least `least` samples, default 1: fewer to predict with.
   *
   * @throws RangeError ERR_OUT_OF_RANGE where no component has as many.
   */
  pruned(least: number = LEAST_COUNT): DirichletProcessMixture {
    const fit = DirichletProcessMixture.#fitted(this);
    checkNumber('least', least, { min: 0 });
    const kept = Array.from(fit.counts.keys()).filter((k) => (fit.counts[k] as number) >= least);
    if (kept.length === 0)
      throw outOfRange('least', `at most ${Math.max(...fit.counts)}, the largest count`, `${least}`);
    const only = (numbers: Float64Array) => {
      const length = numbers.length / fit.counts.length;
      return Float64Array.from(kept.flatMap((k) => [...numbers.subarray(k * length, (k + 1) * length)]));
    };
    const { family, counts, means, meanPrecisions, freedoms, scatters } = fit.posterior;
    const posterior = {
      family,
      counts: only(counts),
      means: only(means),
      meanPrecisions: only(meanPrecisions),
      freedoms: only(freedoms),
      scatters: only(scatters),
    };
    const logWeights = only(fit.logWeights);
    const { parameters } = atOnce(densitiesOf(posterior, fit.prior, logWeights));
    const parts = { posterior, logWeights, parameters, counts: only(fit.counts) };
    return DirichletProcessMixture.#with(toOptions(DirichletProcessMixture.#own(this).#settings), {
      ...fit,
      ...parts,
      weights: normalised(only(fit.weights)),
    });
  }

  /** The fitted mixture as a plain object, which JSON keeps without loss. */
  save(): DirichletProcessMixtureModel {
    return modelOf(DirichletProcessMixture.#own(this).#settings, DirichletProcessMixture.#fitted(this));
  }

  /**
   * The mixture that `save` wrote: its predictions have the same bits.
   *
   * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE for numbers that do not fit.
   */
  static load(model: DirichletProcessMixtureModel): DirichletProcessMixture {
    const { options, fit } = fitOf(model);
    return DirichletProcessMixture.#with(options, fit);
  }
}

function readSamples(x: MatrixLike): Matrix {
  const matrix = toMatrix('x', x);
  const [n, d] = matrix.shape;
  if (n < 2) throw outOfRange('x', 'at least 2 rows', `${n}`);
  if (d === 0) throw outOfRange('x', 'at least one column', 'none');
  return matrix;
}

function checkColumns(x: Matrix, { prior: { mean } }: Pick<Fit, 'prior'>): Matrix {
  const [, d] = x.shape;
  if (d === mean.length) return x;
  throw outOfRange('x', `${mean.length} columns, as the samples of fit have`, `${d}`);
}

/** Copies probabilities of components: rows of numbers >= 0 that sum to 1. */
function readResponsibilities(given: MatrixLike | undefined, n: number, count: number): Float64Array | null {
  if (given === undefined) return null;
  const { data, shape } = toMatrix('responsibilities', given);
  if (shape[0] !== n || shape[1] !== count)
    throw outOfRange('responsibilities', `${n} x ${count} numbers, samples x truncation`, shape.join(' x '));
  const copy = allocate(Float64Array, n * count, () => 'A copy of responsibilities', 'lower the truncation');
  copy.set(data);
  for (let i = 0; i < n; i++) {
    let [sum, least] = [0, 0];
    for (let at = i * count; at < (i + 1) * count; at++) {
      sum += copy[at] as number;
      least = Math.min(least, copy[at] as number);
    }
    if (Math.abs(sum - 1) <= 1e-4 && least >= 0) continue;
    throw outOfRange('responsibilities', 'rows of numbers >= 0 that sum to 1', `a sum of ${sum} in row ${i}`);
  }
  return copy;
}

function probabilitiesOf(x: Matrix, { parameters, weights, prior }: Fit, firstRow: number): Float64Array {
  const [n, d] = x.shape;
  const count = weights.length;
  const what = () => `The probabilities of ${n} samples`;
  const out = allocate(Float64Array, n * count, what, 'predict fewer samples at once');
  if (n === 0) return out;
  const samples = new SampleCopy([x.data, n, d, 1, 0]).finish();
  native.mixturePass(samples, parameters, count, prior.scatter.length === d, false, null, out, 0);
  const wrong = out.findIndex((p) => !(p >= 0));
  if (wrong < 0) return out;
  const row = Math.floor(wrong / count);
  const numbers = x.data.slice(row * d, (row + 1) * d);
  const received = `${numbers.find((number: number) => !Number.isFinite(number)) ?? 'an overflow'} in row ${firstRow + row}`;
  throw outOfRange('x', 'finite numbers', received);
}

function largestOfRows(probabilities: Float64Array, rows: number): Int32Array {
  const count = probabilities.length / rows;
  return Int32Array.from({ length: rows }, (_, i) => {
    let best = 0;
    for (let k = 1; k < count; k++)
      if ((probabilities[i * count + k] as number) > (probabilities[i * count + best] as number)) best = k;
    return best;
  });
}
