/** What affinities are made from: options, their checks, and the choice of storage. */
import { type MatrixLike, type Precision, precisionOf, toMatrix } from './matrix.js';
import { availableBytes, checkFits, NEVER_REFUSED } from './memory.js';
import type { NativeMeasure } from './native.js';
import { checkOptions, oneOf, optionalNumber } from './options.js';

/** The kernels that `Affinity.kernel` knows. */
export const kernels = [
  'linear',
  'rbf',
  'laplacian',
  'polynomial',
  'sigmoid',
  'cosine',
  'additive_chi2',
  'chi2',
  'gaussian',
] as const;
/** The metrics that `Affinity.distance` and `Affinity.hops` know. */
export const metrics = [
  'euclidean',
  'sqeuclidean',
  'manhattan',
  'chebyshev',
  'cosine',
  'canberra',
  'braycurtis',
] as const;
const storages = ['auto', 'dense', 'features'] as const;
export const precisions = ['float32', 'float64'] as const;

// scikit-learn's other names.
const kernelAliases = { poly: 'polynomial' } as const;
const metricAliases = { l1: 'manhattan', cityblock: 'manhattan', l2: 'euclidean' } as const;

export type Kernel = (typeof kernels)[number] | keyof typeof kernelAliases;
export type Metric = (typeof metrics)[number] | keyof typeof metricAliases;

function canonical(aliases: Record<string, string>, name: unknown): unknown {
  return typeof name === 'string' && Object.hasOwn(aliases, name) ? aliases[name] : name;
}

export interface StorageOptions {
  /** `'dense'`: all N x N entries; `'features'`: X, entries evaluated when needed; `'auto'` (default): by size and memory. */
  storage?: (typeof storages)[number] | undefined;
  /** Of what is stored; default float32 for float32 input, float64 otherwise. */
  precision?: (typeof precisions)[number] | undefined;
}

export interface KernelOptions extends StorageOptions {
  /**
   * `'linear'` <x, y>; `'rbf'` exp(-gamma |x - y|^2); `'laplacian'` exp(-gamma |x - y|_1);
   * `'polynomial'` (gamma <x, y> + coef0)^degree; `'sigmoid'` tanh(gamma <x, y> + coef0); `'cosine'` <x, y> / (|x| |y|);
   * `'additive_chi2'` -sum (x - y)^2 / (x + y) and `'chi2'` exp(gamma times that), for features >= 0;
   * `'gaussian'` the rbf of the GEMINI paper's code, gamma 10.
   */
  kernel: Kernel;
  /** Default 1 / d (1 for `'chi2'`); `'median'`: 1 / (2 m^2) for the median distance m, or 1 / m where the kernel's own difference is not squared. */
  gamma?: number | 'median' | undefined;
  /** Of `'polynomial'`; default 3. */
  degree?: number | undefined;
  /** Of `'polynomial'` and `'sigmoid'`; default 1. */
  coef0?: number | undefined;
}

export interface DistanceOptions extends StorageOptions {
  /**
   * `'euclidean'` |x - y|; `'sqeuclidean'` |x - y|^2; `'manhattan'` sum |x - y|; `'chebyshev'` max |x - y|; `'cosine'` 1 - cos, in
   * [0, 2]; `'canberra'` sum |x - y| / (|x| + |y|), in [0, d]; `'braycurtis'` sum |x - y| / sum |x + y|, in [0, 1] for features
   * >= 0. 0 / 0 = 0, as in scipy. `'sqeuclidean'`, `'cosine'` and `'braycurtis'` are no metrics. `'l1'` and `'cityblock'` are
   * `'manhattan'`, `'l2'` is `'euclidean'`.
   */
  metric: Metric;
}

export interface HopOptions {
  /** Between features, before hops are counted; default `'euclidean'`. */
  metric?: Metric | undefined;
  /** Connect samples strictly closer than this quantile of all N^2 distances, the diagonal's zeros included; default 0.05. */
  quantile?: number | undefined;
  /** Connect samples strictly closer than this, instead of a quantile. */
  threshold?: number | undefined;
  /** Connect each sample with its k nearest ones, instead of a quantile. */
  neighbors?: number | undefined;
  /** The distance between samples that no path connects; default `'2n'`. */
  disconnected?: '2n' | 'n' | number | undefined;
}

export interface PrecomputedOptions {
  /** Of what is stored; default that of the matrix. */
  precision?: 'float32' | 'float64' | undefined;
  /** Whether distances obey the triangle inequality: not checked (it costs N^3), makes transport faster. Default false. */
  metric?: boolean | undefined;
}

/**
 * Above this many bytes of entries, or a quarter of the free memory, `storage: 'auto'` keeps the features instead: an
 * evaluation then costs several times as much, but nothing before the first.
 */
const DENSE_LIMIT = 2 ** 30;

export function bytesPerNumber(precision: 'float32' | 'float64'): number {
  return precision === 'float32' ? 4 : 8;
}

function chooseStorage(
  options: StorageOptions,
  n: number,
  d: number,
  precision: 'float32' | 'float64',
  linear: boolean,
) {
  const requested = oneOf('storage', options.storage ?? 'auto', storages);
  if (requested !== 'auto') return requested;
  // X (X' V) costs 2 N d per column of V where the N x N matrix costs N^2.
  if (linear && 2 * d < n) return 'features';
  const bytes = denseBytes(n, precision);
  if (bytes <= NEVER_REFUSED) return 'dense';
  return bytes <= Math.min(DENSE_LIMIT, availableBytes() / 4) ? 'dense' : 'features';
}

/** The features are copied in either case; while a dense affinity is made, or for as long as it lives. */
function checkStorage(n: number, d: number, storage: 'dense' | 'features', precision: 'float32' | 'float64'): void {
  const features = 2 * n * d * bytesPerNumber(precision);
  if (storage === 'features') {
    checkFits(`The features of ${n} samples`, features, 'use fewer samples');
    return;
  }
  const remedy = "use storage: 'features', or fewer samples";
  checkFits(`A dense ${n} x ${n} affinity`, denseBytes(n, precision) + features, remedy);
}

export function denseBytes(n: number, precision: 'float32' | 'float64'): number {
  return n * n * bytesPerNumber(precision);
}

export type MeasureArguments = [data: Precision, rows: number, columns: number, options: NativeMeasure];

function measureArguments(
  x: MatrixLike,
  kind: 'kernel' | 'distance',
  name: string,
  options: StorageOptions,
): MeasureArguments {
  const { data, shape } = toMatrix('x', x);
  const [n, d] = shape;
  const precision = oneOf('precision', options.precision ?? precisionOf(data), precisions);
  const storage = chooseStorage(options, n, d, precision, kind === 'kernel' && name === 'linear');
  checkStorage(n, d, storage, precision);
  return [data, n, d, { kind, name, storage, precision }];
}

/** @param others names of options that are read elsewhere */
export function kernelArguments(
  x: MatrixLike,
  options: KernelOptions,
  others: readonly string[] = [],
): MeasureArguments {
  checkOptions(options, ['kernel', 'gamma', 'degree', 'coef0', 'storage', 'precision', ...others]);
  const [data, n, d, measure] = measureArguments(
    x,
    'kernel',
    oneOf('kernel', canonical(kernelAliases, options.kernel), kernels),
    options,
  );
  const medianGamma = options.gamma === 'median';
  const gamma = medianGamma ? undefined : optionalNumber('gamma', options.gamma);
  const degree = optionalNumber('degree', options.degree);
  const coef0 = optionalNumber('coef0', options.coef0);
  return [data, n, d, { ...measure, medianGamma, gamma, degree, coef0 }];
}

/** @param others names of options that are read elsewhere */
export function distanceArguments(
  x: MatrixLike,
  options: DistanceOptions,
  others: readonly string[] = [],
): MeasureArguments {
  checkOptions(options, ['metric', 'storage', 'precision', ...others]);
  return measureArguments(x, 'distance', oneOf('metric', canonical(metricAliases, options.metric), metrics), options);
}
