/// <reference lib="esnext.disposable" preserve="true" />
/** Affinities: the kernels and distances between samples that geometry-aware objectives use. */
import {
  type DistanceOptions,
  denseBytes,
  distanceArguments,
  type HopOptions,
  type KernelOptions,
  kernelArguments,
  type MeasureArguments,
  type PrecomputedOptions,
  precisions,
} from './affinity-options.js';
import { isMarked, mark, notOurs } from './copies.js';
import { describe, invalidType, outOfRange } from './errors.js';
import { type AsyncOptions, asyncOptions, runJob } from './jobs.js';
import { type Matrix, type MatrixLike, precisionOf, type Rows, toMatrix, toRows, zeros } from './matrix.js';
import { checkFits, formatBytes } from './memory.js';
import {
  type NativeAffinity,
  type NativeEntries,
  type NativeHopResult,
  type NativeHops,
  type NativeJob,
  native,
} from './native.js';
import { checkBoolean, checkNumber, checkOptions, oneOf, optionalNumber } from './options.js';
import type { SampleData } from './samples.js';

/** The constructor's key: only this module has it. */
const INTERNAL = Symbol('internal');

/** @internal Returns the native affinity of an argument; throws where that is no affinity of this copy. */
export let nativeOf: (affinity: unknown, argument: string) => NativeAffinity;

/** The graph of close samples behind hop distances. */
export interface HopGraph {
  /** Samples strictly closer than this are neighbours; 0 for a graph of nearest neighbours. */
  readonly threshold: number;
  /** The number of undirected edges. */
  readonly edges: number;
  /** The largest number of hops between two connected samples. */
  readonly longest: number;
  /** Whether a path connects every two samples. */
  readonly connected: boolean;
}

/** The arguments of hops: over the distances between features, or over those of an affinity. */
type HopArguments =
  | { measure: MeasureArguments; hops: NativeHops; distances?: undefined }
  | { distances: NativeAffinity; hops: NativeHops };

function hopArguments(x: SampleData | Affinity, options: HopOptions, others: readonly string[] = []): HopArguments {
  checkOptions(options, ['metric', 'quantile', 'neighbors', 'threshold', 'disconnected', ...others]);
  const given = (['quantile', 'neighbors', 'threshold'] as const).filter((name) => options[name] !== undefined);
  if (given.length > 1) throw outOfRange('options', 'one of quantile, neighbors, threshold', given.join(' and '));
  const graph = {
    quantile: optionalNumber('quantile', options.quantile, { min: 0, max: 1 }),
    threshold: optionalNumber('threshold', options.threshold),
    neighbors: optionalNumber('neighbors', options.neighbors, { min: 1, integer: true }),
  };
  const checked = (n: number): NativeHops => {
    // For one sample, no number of neighbours is right: the native core's error says so.
    if (n > 1) optionalNumber('neighbors', graph.neighbors, { min: 1, max: n - 1, integer: true });
    const hops = { ...graph, disconnected: disconnectedHops(options.disconnected, n) };
    checkFits(`Hop distances between ${n} samples`, hopBytes(n, hops), 'use fewer samples');
    return hops;
  };
  if (isAffinity(x)) {
    if (options.metric !== undefined) {
      throw outOfRange('metric', 'none when x is an affinity', describe(options.metric), 'the affinity has one');
    }
    const distances = nativeOf(x, 'x');
    return { distances, hops: checked(distances.size) };
  }
  const measure = hopMeasure(x, options);
  return { measure, hops: checked(measure[1]) };
}

/** Whether x is an affinity. One of another copy, or a proxy, is one too: nativeOf refuses it. */
function isAffinity(x: SampleData | Affinity): x is Affinity {
  return isMarked(x, 'Affinity');
}

function disconnectedHops(disconnected: HopOptions['disconnected'], n: number): number | undefined {
  if (disconnected === 'n') return n;
  if (typeof disconnected === 'number') return checkNumber('disconnected', disconnected);
  if (disconnected !== undefined) oneOf('disconnected', disconnected, ['2n', 'n']);
  return undefined;
}

// 2 bytes for each pair, and the graph where its size is known: 12 bytes an edge of a quantile, 20 of neighbours.
function hopBytes(n: number, { quantile = 0.05, threshold, neighbors }: NativeHops): number {
  if (neighbors !== undefined) return 2 * n ** 2 + 20 * n * neighbors;
  return 2 * n ** 2 + (threshold === undefined ? 6 * quantile * n ** 2 : 0);
}

// Hops read the distances once or twice, row by row: N^2 of them need not be stored.
function hopMeasure(x: SampleData, { metric = 'euclidean' }: HopOptions): MeasureArguments {
  return distanceArguments(x, { metric, storage: 'features' });
}

function precomputedArguments(
  matrix: MatrixLike,
  kind: 'kernel' | 'distance',
  options: PrecomputedOptions,
  others: readonly string[] = [],
): NativeEntries {
  checkOptions(options, ['precision', 'metric', ...others]);
  const { data, shape } = toMatrix('matrix', matrix);
  const checked = {
    kind: oneOf('kind', kind, ['kernel', 'distance']),
    metric: checkBoolean('metric', options.metric ?? false),
    precision: oneOf('precision', options.precision ?? precisionOf(data), precisions),
  };
  const [n] = shape;
  // An asynchronous call also copies the matrix.
  const bytes = denseBytes(n, checked.precision) + denseBytes(n, precisionOf(data));
  checkFits(`A precomputed affinity of ${n} samples`, bytes, 'use fewer samples');
  return [data, ...shape, checked];
}

/**
 * An N x N kernel or distance between samples: immutable, in native memory, shared by any number of objectives.
 *
 * V8 is told of its memory. `dispose()` frees it at once. Memory of an affinity that was collected as garbage is freed at
 * the next call that may need it, or one turn of the event loop later.
 */
export class Affinity implements Disposable {
  readonly #native: NativeAffinity;
  #bytes: number;
  /** The number of samples, N. */
  readonly size: number;
  /** A kernel is large, a distance small, for samples that are alike. */
  readonly kind: 'kernel' | 'distance';
  /** Whether it is a distance that obeys the triangle inequality. */
  readonly metric: boolean;
  /** Whether all entries are stored, or the features. */
  readonly storage: 'dense' | 'features';
  /** The precision of the stored numbers. */
  readonly precision: 'float32' | 'float64';
  /** The graph of hop distances; undefined for other affinities. */
  readonly graph: HopGraph | undefined;

  /** @internal Use `Affinity.kernel`, `.distance`, `.hops` or `.precomputed`. */
  constructor(key: typeof INTERNAL, from: NativeAffinity, graph?: HopGraph) {
    if (key !== INTERNAL) {
      throw invalidType('Affinity', 'Affinity.kernel, .distance, .hops or .precomputed', 'new Affinity()');
    }
    this.#native = from;
    this.size = from.size;
    this.kind = from.kind;
    this.metric = from.metric;
    this.storage = from.storage;
    this.precision = from.precision;
    this.#bytes = from.bytes;
    this.graph = graph;
  }

  static {
    mark(Affinity.prototype, 'Affinity');
    nativeOf = (affinity, argument) => Affinity.#own(affinity, argument).#native;
  }

  /** Returns the affinity. Throws where it is another copy's, or a proxy. */
  static #own(affinity: unknown, argument: string): Affinity {
    if (typeof affinity === 'object' && affinity !== null && #native in affinity) return affinity;
    throw notOurs(argument, 'Affinity', affinity, Affinity.prototype);
  }

  /**
   * Makes a kernel between the rows of x.
   *
   * Accuracy, with u = 2^-24 in float32 and 2^-53 in float64: entries of kernels with values in [-1, 1] are right to
   * 64 u. Entries of the others are right to 256 u |x| |y|, or 256 u (|gamma| |x| |y| + |coef0|)^degree, where a sample
   * that is shorter than most counts as long as these. Samples that are far away cost the other entries no digits.
   *
   * Cost: O(N^2 d) once and N^2 numbers when dense; N d numbers with `storage: 'features'`. There, features that might
   * overflow the kernel also cost O(N^2 d) once, for a check of all pairs.
   *
   * Source of definitions and defaults: scikit-learn, `sklearn.metrics.pairwise`.
   *
   * A linear kernel with `storage: 'features'` keeps bytes as they are: N d bytes, in float32. Other affinities of bytes
   * are those of their features, rounded to the precision.
   *
   * @param x N x d features, finite (>= 0 for the chi2 kernels): numbers, or bytes.
   * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE, also for entries that overflow, in every
   * storage; GenmiError ERR_OUT_OF_MEMORY.
   */
  static kernel(x: SampleData, options: KernelOptions): Affinity {
    return new Affinity(INTERNAL, native.measure(...kernelArguments(x, options)));
  }

  /**
   * Makes a distance between the rows of x, >= 0, with a diagonal of exactly 0.
   *
   * Accuracy: entries that are normal numbers of the affinity's precision are right to 64 units in the last place. This
   * includes near duplicates, outliers, and data far from the origin. A cosine distance c is right to
   * 64 u (u + sqrt c), with u = 2^-24 in float32 and 2^-53 in float64.
   *
   * Cost, errors and source: as for `kernel`.
   *
   * @param x N x d features, finite.
   */
  static distance(x: SampleData, options: DistanceOptions): Affinity {
    return new Affinity(INTERNAL, native.measure(...distanceArguments(x, options)));
  }

  /**
   * Makes hop distances: the number of edges on the shortest path in the graph of close samples; integers, a metric.
   *
   * Cost: O(N^2 d) for the graph of E edges, then O(N E / 512) for each hop of the longest path, O(N E) at most.
   * Memory: 2 N^2 bytes, and at most 20 bytes an edge during the call. A hop distance has 16 bits: paths of more than
   * 65,534 hops are refused.
   *
   * Source: Ohl et al. 2023, arXiv:2309.02858, appendix H.
   *
   * @param x N x d features, or a distance affinity over N samples. Use the whole data set, and `rows` for
   * mini-batches.
   * @throws as `kernel`, and RangeError ERR_OUT_OF_RANGE for a graph without edges: with fewer than 20 samples, the
   * diagonal's zeros alone are the 5 % quantile.
   */
  static hops(x: SampleData | Affinity, options: HopOptions = {}): Affinity {
    const { hops, ...source } = hopArguments(x, options);
    return fromHops(
      source.distances ? native.hops(source.distances, hops) : native.featureHops(...source.measure, hops),
    );
  }

  /**
   * Makes an affinity of a matrix that the caller computed.
   *
   * Rounding within 1e-7 of the largest entry (1e-3 for float32) is tolerated and removed. The two halves become their
   * mean, (A + A') / 2; negative entries of a distance become 0; the diagonal of a distance becomes 0.
   *
   * A kernel in float32 is stored centred where that makes its entries much smaller, so that MMD keeps its digits.
   * Entries come back to within the rounding of a typical one.
   *
   * Cost: O(N^2).
   *
   * @param matrix N x N, finite and symmetric; a distance also >= 0 with a zero diagonal.
   * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE with the entry that is wrong, GenmiError
   * ERR_OUT_OF_MEMORY.
   */
  static precomputed(matrix: MatrixLike, kind: 'kernel' | 'distance', options: PrecomputedOptions = {}): Affinity {
    return new Affinity(INTERNAL, native.precomputed(...precomputedArguments(matrix, kind, options)));
  }

  /**
   * As `kernel`, on another thread. Rejects with the signal's reason when aborted.
   *
   * The features are copied before the call returns, 2 to 5 GB a second: they may be written or transferred from then
   * on. The other asynchronous calls do the same.
   */
  static async kernelAsync(x: SampleData, options: KernelOptions & AsyncOptions): Promise<Affinity> {
    const start = (job: NativeJob) => native.measureAsync(...kernelArguments(x, options, asyncOptions), job);
    return new Affinity(INTERNAL, await runJob(options, start));
  }

  /** As `distance`, on another thread. Rejects with the signal's reason when aborted. */
  static async distanceAsync(x: SampleData, options: DistanceOptions & AsyncOptions): Promise<Affinity> {
    const start = (job: NativeJob) => native.measureAsync(...distanceArguments(x, options, asyncOptions), job);
    return new Affinity(INTERNAL, await runJob(options, start));
  }

  /** As `hops`, on another thread. Rejects with the signal's reason when aborted. */
  static async hopsAsync(x: SampleData | Affinity, options: HopOptions & AsyncOptions = {}): Promise<Affinity> {
    const start = (job: NativeJob) => {
      const { hops, ...source } = hopArguments(x, options, asyncOptions);
      if (source.distances) return native.hopsAsync(source.distances, hops, job);
      return native.featureHopsAsync(...source.measure, hops, job);
    };
    return fromHops(await runJob(options, start));
  }

  /** As `precomputed`, checked and stored on another thread. Rejects with the signal's reason when aborted. */
  static async precomputedAsync(
    matrix: MatrixLike,
    kind: 'kernel' | 'distance',
    options: PrecomputedOptions & AsyncOptions = {},
  ): Promise<Affinity> {
    const start = (job: NativeJob) =>
      native.precomputedAsync(...precomputedArguments(matrix, kind, options, asyncOptions), job);
    return new Affinity(INTERNAL, await runJob(options, start));
  }

  /**
   * Returns the n x n entries between some samples, in the storage's precision.
   *
   * Cost: O(n^2), or O(n^2 d) with `storage: 'features'`.
   *
   * @param rows n row numbers in [0, N), repeated ones allowed.
   * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE, GenmiError ERR_DISPOSED, and ERR_OUT_OF_MEMORY
   * with the size of entries that do not fit.
   */
  rows(rows: Rows): Matrix {
    const indices = toRows(rows);
    if (indices === null) throw invalidType('rows', 'an Int32Array or an array of integers', describe(rows));
    return Affinity.#own(this, 'affinity').#submatrix(indices, indices.length);
  }

  /**
   * Returns all N x N entries, in the storage's precision.
   *
   * Cost: O(N^2), or O(N^2 d) with `storage: 'features'`.
   * @throws GenmiError ERR_DISPOSED, and ERR_OUT_OF_MEMORY with the size of entries that do not fit.
   */
  toMatrix(): Matrix {
    return Affinity.#own(this, 'affinity').#submatrix(null, this.size);
  }

  #submatrix(rows: Int32Array | null, n: number): Matrix {
    // The native core gathers in float64 before it rounds to the storage's precision.
    const remedy = 'ask for fewer rows';
    const bytes = denseBytes(n, 'float64') + denseBytes(n, this.precision);
    checkFits(`A ${n} x ${n} matrix`, bytes, remedy);
    const matrix = zeros(this.precision, n, n, remedy);
    this.#native.submatrix(rows, matrix.data);
    return matrix;
  }

  /** Bytes of native memory in use; 0 after `dispose()`. */
  get bytes(): number {
    return Affinity.#own(this, 'affinity').#bytes;
  }

  /** Frees the native memory; objectives that use it throw GenmiError ERR_DISPOSED from now on. */
  dispose(): void {
    const own = Affinity.#own(this, 'affinity');
    own.#native.dispose();
    own.#bytes = 0;
  }

  /** As `dispose`, at the end of a block that declares it with `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    return `Affinity(${this.kind}, ${this.size} samples, ${this.storage} ${this.precision}, ${formatBytes(this.bytes)})`;
  }
}

function fromHops({ affinity, ...graph }: NativeHopResult): Affinity {
  return new Affinity(INTERNAL, affinity, graph);
}
