/** Affinities: what the geometry-aware objectives know of the data. */
import { describe, invalidType, outOfRange } from './errors.js';
import { type AsyncOptions, runJob } from './jobs.js';
import { type Matrix, type MatrixLike, type Precision, type Rows, toMatrix, toRows } from './matrix.js';
import { availableBytes, checkFits, formatBytes } from './memory.js';
import { type NativeAffinity, type NativeHopResult, type NativeHops, type NativeMeasure, native } from './native.js';
import { checkBoolean, checkNumber, checkOptions, oneOf, optionalNumber } from './options.js';

const kernels = [
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
const metrics = ['euclidean', 'sqeuclidean', 'manhattan', 'chebyshev', 'cosine'] as const;
const storages = ['auto', 'dense', 'features'] as const;
const precisions = ['float32', 'float64'] as const;

export type Kernel = (typeof kernels)[number];
export type Metric = (typeof metrics)[number];

export interface StorageOptions {
  /** `'dense'`: all N x N entries; `'features'`: X, entries evaluated when needed; `'auto'` (default): by size and memory. */
  storage?: (typeof storages)[number];
  /** Of what is stored; default float32 for float32 input, float64 otherwise. */
  precision?: (typeof precisions)[number];
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
  gamma?: number | 'median';
  /** Of `'polynomial'`; default 3. */
  degree?: number;
  /** Of `'polynomial'` and `'sigmoid'`; default 1. */
  coef0?: number;
}

export interface DistanceOptions extends StorageOptions {
  /** `'cosine'` is 1 - cos, in [0, 2]; it and `'sqeuclidean'` are no metrics. */
  metric: Metric;
}

export interface HopOptions {
  /** Between features, before hops are counted; default `'euclidean'`. */
  metric?: Metric;
  /** Connect samples strictly closer than this quantile of all N^2 distances, the diagonal's zeros included; default 0.05. */
  quantile?: number;
  /** Connect samples strictly closer than this, instead of a quantile. */
  threshold?: number;
  /** Connect each sample with its k nearest ones, instead of a quantile. */
  neighbors?: number;
  /** The distance between samples that no path connects; default `'2n'`. */
  disconnected?: '2n' | 'n' | number;
}

export interface PrecomputedOptions {
  /** Of what is stored; default that of the matrix. */
  precision?: 'float32' | 'float64';
  /** Whether distances obey the triangle inequality: not checked (it costs N^3), makes transport faster. Default false. */
  metric?: boolean;
}

/** The graph whose hops were counted. */
export interface HopGraph {
  /** Samples closer than this are neighbours; 0 for a graph of nearest neighbours. */
  readonly threshold: number;
  /** Undirected edges. */
  readonly edges: number;
  /** The largest number of hops between two connected samples. */
  readonly longest: number;
  readonly connected: boolean;
}

/** Above this many bytes of entries, `storage: 'auto'` keeps the features instead. */
const DENSE_LIMIT = 2 ** 28;

function precisionOf(data: Precision): 'float32' | 'float64' {
  return data instanceof Float32Array ? 'float32' : 'float64';
}

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
  const bytes = n * n * bytesPerNumber(precision);
  if (requested === 'dense') {
    checkFits(`A dense ${n} x ${n} affinity`, bytes, "use storage: 'features', or fewer samples");
    return requested;
  }
  if (requested === 'features') return requested;
  // X (X' V) costs 2 N d per column of V where the N x N matrix costs N^2.
  if (linear && 2 * d < n) return 'features';
  return bytes <= Math.min(DENSE_LIMIT, availableBytes() / 4) ? 'dense' : 'features';
}

type MeasureArguments = [data: Precision, rows: number, columns: number, options: NativeMeasure];

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
  return [data, n, d, { kind, name, storage, precision }];
}

function kernelArguments(x: MatrixLike, options: KernelOptions): MeasureArguments {
  checkOptions(options, ['kernel', 'gamma', 'degree', 'coef0', 'storage', 'precision']);
  const [data, n, d, measure] = measureArguments(x, 'kernel', oneOf('kernel', options.kernel, kernels), options);
  const medianGamma = options.gamma === 'median';
  const gamma = medianGamma ? undefined : optionalNumber('gamma', options.gamma);
  const degree = optionalNumber('degree', options.degree);
  const coef0 = optionalNumber('coef0', options.coef0);
  return [data, n, d, { ...measure, medianGamma, gamma, degree, coef0 }];
}

function distanceArguments(x: MatrixLike, options: DistanceOptions): MeasureArguments {
  checkOptions(options, ['metric', 'storage', 'precision']);
  return measureArguments(x, 'distance', oneOf('metric', options.metric, metrics), options);
}

function hopArguments(
  x: MatrixLike | Affinity,
  options: HopOptions,
): { distances: NativeAffinity; hops: NativeHops; owned: boolean } {
  checkOptions(options, ['metric', 'quantile', 'neighbors', 'threshold', 'disconnected']);
  const given = ['quantile', 'neighbors', 'threshold'].filter(
    (name) => options[name as keyof HopOptions] !== undefined,
  );
  if (given.length > 1) throw outOfRange('options', 'one of quantile, neighbors, threshold', given.join(' and '));
  const hops: NativeHops = {
    quantile: optionalNumber('quantile', options.quantile, { min: 0, max: 1 }),
    threshold: optionalNumber('threshold', options.threshold),
    neighbors: optionalNumber('neighbors', options.neighbors, { min: 1, integer: true }),
    disconnected: undefined,
  };
  const owned = !(x instanceof Affinity);
  const distances = owned ? native.measure(...hopMeasure(x, options)) : nativeOf(x, 'x');
  if (options.disconnected === 'n') hops.disconnected = distances.size;
  else if (typeof options.disconnected === 'number')
    hops.disconnected = checkNumber('disconnected', options.disconnected);
  else if (options.disconnected !== undefined) oneOf('disconnected', options.disconnected, ['2n', 'n']);
  checkFits(`Hop distances between ${distances.size} samples`, 4 * distances.size ** 2, 'use fewer samples');
  return { distances, hops, owned };
}

// The distances are read once or twice, row by row: no reason to store N^2 of them.
function hopMeasure(x: MatrixLike, { metric = 'euclidean' }: HopOptions): MeasureArguments {
  return distanceArguments(x, { metric, storage: 'features' });
}

/**
 * An N x N kernel or distance between samples, in native memory, immutable, shared by any number of objectives.
 *
 * Its memory is reported to the engine and freed by `dispose()` or by garbage collection.
 */
export class Affinity implements Disposable {
  readonly #native: NativeAffinity;
  /** The number of samples, N. */
  readonly size: number;
  readonly kind: 'kernel' | 'distance';
  /** Whether it is a distance with the triangle inequality. */
  readonly metric: boolean;
  readonly storage: 'dense' | 'features';
  readonly precision: 'float32' | 'float64';
  /** Native memory in use. */
  readonly bytes: number;
  /** For hop distances: the graph they were counted on. */
  readonly graph: HopGraph | undefined;

  /** @internal Use `Affinity.kernel`, `.distance`, `.hops` or `.precomputed`. */
  constructor(from: NativeAffinity, graph?: HopGraph) {
    this.#native = from;
    this.size = from.size;
    this.kind = from.kind;
    this.metric = from.metric;
    this.storage = from.storage;
    this.precision = from.precision;
    this.bytes = from.bytes;
    this.graph = graph;
    toNative.set(this, from);
  }

  /**
   * A kernel between the rows of x.
   *
   * @param x N x d features, finite (>= 0 for the chi2 kernels).
   * Cost: O(N^2 d) once and N^2 numbers when dense; N d numbers with `storage: 'features'`.
   * @throws RangeError ERR_OUT_OF_RANGE, TypeError ERR_INVALID_ARG_TYPE, GenmiError ERR_OUT_OF_MEMORY.
   * Definitions and defaults: scikit-learn, `sklearn.metrics.pairwise`.
   */
  static kernel(x: MatrixLike, options: KernelOptions): Affinity {
    return new Affinity(native.measure(...kernelArguments(x, options)));
  }

  /**
   * A distance between the rows of x; its diagonal is exactly 0.
   *
   * @param x N x d features, finite.
   * Cost and errors: as `kernel`.
   */
  static distance(x: MatrixLike, options: DistanceOptions): Affinity {
    return new Affinity(native.measure(...distanceArguments(x, options)));
  }

  /**
   * Hop distances: edges on the shortest path in the graph of close samples; integers, a metric.
   *
   * @param x N x d features, or a distance affinity over N samples. Use the whole data set, and `rows` for mini-batches.
   * Cost: O(N^2 d + N E) once for E edges, 4 N^2 bytes.
   * @throws RangeError ERR_OUT_OF_RANGE also when the graph would have no edge (with fewer than 20 samples the zeros of the
   * diagonal alone are the 5 % quantile).
   * Source: Ohl et al. 2023, arXiv:2309.02858, appendix H.
   */
  static hops(x: MatrixLike | Affinity, options: HopOptions = {}): Affinity {
    const { distances, hops, owned } = hopArguments(x, options);
    try {
      return fromHops(native.hops(distances, hops));
    } finally {
      if (owned) distances.dispose();
    }
  }

  /**
   * An affinity that the caller computed: checked to be square, finite and symmetric up to rounding (then symmetrised), and,
   * for a distance, >= 0 with a zero diagonal.
   *
   * @param matrix N x N. Cost: O(N^2).
   * @throws RangeError ERR_OUT_OF_RANGE with the entry that is wrong.
   */
  static precomputed(matrix: MatrixLike, kind: 'kernel' | 'distance', options: PrecomputedOptions = {}): Affinity {
    checkOptions(options, ['precision', 'metric']);
    const { data, shape } = toMatrix('matrix', matrix);
    return new Affinity(
      native.precomputed(data, shape[0], shape[1], {
        kind: oneOf('kind', kind, ['kernel', 'distance']),
        metric: checkBoolean('metric', options.metric ?? false),
        precision: oneOf('precision', options.precision ?? precisionOf(data), precisions),
      }),
    );
  }

  /** As `kernel`, on another thread. Rejects with the signal's reason when aborted. */
  static async kernelAsync(x: MatrixLike, options: KernelOptions & AsyncOptions): Promise<Affinity> {
    const { signal, onProgress, ...kernel } = options;
    const args = kernelArguments(x, kernel);
    return new Affinity(await runJob((job) => native.measureAsync(...args, job), asyncOptions(signal, onProgress)));
  }

  /** As `distance`, on another thread. Rejects with the signal's reason when aborted. */
  static async distanceAsync(x: MatrixLike, options: DistanceOptions & AsyncOptions): Promise<Affinity> {
    const { signal, onProgress, ...distance } = options;
    const args = distanceArguments(x, distance);
    return new Affinity(await runJob((job) => native.measureAsync(...args, job), asyncOptions(signal, onProgress)));
  }

  /** As `hops`, on another thread. Rejects with the signal's reason when aborted. */
  static async hopsAsync(x: MatrixLike | Affinity, options: HopOptions & AsyncOptions = {}): Promise<Affinity> {
    const { signal, onProgress, ...rest } = options;
    const { distances, hops, owned } = hopArguments(x, rest);
    try {
      return fromHops(await runJob((job) => native.hopsAsync(distances, hops, job), asyncOptions(signal, onProgress)));
    } finally {
      if (owned) distances.dispose();
    }
  }

  /**
   * The entries between some samples, n x n, in the storage's precision.
   *
   * @param rows n indices in [0, N), repeated ones allowed.
   */
  rows(rows: Rows): Matrix {
    const indices = toRows(rows);
    if (indices === null) throw invalidType('rows', 'an Int32Array or an array of integers', describe(rows));
    return this.#submatrix(indices, indices.length);
  }

  /**
   * All N x N entries, in the storage's precision.
   *
   * @throws GenmiError ERR_OUT_OF_MEMORY, with the size, when they would not fit.
   */
  toMatrix(): Matrix {
    return this.#submatrix(null, this.size);
  }

  #submatrix(rows: Int32Array | null, n: number): Matrix {
    // The native core gathers in float64 before it rounds to the storage's precision.
    checkFits(`A ${n} x ${n} matrix`, n * n * (8 + bytesPerNumber(this.precision)), 'ask for some rows');
    const out = this.precision === 'float32' ? new Float32Array(n * n) : new Float64Array(n * n);
    this.#native.submatrix(rows, out);
    return { data: out, shape: [n, n] };
  }

  /** Frees the native memory; objectives that use it throw GenmiError ERR_DISPOSED from now on. */
  dispose(): void {
    this.#native.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    return `Affinity(${this.kind}, ${this.size} samples, ${this.storage} ${this.precision}, ${formatBytes(this.bytes)})`;
  }
}

// What only this package may reach.
const toNative = new WeakMap<Affinity, NativeAffinity>();

/** @internal The native affinity behind an argument. */
export function nativeOf(affinity: unknown, argument: string): NativeAffinity {
  const found = affinity instanceof Affinity ? toNative.get(affinity) : undefined;
  if (found === undefined) throw invalidType(argument, 'an Affinity', describe(affinity));
  return found;
}

function fromHops({ affinity, ...graph }: NativeHopResult): Affinity {
  return new Affinity(affinity, graph);
}

function asyncOptions(signal: AbortSignal | undefined, onProgress: AsyncOptions['onProgress']): AsyncOptions {
  return { ...(signal && { signal }), ...(onProgress && { onProgress }) };
}
