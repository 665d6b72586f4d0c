/**
 * GEMINI losses written in TensorFlow.js operations with care: matrix products and sums over N x K, and a log-softmax where one
 * is needed. A loss is the negated objective. Some losses are written in several ways: which is the fastest depends on N and K.
 */
import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import type { TensorFlow } from '../../support/engine.js';

export const lossNames = [
  'kl_ova',
  'kl_ovo',
  'hellinger_ova',
  'hellinger_ovo',
  'tv_ova',
  'tv_ovo',
  'mmd_ova',
  'mmd_ovo',
] as const;
export type LossName = (typeof lossNames)[number];

/** A loss of logits, N x K; only `mmd` takes the kernel, N x N. */
export type OperationsLoss = (logits: Tensor2D, kernel?: Tensor2D) => Scalar;

/** A squared discrepancy below this is rounding; its square root has no slope. */
const TINY = 1e-12;

type Losses<Name extends LossName> = Readonly<Record<Name, readonly OperationsLoss[]>>;

/** @param k clusters: constants depend on it */
export function operationsLosses(tf: TensorFlow, k: number): Losses<LossName> {
  return { ...klLosses(tf), ...hellingerLosses(tf), ...tvLosses(tf, k), ...mmdLosses(tf, k) };
}

function klLosses(tf: TensorFlow): Losses<'kl_ova' | 'kl_ovo'> {
  /** tau, its logarithm, and the mean over samples of sum_k tau log tau. */
  const evaluate = (logits: Tensor2D): [tau: Tensor2D, logTau: Tensor2D, negentropy: Tensor] => {
    const logTau: Tensor2D = tf.logSoftmax(logits);
    const tau = tf.exp(logTau);
    return [tau, logTau, meanOverSamples(tf, tf.mul(tau, logTau))];
  };
  const ova: OperationsLoss = (logits) => {
    const [tau, , negentropy] = evaluate(logits);
    const pi = tf.mean(tau, 0);
    return tf.sub(tf.sum(tf.mul(pi, tf.log(pi))), negentropy);
  };
  const ovo: OperationsLoss = (logits) => {
    const [tau, logTau, negentropy] = evaluate(logits);
    return tf.sub(tf.sum(tf.mul(tf.mean(tau, 0), tf.mean(logTau, 0))), negentropy);
  };
  return { kl_ova: [ova], kl_ovo: [ovo] };
}

function hellingerLosses(tf: TensorFlow): Losses<'hellinger_ova' | 'hellinger_ovo'> {
  /** For each sample, sum_k sqrt(tau_k pi_k). */
  const affinities = (logits: Tensor2D): Tensor1D => {
    const [tau, pi] = predictions(tf, logits);
    return tf.sum(tf.sqrt(tf.mul(tau, pi)), 1);
  };
  return {
    hellinger_ova: [(logits) => tf.sub(tf.mean(affinities(logits)), 1)],
    hellinger_ovo: [(logits) => tf.sub(tf.mean(tf.square(affinities(logits))), 1)],
  };
}

function tvLosses(tf: TensorFlow, k: number): Losses<'tv_ova' | 'tv_ovo'> {
  const ova: OperationsLoss = (logits) => {
    const [tau, pi] = predictions(tf, logits);
    return tf.mul(-0.5, meanOverSamples(tf, tf.abs(tf.sub(tau, pi))));
  };
  /** All pairs at once, K x K x N numbers: few operations. */
  const ovoAtOnce: OperationsLoss = (logits) => {
    const [tau, pi] = predictions(tf, logits);
    const ratios = tf.transpose(tf.div(tau, pi));
    const distances = tf.mean(tf.abs(tf.sub(tf.expandDims(ratios, 0), tf.expandDims(ratios, 1))), 2);
    return tf.mul(-0.5, tf.sum(tf.mul(tf.mul(distances, pi), tf.reshape(pi, [k, 1]))));
  };
  /** Each cluster in turn against the clusters after it: half of the numbers, and never all of them at once. */
  const ovoInTurn: OperationsLoss = (logits) => {
    const [tau, pi] = predictions(tf, logits);
    const n = tau.shape[0];
    const ratios = tf.transpose(tf.div(tau, pi));
    const sums = Array.from({ length: k - 1 }, (_, a) => {
      const following = tf.slice(ratios, [a + 1, 0], [k - a - 1, n]);
      const distances = tf.mean(tf.abs(tf.sub(following, tf.slice(ratios, [a, 0], [1, n]))), 1);
      return tf.mul(tf.sum(tf.mul(distances, tf.slice(pi, a + 1, k - a - 1))), tf.slice(pi, a, 1));
    });
    return tf.neg(tf.sum(tf.concat(sums)));
  };
  return { tv_ova: [ova], tv_ovo: [ovoAtOnce, ovoInTurn] };
}

function mmdLosses(tf: TensorFlow, k: number): Losses<'mmd_ova' | 'mmd_ovo'> {
  /** pi, r = tau / pi - 1, and the product of the kernel with r. */
  const embed = (logits: Tensor2D, kernel: Tensor2D): [pi: Tensor1D, centred: Tensor2D, product: Tensor2D] => {
    const [tau, pi] = predictions(tf, logits);
    const centred: Tensor2D = tf.sub(tf.div(tau, pi), 1);
    return [pi, centred, tf.matMul(kernel, centred)];
  };
  const rootOf = (squared: Tensor): Tensor => tf.sqrt(tf.maximum(squared, TINY));
  /** Is 0 between a cluster and itself. */
  const others: Tensor2D = tf.sub(1, tf.eye(k));

  const ova: OperationsLoss = (logits, kernel) => {
    const [pi, centred, product] = embed(logits, kernel as Tensor2D);
    const squared = tf.div(tf.sum(tf.mul(centred, product), 0), logits.shape[0] ** 2);
    return tf.neg(tf.sum(tf.mul(pi, rootOf(squared))));
  };
  const ovo: OperationsLoss = (logits, kernel) => {
    const [pi, centred, product] = embed(logits, kernel as Tensor2D);
    const own = tf.sum(tf.mul(centred, product), 0);
    const sums = tf.add(own, tf.reshape(own, [k, 1]));
    const squared = tf.div(tf.sub(sums, tf.mul(2, tf.matMul(centred, product, true))), logits.shape[0] ** 2);
    const distances = tf.mul(rootOf(squared), others);
    return tf.neg(tf.sum(tf.mul(tf.mul(distances, pi), tf.reshape(pi, [k, 1]))));
  };
  return { mmd_ova: [ova], mmd_ovo: [ovo] };
}

function meanOverSamples(tf: TensorFlow, x: Tensor): Scalar {
  return tf.div(tf.sum(x), x.shape[0]);
}

function predictions(tf: TensorFlow, logits: Tensor2D): [tau: Tensor2D, pi: Tensor1D] {
  const tau = tf.softmax(logits);
  return [tau, tf.mean(tau, 0)];
}
