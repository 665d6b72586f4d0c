/** The options of affinities: their checks, and the choice of storage. */
import { availableBytes, checkFits, NEVER_REFUSED } from './memory.js';
import type { NativeData, NativeMeasure } from './native.js';
import { checkOptions, oneOf, optionalNumber } from './options.js';
import { type SampleData, toSamples, typeOf } from './samples.js';

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

// Other names in scikit-learn.
const kernelAliases = { poly: 'polynomial' } as const;
const metricAliases = { l1: 'manhattan', cityblock: 'manhattan', l2: 'euclidean' } as const;

/** The name of a kernel. */
export type Kernel = (typeof kernels)[number] | keyof typeof kernelAliases;
/** The name of a distance. */
export type Metric = (typeof metrics)[number] | keyof typeof metricAliases;

function canonical(aliases: Record<string, string>, name: unknown): unknown {
  return typeof name === 'string' && Object.hasOwn(aliases, name) ? aliases[name] : name;
}

/** The options of an affinity's memory. */
export interface StorageOptions {
  /**
   * `'dense'`: all N x N entries. `'features'`: X, entries on demand; bytes of a linear kernel stay bytes. `'auto'`
   * (default): by size and free memory.
   */
  storage?: (typeof storages)[number] | undefined;
  /** The precision of the stored numbers; default float32 for float32 features and bytes, else float64. */
  precision?: (typeof precisions)[number] | undefined;
}

/** The options of `Affinity.kernel`. */
export interface KernelOptions extends StorageOptions {
  /**
   * The kernel of two rows x and y:
   *
   * - `'linear'`: <x, y>
   * - `'rbf'`: exp(-gamma |x - y|^2)
   * - `'laplacian'`: exp(-gamma |x - y|_1)
   * - `'polynomial'`: (gamma <x, y> + coef0)^degree
   * - `'sigmoid'`: tanh(gamma <x, y> + coef0)
   * - `'cosine'`: <x, y> / (|x| |y|)
   * - `'additive_chi2'`: -sum (x - y)^2 / (x + y), for features >= 0
   * - `'chi2'`: exp(-gamma sum (x - y)^2 / (x + y)), for features >= 0
   * - `'gaussian'`: exp(-gamma |x - y|^2) with gamma 10 by default, as in the GEMINI paper's code
   */
  kernel: Kernel;
  /**
   * The factor gamma of the kernel, for d features. Default 1 / d; 1 for `'chi2'`, 10 for `'gaussian'`.
   *
   * `'median'`: 1 / (2 m^2) for the median euclidean distance m of at most 2,000 samples; 1 / m for `'laplacian'` and
   * `'chi2'`, where m is the median of their own differences.
   */
  gamma?: number | 'median' | undefined;
  /** The exponent of `'polynomial'`; default 3. */
  degree?: number | undefined;
  /** The constant of `'polynomial'` and `'sigmoid'`; default 1. */
  coef0?: number | undefined;
}

/** The options of `Affinity.distance`. */
export interface DistanceOptions extends StorageOptions {
  /**
   * The distance of two rows x and y, where 0 / 0 = 0, as in scipy:
   *
   * - `'euclidean'`: |x - y|
   * - `'sqeuclidean'`: |x - y|^2
   * - `'manhattan'`: sum |x - y|
   * - `'chebyshev'`: max |x - y|
   * - `'cosine'`: 1 - cos, in [0, 2]
   * - `'canberra'`: sum |x - y| / (|x| + |y|), in [0, d]
   * - `'braycurtis'`: sum |x - y| / sum |x + y|, in [0, 1] for features >= 0
   *
   * `'sqeuclidean'`, `'cosine'` and `'braycurtis'` are no metrics. `'l1'` and `'cityblock'` mean `'manhattan'`, `'l2'`
   * means `'euclidean'`.
   */
  metric: Metric;
}

/** The options of `Affinity.hops`; at most one of `quantile`, `threshold` and `neighbors`. */
export interface HopOptions {
  /** The distance between features that makes samples close; default `'euclidean'`. */
  metric?: Metric | undefined;
  /** Connect samples strictly closer than this quantile of all N^2 distances, diagonal included; default 0.05. */
  quantile?: number | undefined;
  /** Connect samples strictly closer than this, instead of a quantile. */
  threshold?: number | undefined;
  /** Connect each sample with its k nearest ones, instead of a quantile. */
  neighbors?: number | undefined;
  /** The distance between samples that no path connects; default `'2n'`. */
  disconnected?: '2n' | 'n' | number | undefined;
}

/** The options of `Affinity.precomputed`. */
export interface PrecomputedOptions {
  /** The precision of the stored numbers; default that of the matrix. */
  precision?: 'float32' | 'float64' | undefined;
  /**
   * Whether distances obey the triangle inequality: transport is faster then. Default false. It is not checked, as that
   * would cost N^3.
   */
  metric?: boolean | undefined;
}

/**
 * Bytes of entries above which `storage: 'auto'` keeps the features, as it does above a quarter of the free memory.
 *
 * Features cost several times as much for each evaluation, but nothing before the first.
 */
const DENSE_LIMIT = 2 ** 30;

function bytesPerNumber(precision: 'float32' | 'float64'): number {
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
  // For each column of V, X (X' V) costs 2 N d, and (X X') V costs N^2.
  if (linear && 2 * d < n) return 'features';
  const bytes = denseBytes(n, precision);
  if (bytes <= NEVER_REFUSED) return 'dense';
  return bytes <= Math.min(DENSE_LIMIT, availableBytes() / 4) ? 'dense' : 'features';
}

/**
 * Checks memory. Both storages copy the features: dense until it is made, the other as long as it lives.
 *
 * @param feature the bytes of a feature
 */
function checkStorage(
  n: number,
  d: number,
  storage: 'dense' | 'features',
  precision: 'float32' | 'float64',
  feature: number,
): void {
  const features = 2 * n * d * feature;
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

export type MeasureArguments = [data: NativeData[0], rows: number, columns: number, options: NativeMeasure];

function measureArguments(
  x: SampleData,
  kind: 'kernel' | 'distance',
  name: string,
  options: StorageOptions,
): MeasureArguments {
  const samples = toSamples('x', x);
  const [data, n, d, scale, offset] = samples;
  const type = typeOf(samples);
  const precision = oneOf('precision', options.precision ?? (type === 'float64' ? type : 'float32'), precisions);
  const linear = kind === 'kernel' && name === 'linear';
  const storage = chooseStorage(options, n, d, precision, linear);
  const kept = type === 'uint8' && linear && precision === 'float32' && storage === 'features';
  checkStorage(n, d, storage, precision, kept ? 1 : bytesPerNumber(precision));
  return [data, n, d, { kind, name, storage, precision, scale, offset }];
}

/** @param others names of options that are read elsewhere */
export function kernelArguments(
  x: SampleData,
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
  x: SampleData,
  options: DistanceOptions,
  others: readonly string[] = [],
): MeasureArguments {
  checkOptions(options, ['metric', 'storage', 'precision', ...others]);
  return measureArguments(x, 'distance', oneOf('metric', canonical(metricAliases, options.metric), metrics), options);
}
