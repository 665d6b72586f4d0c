/** The common part of all losses on pairs of views: reads both views, makes one native call, returns its results. */
import { mark, notOurs } from '../copies.js';
import { describe, invalidType, isArray, outOfRange } from '../errors.js';
import { runJob } from '../jobs.js';
import { type Matrix, type MatrixLike, type Precision, precisionOf, toMatrix } from '../matrix.js';
import { checkFits, NEVER_REFUSED } from '../memory.js';
import { type NativeJob, type NativePairCall, native } from '../native.js';
import { checkOut, newGradient, type PrecisionOf } from '../objectives/objective.js';
import { checkOptions, oneOf } from '../options.js';
import { fill } from '../typed-arrays.js';

/** Options of a loss on two views. */
export interface PairOptions<T extends Precision = Precision> {
  /**
   * `'logits'`: the softmax is fused, and the gradients are dL/dlogits. Default `'probabilities'`. Losses on embeddings
   * do not have this option.
   */
  from?: 'probabilities' | 'logits' | undefined;
  /** Two arrays that receive the gradients of both views; a call that fails leaves them as they were. */
  out?: readonly [a: T, b: T] | undefined;
}

/** Options of an asynchronous call. */
export interface PairAsyncOptions<T extends Precision = Precision> extends PairOptions<T> {
  /** An abort stops the work, within some milliseconds, and then rejects the call with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** The value L of a loss, which is minimised, and its gradients. */
export interface PairValueAndGrad<T extends Precision = Precision> {
  /** The value L, in the units and the range of the loss. */
  value: number;
  /** +dL/da and +dL/db, of the shapes of the views, in their precision or in that of `out`: descend along them. */
  gradients: [a: Matrix<T>, b: Matrix<T>];
}

/** A loss L on two views of the same samples, to be minimised: row i of both views belongs to sample i. */
export interface PairLoss {
  /** The name of the loss, with its parameter. */
  readonly name: string;
  /**
   * The value of the loss, in its own units and range. Cost: see the constructor of the loss.
   *
   * @param a one view, finite numbers: rows of probabilities (or logits, with `from`), or embeddings.
   * @param b the other view, of the same precision, and of the same shape unless the loss says otherwise.
   * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE, also for a result that its precision cannot
   * hold; GenmiError ERR_OUT_OF_MEMORY before the work begins.
   */
  value(a: MatrixLike, b: MatrixLike, options?: PairOptions): number;
  /**
   * The value L and its gradients +dL/da and +dL/db, all numbers being free variables; descend along them.
   *
   * Arguments, cost and errors as for `value`.
   */
  valueAndGrad<M extends MatrixLike, T extends Precision = PrecisionOf<M>>(
    a: M,
    b: MatrixLike,
    options?: PairOptions<T>,
  ): PairValueAndGrad<T>;
  /** As `value`, on another thread; the views are copied before the call returns. */
  valueAsync(a: MatrixLike, b: MatrixLike, options?: PairAsyncOptions): Promise<number>;
  /** As `valueAndGrad`, on another thread; the views are copied before the call returns. */
  valueAndGradAsync<M extends MatrixLike, T extends Precision = PrecisionOf<M>>(
    a: M,
    b: MatrixLike,
    options?: PairAsyncOptions<T>,
  ): Promise<PairValueAndGrad<T>>;
}

/** The native loss behind a constructor. */
export interface PairLossDescription {
  /** The name in the core, and its one number. */
  readonly native: readonly [name: string, parameter: number];
  /** Whether the views are predictions, so that `from` has a meaning; default: they are embeddings. */
  readonly predictions?: boolean;
  /** Whether view b may have several locations, each with as many columns as view a; default: both have one shape. */
  readonly locations?: boolean;
  /** How many float64 numbers of scratch memory a call needs for views of n x k and n x (k locations). */
  readonly scratch: (n: number, k: number, locations: number) => number;
}

interface Views {
  readonly a: Matrix;
  readonly b: Matrix;
  readonly call: NativePairCall;
}

/** @internal What trainings use of a loss. Throws where the loss is another copy's, or a proxy. */
export let descriptionOf: (loss: unknown, argument: string) => PairLossDescription;

/** A loss of this package. */
export class NativePairLoss implements PairLoss {
  readonly #description: PairLossDescription;

  static {
    mark(NativePairLoss.prototype, 'PairLoss');
    descriptionOf = (loss, argument) => {
      if (typeof loss === 'object' && loss !== null && #description in loss) return loss.#description;
      throw notOurs(argument, 'PairLoss', loss, NativePairLoss.prototype);
    };
  }

  constructor(
    readonly name: string,
    description: PairLossDescription,
  ) {
    this.#description = description;
  }

  value(a: MatrixLike, b: MatrixLike, options: PairOptions = {}): number {
    const { call } = this.#read(a, b, options);
    return native.pairLoss(...call, null, null);
  }

  valueAndGrad<M extends MatrixLike, T extends Precision = PrecisionOf<M>>(
    a: M,
    b: MatrixLike,
    options: PairOptions<T> = {},
  ): PairValueAndGrad<T> {
    const views = this.#read(a, b, options);
    const out = checkOuts(options.out, views);
    const gradients = out === undefined ? newGradients<T>(views) : lent(out, views);
    const value = native.pairLoss(...views.call, gradients[0].data, gradients[1].data);
    return { value, gradients };
  }

  async valueAsync(a: MatrixLike, b: MatrixLike, options: PairAsyncOptions = {}): Promise<number> {
    return runJob(options, (job) =>
      native.pairLossAsync(...this.#read(a, b, options, ['signal']).call, null, null, null, null, job),
    );
  }

  async valueAndGradAsync<M extends MatrixLike, T extends Precision = PrecisionOf<M>>(
    a: M,
    b: MatrixLike,
    options: PairAsyncOptions<T> = {},
  ): Promise<PairValueAndGrad<T>> {
    const { value, gradients, out, views } = await runJob(options, async (job: NativeJob) => {
      const views = this.#read(a, b, options, ['signal']);
      const out = checkOuts(options.out, views);
      // Another thread writes the gradients: JavaScript has no other reference to these.
      const gradients = newGradients<T>(views, out);
      const [byA, byB] = [gradients[0].data, gradients[1].data];
      const value = await native.pairLossAsync(...views.call, byA, byB, out?.[0] ?? null, out?.[1] ?? null, job);
      return { value, gradients, out, views };
    });
    if (out === undefined) return { value, gradients };
    if (out.some((array, side) => array.length !== gradients[side as 0 | 1].data.length))
      throw outOfRange('out', 'arrays as they were', 'an array resized or transferred meanwhile');
    for (const side of [0, 1] as const) fill(out[side], gradients[side].data);
    return { value, gradients: lent(out, views) };
  }

  #read(a: MatrixLike, b: MatrixLike, options: PairOptions, others: readonly string[] = []): Views {
    const { native: named, predictions = false, locations = false, scratch } = this.#description;
    checkOptions(options, [...(predictions ? ['from'] : []), 'out', ...others]);
    const from = oneOf('from', options.from ?? 'probabilities', ['probabilities', 'logits']);
    const [first, second] = [toMatrix('a', a), toMatrix('b', b)];
    checkAlike(first, second, locations);
    const [n, k] = first.shape;
    // Copies of the views, their gradients, and copies of these.
    const bytes = 3 * (first.data.byteLength + second.data.byteLength) + 8 * scratch(n, k, second.shape[1] / k);
    if (bytes > NEVER_REFUSED) checkFits(`${this.name} of two views of ${n} x ${k}`, bytes, 'use mini-batches');
    return {
      a: first,
      b: second,
      call: [...named, from === 'logits', first.data, ...first.shape, second.data, ...second.shape],
    };
  }
}

function checkAlike(a: Matrix, b: Matrix, locations: boolean): void {
  if (precisionOf(a.data) !== precisionOf(b.data)) {
    const expected = precisionOf(a.data) === 'float32' ? 'a Float32Array' : 'a Float64Array';
    throw invalidType('b.data', `${expected}, as a has`, describe(b.data));
  }
  const [n, k] = a.shape;
  const fits = locations ? b.shape[1] % k === 0 : b.shape[1] === k;
  if (b.shape[0] === n && (fits || k === 0)) return;
  const expected = locations ? `${n} rows of a multiple of ${k} numbers` : `${n} x ${k} numbers, as a has`;
  throw outOfRange('b', expected, b.shape.join(' x '));
}

function checkOuts<T extends Precision>(out: readonly [T, T] | undefined, { a, b }: Views): [T, T] | undefined {
  if (out === undefined) return undefined;
  if (!isArray('out', out) || out.length !== 2)
    throw invalidType('out', 'two arrays, for the gradients of both views', describe(out));
  return [checkOut(out[0], a, 'out[0]', 'a has'), checkOut(out[1], b, 'out[1]', 'b has')];
}

function newGradients<T extends Precision>({ a, b }: Views, like?: [T, T]): [Matrix<T>, Matrix<T>] {
  return [newGradient<T>(a, like?.[0] ?? a.data), newGradient<T>(b, like?.[1] ?? b.data)];
}

function lent<T extends Precision>([toA, toB]: [T, T], { a, b }: Views): [Matrix<T>, Matrix<T>] {
  return [
    { data: toA, shape: a.shape },
    { data: toB, shape: b.shape },
  ];
}
