/** Normal densities with full, tied, diagonal or spherical covariances: the inner loops of Gaussian mixtures. */
import type { Matrix } from 'genmi';
import { outOfRange } from '../errors.js';

/** The forms of covariances. */
export const covarianceKinds = ['full', 'tied', 'diagonal', 'spherical'] as const;

/**
 * The form of the covariances of K components over d features: `'full'` K x d x d, `'tied'` one d x d for all,
 * `'diagonal'` K x d, `'spherical'` K variances.
 */
export type CovarianceKind = (typeof covarianceKinds)[number];

/** The parameters of K weighted normal densities over d features. */
export interface Gaussians {
  readonly kind: CovarianceKind;
  /** `[K]` weights, which sum to 1. */
  readonly weights: Float64Array;
  /** K x d means. */
  readonly means: Float64Array;
  /** All covariances, in the order of their kind. */
  readonly covariances: Float64Array;
}

/** The numbers that covariances of K components over d features consist of. */
export function covarianceCount(kind: CovarianceKind, k: number, d: number): number {
  return { full: k * d * d, tied: d * d, diagonal: k * d, spherical: k }[kind];
}

/** The free parameters of a mixture. */
export function parameterCount(kind: CovarianceKind, k: number, d: number): number {
  const ofCovariances = { full: (k * d * (d + 1)) / 2, tied: (d * (d + 1)) / 2, diagonal: k * d, spherical: k }[kind];
  return k - 1 + k * d + ofCovariances;
}

/** Inverse Cholesky factors, or inverse standard deviations, and log weights with all constants. */
export interface Densities {
  readonly kind: CovarianceKind;
  readonly means: Float64Array;
  /** For each component, or once for `'tied'`: the lower triangle L^-1 of covariance L L', d x d; else 1 / deviation. */
  readonly factors: Float64Array;
  /** `[K]` log weight - d/2 log 2 pi - 1/2 log |covariance|. */
  readonly constants: Float64Array;
}

/**
 * Prepares the densities of samples.
 *
 * @throws RangeError ERR_OUT_OF_RANGE where a covariance is not positive definite
 */
export function densitiesOf({ kind, weights, means, covariances }: Gaussians): Densities {
  const k = weights.length;
  const d = means.length / k;
  const factors = kind === 'full' || kind === 'tied' ? new Float64Array(covariances.length) : inverseRoots(covariances);
  if (kind === 'full' || kind === 'tied') {
    for (let at = 0; at < factors.length; at += d * d) invertCholesky(covariances, factors, at, d);
  }
  const constants = weights.map((weight, c) => {
    const { start, step, count } = {
      full: { start: c * d * d, step: d + 1, count: d },
      tied: { start: 0, step: d + 1, count: d },
      diagonal: { start: c * d, step: 1, count: d },
      spherical: { start: c, step: 0, count: d },
    }[kind];
    let logs = 0;
    for (let j = 0; j < count; j++) logs += Math.log(factors[start + j * step]);
    return Math.log(weight) - (d / 2) * Math.log(2 * Math.PI) + logs;
  });
  return { kind, means, factors, constants };
}

function inverseRoots(variances: Float64Array): Float64Array {
  return variances.map((variance) => {
    if (!(variance > 0 && variance < Infinity)) throw notDefinite(`a variance of ${variance}`);
    return 1 / Math.sqrt(variance);
  });
}

function notDefinite(received: string): RangeError {
  return outOfRange('covariances', 'positive definite ones', received, 'raise regularization, or take fewer clusters');
}

/** Writes L^-1 for the covariance L L' at `at`, both d x d; the upper triangle stays 0. */
function invertCholesky(covariances: Float64Array, inverse: Float64Array, at: number, d: number): void {
  const lower = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = covariances[at + i * d + j];
      for (let l = 0; l < j; l++) sum -= lower[i * d + l] * lower[j * d + l];
      if (i === j && !(sum > 0 && sum < Infinity)) throw notDefinite(`a pivot of ${sum} at feature ${i}`);
      lower[i * d + j] = i === j ? Math.sqrt(sum) : sum / lower[j * d + j];
    }
  }
  for (let j = 0; j < d; j++) {
    inverse[at + j * d + j] = 1 / lower[j * d + j];
    for (let i = j + 1; i < d; i++) {
      let sum = 0;
      for (let l = j; l < i; l++) sum -= lower[i * d + l] * inverse[at + l * d + j];
      inverse[at + i * d + j] = sum / lower[i * d + i];
    }
  }
}

/**
 * Writes p(cluster | sample) of the rows from `first` to `end` - 1 into `probabilities`, N x K.
 *
 * @returns the sum of their log densities
 */
export function posteriors(
  { data, shape: [, d] }: Matrix,
  densities: Densities,
  probabilities: Float64Array,
  first: number,
  end: number,
): number {
  const k = densities.constants.length;
  const gap = new Float64Array(d);
  let total = 0;
  for (let i = first; i < end; i++) {
    let largest = -Infinity;
    for (let c = 0; c < k; c++) {
      for (let j = 0; j < d; j++) gap[j] = data[i * d + j] - densities.means[c * d + j];
      const log = densities.constants[c] - squaredMahalanobis(densities, c, gap) / 2;
      probabilities[i * k + c] = log;
      largest = Math.max(largest, log);
    }
    let sum = 0;
    for (let c = 0; c < k; c++) sum += Math.exp(probabilities[i * k + c] - largest);
    const logDensity = largest + Math.log(sum);
    for (let c = 0; c < k; c++) probabilities[i * k + c] = Math.exp(probabilities[i * k + c] - logDensity);
    total += logDensity;
  }
  return total;
}

function squaredMahalanobis({ kind, factors }: Densities, c: number, gap: Float64Array): number {
  const d = gap.length;
  let sum = 0;
  if (kind === 'full' || kind === 'tied') {
    const at = kind === 'full' ? c * d * d : 0;
    for (let i = 0; i < d; i++) {
      const row = at + i * d;
      let z = 0;
      for (let j = 0; j <= i; j++) z += factors[row + j] * gap[j];
      sum += z * z;
    }
    return sum;
  }
  for (let j = 0; j < d; j++) {
    const z = gap[j] * factors[kind === 'diagonal' ? c * d + j : c];
    sum += z * z;
  }
  return sum;
}

/** Sums over samples that a step of maximisation needs; rows are added in pieces. */
export class Moments {
  readonly #kind: CovarianceKind;
  readonly #k: number;
  readonly #d: number;
  readonly #counts: Float64Array;
  readonly #means: Float64Array;
  readonly #squares: Float64Array;

  constructor(kind: CovarianceKind, k: number, d: number) {
    this.#kind = kind;
    this.#k = k;
    this.#d = d;
    this.#counts = new Float64Array(k);
    this.#means = new Float64Array(k * d);
    this.#squares = new Float64Array(covarianceCount(kind === 'spherical' ? 'diagonal' : kind, k, d));
  }

  /** The first pass over the rows. */
  addToMeans({ data }: Matrix, probabilities: Float64Array, first: number, end: number): void {
    const [k, d] = [this.#k, this.#d];
    for (let i = first; i < end; i++) {
      for (let c = 0; c < k; c++) {
        const p = probabilities[i * k + c];
        if (p === 0) continue;
        this.#counts[c] += p;
        for (let j = 0; j < d; j++) this.#means[c * d + j] += p * data[i * d + j];
      }
    }
  }

  /** Ends the first pass. */
  divideMeans(): void {
    // A component without samples must not divide by 0: scikit-learn adds the same.
    for (let c = 0; c < this.#k; c++) this.#counts[c] += 10 * Number.EPSILON;
    for (let e = 0; e < this.#means.length; e++) this.#means[e] /= this.#counts[Math.floor(e / this.#d)];
  }

  /** The second pass: squares of differences to the means, so that no digits cancel. */
  addToSquares({ data }: Matrix, probabilities: Float64Array, first: number, end: number): void {
    const [k, d, kind, squares] = [this.#k, this.#d, this.#kind, this.#squares];
    const gap = new Float64Array(d);
    for (let i = first; i < end; i++) {
      for (let c = 0; c < k; c++) {
        const p = probabilities[i * k + c];
        if (p === 0) continue;
        for (let j = 0; j < d; j++) gap[j] = data[i * d + j] - this.#means[c * d + j];
        if (kind === 'full' || kind === 'tied') addOuter(squares, kind === 'full' ? c * d * d : 0, gap, p);
        else for (let j = 0; j < d; j++) squares[c * d + j] += p * gap[j] * gap[j];
      }
    }
  }

  /** Ends the second pass, and returns the most likely parameters. */
  result(regularization: number): Gaussians {
    const [k, d, kind] = [this.#k, this.#d, this.#kind];
    const total = this.#counts.reduce((sum, count) => sum + count, 0);
    const weights = this.#counts.map((count) => count / total);
    return { kind, weights, means: this.#means, covariances: this.#covariances(k, d, kind, total, regularization) };
  }

  #covariances(k: number, d: number, kind: CovarianceKind, total: number, regularization: number): Float64Array {
    const squares = this.#squares;
    if (kind === 'spherical') {
      return Float64Array.from({ length: k }, (_, c) => {
        let sum = 0;
        for (let j = 0; j < d; j++) sum += squares[c * d + j] / this.#counts[c] + regularization;
        return sum / d;
      });
    }
    if (kind === 'diagonal') return squares.map((sum, e) => sum / this.#counts[Math.floor(e / d)] + regularization);
    const covariances = new Float64Array(squares.length);
    for (let at = 0; at < squares.length; at += d * d) {
      const count = kind === 'tied' ? total : this.#counts[at / (d * d)];
      for (let i = 0; i < d; i++) {
        for (let j = 0; j <= i; j++) {
          const value = squares[at + i * d + j] / count + (i === j ? regularization : 0);
          covariances[at + i * d + j] = value;
          covariances[at + j * d + i] = value;
        }
      }
    }
    return covariances;
  }
}

/** Adds p times the outer product of `gap` to the lower triangle at `at`. */
function addOuter(squares: Float64Array, at: number, gap: Float64Array, p: number): void {
  const d = gap.length;
  for (let i = 0; i < d; i++) {
    const scaled = p * gap[i];
    const row = at + i * d;
    for (let j = 0; j <= i; j++) squares[row + j] += scaled * gap[j];
  }
}
