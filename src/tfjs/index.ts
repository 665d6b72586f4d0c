/**
 * Losses for TensorFlow.js training loops. `tf` is an argument: any engine, and never a second copy of one.
 *
 * From Node 23 on, `@tensorflow/tfjs-node` 4.22 needs two lines before it is loaded:
 * `util.isNullOrUndefined ??= (value) => value === null || value === undefined` and `util.isArray ??= Array.isArray`.
 *
 * @module genmi/tfjs
 */
import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { checkReadable, describe, describeList, invalidType, isArray, outOfRange, refused } from '../errors.js';
import { type Matrix, type Rows, toRows } from '../matrix.js';
import { allocate, allocating, checkFits, NEVER_REFUSED } from '../memory.js';
import { scale } from '../objectives/composite.js';
import {
  type EvaluateOptions,
  NativeBackedObjective,
  nativeObjective,
  nativeReading,
  type Objective,
} from '../objectives/objective.js';
import { checkNumber, checkOptions } from '../options.js';
import type { PairLoss, PairOptions } from '../pairs/pair-loss.js';
import { isInt32 } from '../typed-arrays.js';
import { checkNoClasses, rowsOfTargets } from './targets.js';

/**
 * The functions of TensorFlow.js that genmi calls: `@tensorflow/tfjs`, `tfjs-node`, `tfjs-node-gpu` and `tfjs-core`
 * have them.
 */
export type TensorFlow = Pick<
  typeof import('@tensorflow/tfjs-core'),
  'customGrad' | 'engine' | 'mul' | 'scalar' | 'tensor2d'
>;

/** The options of a loss: `from`, `clip` and `epsilon` of EvaluateOptions. */
export type LossOptions = Pick<EvaluateOptions, 'from' | 'clip' | 'epsilon'>;

/** A loss that `geminiLoss` makes, for a training loop and for `model.fit`. */
export interface GeminiLoss {
  /**
   * The negated objective of a batch: a scalar to be minimised, differentiable once, with respect to the predictions.
   *
   * @param predictions n x K probabilities, or logits with `from: 'logits'`; float32.
   * @param rows n row numbers of these samples in the affinity; default: all samples.
   * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE, and the errors of the objective.
   */
  (predictions: Tensor2D, rows?: Rows | Tensor1D): Scalar;
  /**
   * The loss for `model.compile({ loss: loss.forFit })`.
   *
   * @param yTrue n x K targets whose first column holds the row numbers of the samples, see `rowIndices`.
   * @param yPred n x K predictions, as for the loss.
   * @throws as the loss, and RangeError ERR_OUT_OF_RANGE for targets that are classes by mistake: one-hot rows, or more
   * than K rows with no number except 0 to K - 1. An objective without an affinity takes any row numbers.
   */
  forFit(yTrue: Tensor, yPred: Tensor): Scalar;
}

/**
 * Makes a loss, to be minimised, of an objective, which is maximised: value and gradient change sign.
 *
 * Cost of a call: that of the objective, one `dataSync`, and one upload of the gradient where a tape records. A
 * second-order gradient throws GenmiError ERR_UNSUPPORTED.
 *
 * @param tf the TensorFlow.js module of the model, with any engine.
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE.
 */
export function geminiLoss(tf: TensorFlow, objective: Objective, options: LossOptions = {}): GeminiLoss {
  checkOptions(options, ['from', 'clip', 'epsilon']);
  checkTensorFlow(tf);
  checkReadable('objective', objective);
  if (typeof objective?.valueAndGrad !== 'function')
    throw invalidType('objective', 'an Objective', describe(objective));

  const { value, valueAndGrad } = minimised(objective, options);
  const loss = (predictions: Tensor2D, rows?: Rows | Tensor1D): Scalar => {
    checkPredictions(predictions);
    const samples = readRows(rows);
    // customGrad pauses the tape inside its function: ask before.
    if (tf.engine().isTapeOn()) {
      const evaluate = (x: Tensor2D) => {
        const { value, gradient } = valueAndGrad(x, samples);
        return { value, gradients: [gradient] };
      };
      return differentiable(tf, GEMINI, evaluate, [predictions]);
    }
    return scalarOf(tf, GEMINI, value(predictions, samples));
  };
  const ours = objective instanceof NativeBackedObjective;
  const { samples, namesSamples = false } = ours ? objective.geometry : {};
  const forFit = (yTrue: Tensor, yPred: Tensor): Scalar => {
    const predictions = yPred as Tensor2D;
    checkPredictions(predictions);
    const rows = rowsOfTargets(yTrue, samples);
    // An objective that knows no samples ignores the row numbers: they may be classes.
    if (!ours || samples !== undefined || namesSamples) checkNoClasses(yTrue, rows, predictions.shape[1]);
    return loss(predictions, rows);
  };
  return Object.assign(loss, { forFit });
}

interface Minimised {
  value(predictions: Tensor2D, rows: Rows | undefined): number;
  valueAndGrad(predictions: Tensor2D, rows: Rows | undefined): { value: number; gradient: Float32Array };
}

/**
 * An objective of genmi is negated in the native call, and its options are read once: after a step of the network the
 * code of these checks has left the caches, and each check costs microseconds. Another implementation of `Objective` is
 * called as users call it, and negated afterwards.
 */
function minimised(objective: Objective, options: LossOptions): Minimised {
  if (objective instanceof NativeBackedObjective) {
    const negated = scale(objective, -1) as NativeBackedObjective;
    const native = nativeObjective(negated, 'objective');
    const [logits, mask, epsilon] = nativeReading(options);
    const evaluate = (x: Tensor2D, rows: Rows | undefined, gradient: Float32Array | null) => {
      const [n, k] = x.shape;
      negated.checkMemory(n, k, 4 * x.size);
      return native.evaluate(x.dataSync<'float32'>(), n, k, logits, mask, epsilon, toRows(rows), gradient);
    };
    return {
      value: (x, rows) => evaluate(x, rows, null),
      valueAndGrad(x, rows) {
        const gradient = allocatingGradient(x.size, () => new Float32Array(x.size));
        return { value: evaluate(x, rows, gradient), gradient };
      },
    };
  }
  return {
    value: (x, rows) => -objective.value(matrixOf(x), { ...options, rows }),
    valueAndGrad(x, rows) {
      const { value, gradient } = objective.valueAndGrad(matrixOf(x), { ...options, rows });
      return {
        value: -value,
        gradient: allocatingGradient(x.size, () => Float32Array.from(gradient.data, (each) => -each)),
      };
    },
  };
}

function matrixOf(x: Tensor2D): Matrix<Float32Array> {
  return { data: x.dataSync<'float32'>(), shape: x.shape };
}

function allocatingGradient(numbers: number, make: () => Float32Array): Float32Array {
  const [what, bytes, remedy] = [() => `A gradient of ${numbers} numbers`, 4 * numbers, 'use mini-batches'] as const;
  if (bytes > NEVER_REFUSED) checkFits(what(), bytes, remedy);
  return allocating(what, bytes, remedy, make);
}

/** The names that errors of a loss have: of the function that made it, and of its argument. */
interface Caller {
  readonly name: string;
  readonly argument: string;
  readonly remedy: string;
}
const GEMINI: Caller = {
  name: 'geminiLoss',
  argument: 'predictions',
  remedy: 'use smaller factors, or an affinity of smaller numbers',
};
const PAIRS: Caller = { name: 'pairLoss', argument: 'a and b', remedy: 'use smaller numbers' };

function differentiable<T extends Tensor2D[]>(
  tf: TensorFlow,
  caller: Caller,
  evaluate: (...inputs: T) => { value: number; gradients: Float32Array[] },
  inputs: T,
): Scalar {
  const custom = tf.customGrad((...args) => {
    // The last argument saves tensors.
    const { value, gradients } = evaluate(...(args.slice(0, inputs.length) as T));
    let handedOver = false;
    const gradFunc = (dy: Tensor) => {
      if (tf.engine().isTapeOn()) {
        const received = 'a request for a second-order one';
        throw refused('ERR_UNSUPPORTED', caller.name, 'first-order gradients', received);
      }
      // The engine may keep the arrays: the first caller gets them, later callers get copies. A factor of 1 is left
      // out: the product takes longer than everything else here.
      const factor = dy.dataSync()[0];
      const tensors = gradients.map((gradient, i) => {
        const numbers = handedOver ? allocatingGradient(gradient.length, () => gradient.slice()) : gradient;
        const upload = tf.tensor2d(numbers, (inputs[i] as Tensor2D).shape);
        return factor === 1 ? upload : tf.mul(upload, dy);
      });
      handedOver = true;
      return tensors.length === 1 ? (tensors[0] as Tensor) : tensors;
    };
    return { value: scalarOf(tf, caller, value), gradFunc };
  });
  return custom(...inputs) as Scalar;
}

/** Makes the loss a scalar of the engine; throws RangeError where float32 cannot hold it. */
function scalarOf(tf: TensorFlow, { argument, remedy }: Caller, value: number): Scalar {
  if (Number.isFinite(Math.fround(value))) return tf.scalar(value);
  throw outOfRange(argument, 'a loss that is a finite float32 number', `${value}`, remedy);
}

/**
 * Makes a loss of two tensors, to be minimised, of a loss on pairs of views.
 *
 * The loss is a scalar, differentiable once with respect to both views: float32 tensors of the shapes that `loss`
 * takes. Value and gradients keep their signs. Cost of a call: that of `loss`, and a `dataSync` and an upload of the
 * gradient for each view. A second-order gradient throws GenmiError ERR_UNSUPPORTED.
 *
 * @param tf the TensorFlow.js module of the model, with any engine.
 * @param options `from: 'logits'` for views that are logits, where `loss` takes predictions.
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE; the loss also throws the errors of `loss`.
 */
export function pairLoss(
  tf: TensorFlow,
  loss: PairLoss,
  options: Pick<PairOptions, 'from'> = {},
): (a: Tensor2D, b: Tensor2D) => Scalar {
  checkOptions(options, ['from']);
  checkTensorFlow(tf);
  checkReadable('loss', loss);
  if (typeof loss?.valueAndGrad !== 'function') throw invalidType('loss', 'a PairLoss', describe(loss));
  return (a, b) => {
    checkPredictions(a, 'a');
    checkPredictions(b, 'b');
    const evaluate = (x: Tensor2D, y: Tensor2D) => {
      const { value, gradients } = loss.valueAndGrad(matrixOf(x), matrixOf(y), options);
      return { value, gradients: gradients.map(({ data }) => data) };
    };
    // customGrad pauses the tape inside its function: ask before.
    if (tf.engine().isTapeOn()) return differentiable(tf, PAIRS, evaluate, [a, b]);
    return scalarOf(tf, PAIRS, loss.value(matrixOf(a), matrixOf(b), options));
  };
}

/**
 * Makes the targets for `model.fit` with `loss.forFit`: n x K, 0 to n - 1 in the first column, zeros elsewhere.
 *
 * Cost: 4 n K bytes.
 *
 * @param n the number of samples; at most 2^24, to which float32 is exact.
 * @param k the number of the model's outputs: the clusters.
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE, GenmiError ERR_OUT_OF_MEMORY.
 */
export function rowIndices(tf: TensorFlow, n: number, k: number): Tensor2D {
  checkTensorFlow(tf);
  checkNumber('n', n, { min: 1, max: 2 ** 24, integer: true });
  checkNumber('k', k, { min: 1, integer: true });
  const targets = allocate(
    Float32Array,
    n * k,
    () => `Targets of ${n} rows`,
    'train with a loop of your own, and loss(predictions, rows)',
  );
  for (let i = 0; i < n; i++) targets[i * k] = i;
  return tf.tensor2d(targets, [n, k]);
}

function checkTensorFlow(tf: unknown): void {
  checkReadable('tf', tf);
  const { customGrad, tensor2d } = Object(tf) as Partial<TensorFlow>;
  if (typeof customGrad !== 'function' || typeof tensor2d !== 'function') {
    throw invalidType('tf', 'a TensorFlow.js module', describe(tf));
  }
}

function checkPredictions(predictions: unknown, argument = 'predictions'): asserts predictions is Tensor2D {
  checkReadable(argument, predictions);
  const tensor = predictions as Tensor;
  if (typeof tensor?.dataSync !== 'function') throw invalidType(argument, 'a Tensor2D', describe(predictions));
  if (tensor.shape.length !== 2)
    throw outOfRange(argument, 'a Tensor2D, n x K', `a tensor of shape ${describeList(tensor.shape)}`);
  if (tensor.dtype !== 'float32') throw invalidType(argument, "a tensor of dtype 'float32'", `'${tensor.dtype}'`);
}

function readRows(rows: Rows | Tensor1D | undefined): Rows | undefined {
  if (rows === undefined || isInt32(rows) || isArray('rows', rows)) return rows as Rows;
  const tensor = rows as Tensor1D;
  if (typeof tensor?.dataSync !== 'function')
    throw invalidType('rows', 'an Int32Array, an array or a Tensor1D', describe(rows));
  return toIndices(tensor.dataSync(), (value, i) => outOfRange('rows', 'integer indices', `${value} at index ${i}`));
}

function toIndices(values: ArrayLike<number>, wrong: (value: unknown, index: number) => Error): Int32Array {
  for (let i = 0; i < values.length; i++) if (!Number.isInteger(values[i])) throw wrong(values[i], i);
  return allocating(
    () => `${values.length} rows`,
    4 * values.length,
    'use mini-batches',
    () => Int32Array.from(values),
  );
}
