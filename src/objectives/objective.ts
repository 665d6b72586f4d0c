/** The objectives' common part: from the user's matrices to one native call and back. */
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
import { checkFits, NEVER_REFUSED } from '../memory.js';
import {
  type NativeAffinity,
  type NativeEvaluation,
  type NativeObjective,
  type NativeParameter,
  type NativeReading,
  native,
} from '../native.js';
import { checkNumber, checkOptions, oneOf } from '../options.js';

/** One-vs-all compares clusters with the data, one-vs-one with each other. */
export type Mode = 'ova' | 'ovo';

export interface EvaluateOptions<T extends Precision = Precision> {
  /** `'logits'`: the softmax is fused, the gradient is with respect to the logits. Default `'probabilities'`. */
  from?: 'probabilities' | 'logits' | undefined;
  /** Which samples of the affinity these predictions are (a mini-batch); default: all. */
  rows?: Rows | undefined;
  /**
   * `'fused'` (default): the gradient does not stop where probabilities saturate; from logits, value and gradient are those of
   * the exact softmax wherever that is finite. `'mask'`: probabilities are clipped to [epsilon, 1 - epsilon] and the gradient
   * is 0 where that changed them, as in the Python packages.
   */
  clip?: 'fused' | 'mask' | undefined;
  /** Default 1e-12; in (0, 0.5). */
  epsilon?: number | undefined;
  /** A buffer of n K numbers that receives the gradient. */
  out?: T | undefined;
}

export interface EvaluateAsyncOptions<T extends Precision = Precision> extends EvaluateOptions<T> {
  signal?: AbortSignal | undefined;
}

/** The precision of results: that of the predictions, of which nested arrays are float64. */
export type PrecisionOf<M extends MatrixLike> = M extends { readonly data: infer T }
  ? T extends Float32Array
    ? Float32Array
    : T extends Float64Array
      ? Float64Array
      : Precision
  : Float64Array;

export interface ValueAndGrad<T extends Precision = Precision> {
  value: number;
  /** n x K, in the precision of the predictions or of `out`. */
  gradient: Matrix<T>;
}

const evaluateOptions = ['from', 'rows', 'clip', 'epsilon', 'out'] as const;
const evaluateAsyncOptions = [...evaluateOptions, 'signal'] as const;

/** A generalised mutual information of predictions: to be maximised. */
export interface Objective {
  /** Names of gemclus belong to what gemclus means by them: `gemini(name)` of such a name is that objective. */
  readonly name: string;
  readonly mode: Mode;
  /**
   * The objective's value.
   *
   * @param predictions n x K probabilities (or logits, with `from`), finite; n = the affinity's size, or that of `rows`.
   * @throws RangeError ERR_OUT_OF_RANGE, TypeError ERR_INVALID_ARG_TYPE, GenmiError ERR_DISPOSED, and ERR_OUT_OF_MEMORY before it
   * begins.
   */
  value(predictions: MatrixLike, options?: EvaluateOptions): number;
  /** The value and its gradient with respect to the predictions, treated as n K free variables. Arguments as `value`. */
  valueAndGrad<M extends MatrixLike, T extends Precision = PrecisionOf<M>>(
    predictions: M,
    options?: EvaluateOptions<T>,
  ): ValueAndGrad<T>;
  /** As `value`, on another thread, on copies of the data. Rejects with the signal's reason when aborted. */
  valueAsync(predictions: MatrixLike, options?: EvaluateAsyncOptions): Promise<number>;
  /** As `valueAndGrad`, on another thread, on copies of the data. Rejects with the signal's reason when aborted. */
  valueAndGradAsync<M extends MatrixLike, T extends Precision = PrecisionOf<M>>(
    predictions: M,
    options?: EvaluateAsyncOptions<T>,
  ): Promise<ValueAndGrad<T>>;
  /**
   * What a call of `valueAndGrad` with n samples and K clusters will cost on this machine, before it runs: seconds from a
   * small trial (some milliseconds; right within a factor of about 3), bytes of native scratch memory.
   *
   * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE unless n and k are integers >= 1 and n is at most the
   * affinity's size, GenmiError ERR_DISPOSED.
   */
  estimate(n: number, k: number): { seconds: number; bytes: number };
}

/** An objective whose affinity could itself be learned. */
export interface GeometryObjective extends Objective {
  /**
   * The gradient with respect to the n x n entries of the affinity between the samples, as free variables.
   *
   * @param predictions as for `value`.
   * Cost: beyond that of `value`, n^2 numbers, and for `mmd` O(n^2 K), one-vs-one O(n^2 K^2).
   * @throws as `value`.
   */
  affinityGrad<M extends MatrixLike>(predictions: M, options?: Omit<EvaluateOptions, 'out'>): Matrix<PrecisionOf<M>>;
}

/** What is known of the affinities of an objective. */
export interface Geometry {
  /** Their number of samples; undefined where there are none. */
  readonly samples?: number | undefined;
  /** Whether costs of transport are kept between calls. */
  readonly warmStart: boolean;
  /** Bytes of scratch memory for each pair of samples, on each thread except the first. */
  readonly threadBytes: number;
}

/** @internal The native objective behind an argument. */
export let nativeObjective: (objective: unknown, argument: string) => NativeObjective;

/** Every objective of this package: a name for the native core, and its parameters. */
export class NativeBackedObjective implements GeometryObjective {
  readonly #native: NativeObjective;
  /** Scratch memory of the last call: that of training steps is counted once. */
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

  /** Its native objective, unless it is another copy's, or a proxy. */
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
    // More samples than there are: an error that the native core tells better.
    const possible = samples === undefined || n <= samples;
    const counted = sameSize ? this.#counted : { n, k, bytes: possible ? this.#costOf(n, k).bytes : 0 };
    // What warm starts need is kept from the last call.
    if (counted.bytes + others > NEVER_REFUSED && !(warmStart && sameSize)) {
      const rows = samples === undefined ? '' : ': fewer predictions, with their `rows`';
      const what = `${this.name} of ${n} samples and ${k} clusters`;
      checkFits(what, counted.bytes + others, `use mini-batches${rows}`);
    }
    this.#counted = counted;
  }

  value(predictions: MatrixLike, options: EvaluateOptions = {}): number {
    checkOptions(options, evaluateOptions);
    return NativeBackedObjective.#own(this).evaluate(
      ...evaluation(this, toMatrix('predictions', predictions), options),
      null,
    );
  }

  valueAndGrad<M extends MatrixLike, T extends Precision = PrecisionOf<M>>(
    predictions: M,
    options: EvaluateOptions<T> = {},
  ): ValueAndGrad<T> {
    checkOptions(options, evaluateOptions);
    const matrix = toMatrix('predictions', predictions);
    const gradient = gradientFor<T>(matrix, options.out);
    const value = NativeBackedObjective.#own(this).evaluate(...evaluation(this, matrix, options), gradient.data);
    return { value, gradient };
  }

  async valueAsync(predictions: MatrixLike, options: EvaluateAsyncOptions = {}): Promise<number> {
    return runJob(options, (job) => {
      checkOptions(options, evaluateAsyncOptions);
      return NativeBackedObjective.#own(this).evaluateAsync(
        ...evaluation(this, toMatrix('predictions', predictions), options),
        null,
        job,
      );
    });
  }

  async valueAndGradAsync<M extends MatrixLike, T extends Precision = PrecisionOf<M>>(
    predictions: M,
    options: EvaluateAsyncOptions<T> = {},
  ): Promise<ValueAndGrad<T>> {
    return runJob(options, async (job) => {
      checkOptions(options, evaluateAsyncOptions);
      const matrix = toMatrix('predictions', predictions);
      const gradient = gradientFor<T>(matrix, options.out);
      const value = await NativeBackedObjective.#own(this).evaluateAsync(
        ...evaluation(this, matrix, options),
        gradient.data,
        job,
      );
      return { value, gradient };
    });
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

  estimate(n: number, k: number): { seconds: number; bytes: number } {
    checkNumber('n', n, { min: 1, integer: true });
    checkNumber('k', k, { min: 1, integer: true });
    const own = NativeBackedObjective.#own(this);
    const { operations, bytes } = this.#costOf(n, k);
    return { seconds: operations * secondsPerOperation(own, n, k), bytes };
  }

  #costOf(n: number, k: number): { operations: number; bytes: number } {
    const { operations, bytes } = this.#native.cost(n, k);
    const others = Math.min(native.threads(), availableParallelism()) - 1;
    return { operations, bytes: bytes + others * this.geometry.threadBytes * n ** 2 };
  }
}

function evaluation(
  objective: NativeBackedObjective,
  { data, shape }: Matrix,
  options: EvaluateOptions,
): NativeEvaluation {
  // Predictions that are copied, and gradients on both sides.
  objective.checkMemory(shape[0], shape[1], 3 * data.byteLength);
  return [data, shape[0], shape[1], ...nativeReading(options), toRows(options.rows)];
}

/** @internal How the native core is to read predictions. */
export function nativeReading(options: EvaluateOptions): NativeReading {
  const from = oneOf('from', options.from ?? 'probabilities', ['probabilities', 'logits']);
  const clip = oneOf('clip', options.clip ?? 'fused', ['fused', 'mask']);
  const epsilon = checkNumber('epsilon', options.epsilon ?? 1e-12);
  return [from === 'logits', clip === 'mask', epsilon];
}

function gradientFor<T extends Precision>({ data, shape }: Matrix, out: T | undefined): Matrix<T> {
  if (out === undefined) return zeros(precisionOf(data), ...shape, 'use mini-batches') as Matrix<T>;
  if (!isPrecision(out)) throw invalidType('out', 'a Float32Array or Float64Array', describe(out));
  if (out.length !== data.length)
    throw outOfRange('out', `${data.length} numbers, as the predictions have`, `${out.length}`);
  return { data: out, shape };
}

const TRIAL_SAMPLES = 96;
const TRIAL_CLUSTERS = 10;
const TRIAL_SECONDS = 2e-3;

/** Times a smaller problem of the same kind: what the operations of its cost model take here. */
function secondsPerOperation(objective: NativeObjective, n: number, k: number): number {
  const [samples, clusters] = [Math.min(n, TRIAL_SAMPLES), Math.min(k, TRIAL_CLUSTERS)];
  const rows = Int32Array.from({ length: samples }, (_, i) => i);
  const logits = Float64Array.from({ length: samples * clusters }, (_, i) => 2 * Math.sin(12.9898 * (i + 1) ** 1.5));
  const gradient = new Float64Array(logits.length);
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
