/** The common part of all objectives: reads the user's matrices, makes one native call, returns its results. */
import { availableParallelism } from 'node:os';
import { mark, notOurs } from '../copies.js';
import { describe, invalidType, outOfRange } from '../errors.js';
import { runJob } from '../jobs.js';
import {
  isPrecision,
  type Matrix,
  type MatrixLike,
  type Precision,
  precisionOf,
  type Rows,
  toMatrix,
  toRows,
  zeros,
} from '../matrix.js';
import { allocating, checkFits, NEVER_REFUSED } from '../memory.js';
import {
  type NativeAffinity,
  type NativeEvaluation,
  type NativeObjective,
  type NativeParameter,
  type NativeReading,
  native,
} from '../native.js';
import { checkNumber, checkOptions, oneOf } from '../options.js';
import { fill } from '../typed-arrays.js';

/** `'ova'`, one-vs-all, compares each cluster with all data; `'ovo'`, one-vs-one, compares clusters with each other. */
export type Mode = 'ova' | 'ovo';

/** Options of an evaluation. */
export interface EvaluateOptions<T extends Precision = Precision> {
  /** `'logits'`: the softmax is fused, and the gradient is dI/dlogits. Default `'probabilities'`. */
  from?: 'probabilities' | 'logits' | undefined;
  /** The n row numbers of these samples in the affinity, for a mini-batch; default: all samples. */
  rows?: Rows | undefined;
  /**
   * The handling of probabilities near 0 and 1.
   *
   * `'fused'` (default): the gradient does not vanish there. From logits, value and gradient are those of the exact
   * softmax wherever these are finite. `'mask'`: probabilities are clipped to [epsilon, 1 - epsilon], and the gradient
   * is 0 where that changes them, as in the Python packages.
   */
  clip?: 'fused' | 'mask' | undefined;
  /** The bound of clipping, in (0, 0.5); default 1e-12. */
  epsilon?: number | undefined;
  /** An array of n K numbers that receives the gradient; a call that fails leaves it as it was. */
  out?: T | undefined;
}

/** Options of an asynchronous evaluation. */
export interface EvaluateAsyncOptions<T extends Precision = Precision> extends EvaluateOptions<T> {
  /** An abort stops the work, within some milliseconds, and then rejects the call with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** The arrays of results, in the precision of the predictions; nested arrays are float64. */
export type PrecisionOf<M extends MatrixLike> = M extends { readonly data: infer T }
  ? T extends Float32Array
    ? Float32Array
    : T extends Float64Array
      ? Float64Array
      : Precision
  : Float64Array;

/** The value I of an objective, which is maximised, and its gradient. */
export interface ValueAndGrad<T extends Precision = Precision> {
  /** The value I, in the units and the range of the objective. */
  value: number;
  /** n x K entries +dI/d(predictions), in the precision of the predictions or of `out`: ascend along it. */
  gradient: Matrix<T>;
}

const evaluateOptions = ['from', 'rows', 'clip', 'epsilon', 'out'] as const;
const evaluateAsyncOptions = [...evaluateOptions, 'signal'] as const;

/** The cost of one call, as `estimate` returns it. */
export interface Estimate {
  /** Seconds of one `valueAndGrad`, right within a factor of about 3: they come from a trial of some milliseconds. */
  seconds: number;
  /** Bytes of native scratch memory. */
  bytes: number;
}

/** A generalised mutual information I of predictions: to be maximised. */
export interface Objective {
  /** The name of the objective; for each name that gemclus has, `gemini(name)` is the objective of that name. */
  readonly name: string;
  /** One-vs-all or one-vs-one. */
  readonly mode: Mode;
  /**
   * The objective's value, in its own units and range.
   *
   * Cost: see the objective's constructor, with n for N.
   *
   * @param predictions n x K probabilities (or logits, with `from`), finite; n is the affinity's size, or that of
   * `rows`.
   * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE, also for a result that its precision cannot
   * hold; GenmiError ERR_DISPOSED, and ERR_OUT_OF_MEMORY before the work begins.
   */
  value(predictions: MatrixLike, options?: EvaluateOptions): number;
  /**
   * The value I and its gradient +dI/d(predictions), the n K predictions being free variables; ascend along it.
   *
   * Arguments, cost and errors as for `value`.
   */
  valueAndGrad<M extends MatrixLike, T extends Precision = PrecisionOf<M>>(
    predictions: M,
    options?: EvaluateOptions<T>,
  ): ValueAndGrad<T>;
  /**
   * As `value`, on another thread. Rejects with the signal's reason when aborted.
   *
   * The predictions are copied before the call returns, 2 to 5 GB a second: they may be written or transferred from
   * then on.
   */
  valueAsync(predictions: MatrixLike, options?: EvaluateAsyncOptions): Promise<number>;
  /**
   * As `valueAndGrad`, on another thread. Rejects with the signal's reason when aborted.
   *
   * The predictions are copied as for `valueAsync`. Another thread writes a new gradient; into `out` it is copied at the
   * end, in one piece.
   */
  valueAndGradAsync<M extends MatrixLike, T extends Precision = PrecisionOf<M>>(
    predictions: M,
    options?: EvaluateAsyncOptions<T>,
  ): Promise<ValueAndGrad<T>>;
  /**
   * Estimates the cost of one `valueAndGrad` with n samples and k clusters on this machine, before it runs.
   *
   * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE unless n and k are integers >= 1 and n is at
   * most the affinity's size, GenmiError ERR_DISPOSED.
   */
  estimate(n: number, k: number): Estimate;
}

/** An objective with an affinity, which can be learned too. */
export interface GeometryObjective extends Objective {
  /**
   * The gradient +dI/dA of the value, n x n, in the n^2 entries of the affinity A of these samples as free variables.
   *
   * Cost: beyond that of `value`, n^2 numbers, and for `mmd` O(n^2 K), one-vs-one O(n^2 K^2).
   *
   * @param predictions as for `value`.
   * @throws as `value`.
   */
  affinityGrad<M extends MatrixLike>(predictions: M, options?: Omit<EvaluateOptions, 'out'>): Matrix<PrecisionOf<M>>;
}

/** The properties of an objective's affinities that checks need. */
export interface Geometry {
  /** The affinities' number of samples; undefined where there is no affinity. */
  readonly samples?: number | undefined;
  /** Whether samples are known by their row numbers without an affinity; default false. */
  readonly namesSamples?: boolean | undefined;
  /** Whether transport costs stay in memory between calls. */
  readonly warmStart: boolean;
  /** Bytes of scratch memory for each pair of samples, on each thread except the first. */
  readonly threadBytes: number;
}

/** @internal The native objective behind an argument. */
export let nativeObjective: (objective: unknown, argument: string) => NativeObjective;

/** An objective of this package: its native objective is made by a constructor's name and parameters. */
export class NativeBackedObjective implements GeometryObjective {
  readonly #native: NativeObjective;
  /** The scratch memory of the last call: training steps of one size are counted once. */
  #counted = { n: 0, k: 0, bytes: 0 };

  constructor(
    readonly name: string,
    readonly mode: Mode,
    constructorName: string,
    parameters: Record<string, NativeParameter>,
    /** @internal */
    readonly geometry: Geometry = {
      samples: (parameters.affinity as NativeAffinity | undefined)?.size,
      warmStart: false,
      threadBytes: 0,
    },
  ) {
    this.#native = new native.Objective(constructorName, { mode, ...parameters });
  }

  static {
    mark(NativeBackedObjective.prototype, 'Objective');
    nativeObjective = (objective, argument) => NativeBackedObjective.#own(objective, argument);
  }

  /** Returns the native objective. Throws where the objective is another copy's, or a proxy. */
  static #own(objective: unknown, argument = 'objective'): NativeObjective {
    if (typeof objective === 'object' && objective !== null && #native in objective) return objective.#native;
    throw notOurs(argument, 'Objective', objective, NativeBackedObjective.prototype);
  }

  /**
   * @internal Refuses a call for which there is no memory.
   *
   * @param others bytes besides the scratch memory of the native core
   */
  checkMemory(n: number, k: number, others: number): void {
    const { samples, warmStart } = this.geometry;
    const sameSize = this.#counted.n === n && this.#counted.k === k;
    // A call with too many samples gets a better error, from the native core.
    const possible = samples === undefined || n <= samples;
    const counted = sameSize ? this.#counted : { n, k, bytes: possible ? this.#costOf(n, k).bytes : 0 };
    // Warm starts need no memory beyond that of the last call.
    if (counted.bytes + others > NEVER_REFUSED && !(warmStart && sameSize)) {
      const rows = samples === undefined ? '' : ': fewer predictions, with their `rows`';
      const what = `${this.name} of ${n} samples and ${k} clusters`;
      checkFits(what, counted.bytes + others, `use mini-batches${rows}`);
    }
    this.#counted = counted;
  }

  value(predictions: MatrixLike, options: EvaluateOptions = {}): number {
    checkOptions(options, evaluateOptions);
    return NativeBackedObjective.#evaluate(this, toMatrix('predictions', predictions), options, null);
  }

  valueAndGrad<M extends MatrixLike, T extends Precision = PrecisionOf<M>>(
    predictions: M,
    options: EvaluateOptions<T> = {},
  ): ValueAndGrad<T> {
    checkOptions(options, evaluateOptions);
    const matrix = toMatrix('predictions', predictions);
    const { out } = options;
    const gradient =
      out === undefined ? newGradient<T>(matrix, matrix.data) : { data: checkOut(out, matrix), shape: matrix.shape };
    const value = NativeBackedObjective.#evaluate(this, matrix, options, gradient.data);
    return { value, gradient };
  }

  /** One synchronous native call. It spreads no list of arguments: that is a tenth of a small call. */
  static #evaluate(
    objective: NativeBackedObjective,
    { data, shape }: Matrix,
    options: EvaluateOptions,
    gradient: Precision | null,
  ): number {
    const own = NativeBackedObjective.#own(objective);
    const [n, k] = shape;
    objective.checkMemory(n, k, callBytes(data));
    const [logits, mask, epsilon] = nativeReading(options);
    return own.evaluate(data, n, k, logits, mask, epsilon, toRows(options.rows), gradient);
  }

  async valueAsync(predictions: MatrixLike, options: EvaluateAsyncOptions = {}): Promise<number> {
    return runJob(options, (job) => {
      checkOptions(options, evaluateAsyncOptions);
      return NativeBackedObjective.#own(this).evaluateAsync(
        ...evaluation(this, toMatrix('predictions', predictions), options),
        null,
        null,
        job,
      );
    });
  }

  async valueAndGradAsync<M extends MatrixLike, T extends Precision = PrecisionOf<M>>(
    predictions: M,
    options: EvaluateAsyncOptions<T> = {},
  ): Promise<ValueAndGrad<T>> {
    const { value, gradient, out } = await runJob(options, async (job) => {
      checkOptions(options, evaluateAsyncOptions);
      const matrix = toMatrix('predictions', predictions);
      const { out } = options;
      // Another thread writes the gradient. JavaScript could detach `out` meanwhile, but has no other reference to this.
      const gradient = newGradient<T>(matrix, out === undefined ? matrix.data : checkOut(out, matrix));
      const value = await NativeBackedObjective.#own(this).evaluateAsync(
        ...evaluation(this, matrix, options),
        gradient.data,
        out ?? null,
        job,
      );
      return { value, gradient, out };
    });
    if (out === undefined) return { value, gradient };
    if (!fill(out, gradient.data))
      throw outOfRange('out', `${gradient.data.length} numbers`, 'an array resized or transferred meanwhile');
    return { value, gradient: { data: out, shape: gradient.shape } };
  }

  affinityGrad<M extends MatrixLike>(
    predictions: M,
    options: Omit<EvaluateOptions, 'out'> = {},
  ): Matrix<PrecisionOf<M>> {
    checkOptions(options, ['from', 'rows', 'clip', 'epsilon']);
    const matrix = toMatrix('predictions', predictions);
    const [n, k] = matrix.shape;
    const own = NativeBackedObjective.#own(this);
    // The native core adds in float64 before it rounds to the predictions' precision.
    this.checkMemory(n, k, 2 * 8 * n ** 2);
    const gradient = zeros(precisionOf(matrix.data), n, n, 'use mini-batches') as Matrix<PrecisionOf<M>>;
    own.affinityGradient(...evaluation(this, matrix, options), gradient.data);
    return gradient;
  }

  estimate(n: number, k: number): Estimate {
    checkNumber('n', n, { min: 1, integer: true });
    checkNumber('k', k, { min: 1, integer: true });
    const own = NativeBackedObjective.#own(this);
    const { operations, bytes } = this.#costOf(n, k);
    return { seconds: operations * secondsPerOperation(own, n, k), bytes };
  }

  #costOf(n: number, k: number): { operations: number; bytes: number } {
    const { operations, bytes } = this.#native.cost(n, k);
    const others = Math.min(native.settings().threads, availableParallelism()) - 1;
    return { operations, bytes: bytes + others * this.geometry.threadBytes * n ** 2 };
  }
}

/** A copy of the predictions, the gradient, and a copy of it where it goes into `out`. */
function callBytes(predictions: Precision): number {
  return 3 * predictions.byteLength;
}

function evaluation(
  objective: NativeBackedObjective,
  { data, shape }: Matrix,
  options: EvaluateOptions,
): NativeEvaluation {
  objective.checkMemory(shape[0], shape[1], callBytes(data));
  return [data, shape[0], shape[1], ...nativeReading(options), toRows(options.rows)];
}

/** @internal How the native core is to read predictions. */
export function nativeReading(options: EvaluateOptions): NativeReading {
  const from = oneOf('from', options.from ?? 'probabilities', ['probabilities', 'logits']);
  const clip = oneOf('clip', options.clip ?? 'fused', ['fused', 'mask']);
  const epsilon = checkNumber('epsilon', options.epsilon ?? 1e-12);
  return [from === 'logits', clip === 'mask', epsilon];
}

/** @internal An array for the gradient of a matrix, in the precision of `like`. */
export function newGradient<T extends Precision>({ shape }: Matrix, like: Precision): Matrix<T> {
  return zeros(precisionOf(like), ...shape, 'use mini-batches') as Matrix<T>;
}

/** @internal Checks an array that shall receive the gradient of a matrix. */
export function checkOut<T extends Precision>(
  out: T,
  { data }: Matrix,
  argument = 'out',
  others = 'the predictions have',
): T {
  if (!isPrecision(out)) throw invalidType(argument, 'a Float32Array or Float64Array', describe(out));
  if (out.length !== data.length) throw outOfRange(argument, `${data.length} numbers, as ${others}`, `${out.length}`);
  return out;
}

const TRIAL_SAMPLES = 96;
const TRIAL_CLUSTERS = 10;
const TRIAL_SECONDS = 2e-3;

function trialOf(samples: number, clusters: number) {
  const numbers = samples * clusters;
  const what = () => `A trial of ${samples} samples`;
  return allocating(what, 4 * samples + 16 * numbers, 'free memory first', () => ({
    rows: Int32Array.from({ length: samples }, (_, i) => i),
    logits: Float64Array.from({ length: numbers }, (_, i) => 2 * Math.sin(12.9898 * (i + 1) ** 1.5)),
    gradient: new Float64Array(numbers),
  }));
}

/** Times a small problem of the same objective, and divides by the operations of its cost model. */
function secondsPerOperation(objective: NativeObjective, n: number, k: number): number {
  const [samples, clusters] = [Math.min(n, TRIAL_SAMPLES), Math.min(k, TRIAL_CLUSTERS)];
  const { rows, logits, gradient } = trialOf(samples, clusters);
  const run = () => objective.rehearse(logits, samples, clusters, true, false, 1e-12, rows, gradient);
  run();
  let calls = 0;
  const start = performance.now();
  let seconds: number;
  do {
    run();
    calls += 1;
    seconds = (performance.now() - start) / 1000;
  } while (seconds < TRIAL_SECONDS);
  return seconds / calls / Math.max(1, objective.cost(samples, clusters).operations);
}
