/** The losses that are timed, and the largest share of the network's step that each may take. */
import type { Scalar, Tensor2D } from '@tensorflow/tfjs';
import {
  Affinity,
  fDivergence,
  fDivergenceNames,
  type Matrix,
  type Metric,
  type Mode,
  mmd,
  type Objective,
  wasserstein,
} from 'genmi';
import { geminiLoss } from 'genmi/tfjs';
import type { TensorFlow } from '../../support/engine.js';
import { type State, states } from '../transport/rows.js';
import type { Loss } from './training.js';

export interface Row {
  readonly name: string;
  readonly affinity?: (x: Matrix) => Affinity;
  readonly loss: (tf: TensorFlow, affinity: Affinity | undefined) => Loss;
  /** States of the network in which the loss is timed. Only the cost of transport depends on the state. */
  readonly states: readonly State[];
  /** The largest share that is aimed at, in percent. */
  readonly target?: number;
}

const modes: readonly Mode[] = ['ova', 'ovo'];
const SHARE = 1;

function lossOf(objective: (affinity: Affinity | undefined) => Objective): Row['loss'] {
  return (tf, affinity) => geminiLoss(tf, objective(affinity), { from: 'logits' });
}

function transport(mode: Mode, metric: Metric, target: number): Row {
  return {
    name: `wasserstein_${mode}-${metric}`,
    affinity: (x) => Affinity.distance(x, { metric, storage: 'dense' }),
    loss: lossOf((affinity) => wasserstein({ mode, affinity: affinity as Affinity })),
    states,
    target,
  };
}

function discrepancy(mode: Mode, kernel: 'linear' | 'rbf', storage: 'features' | 'dense', squared = false): Row {
  return {
    name: `${squared ? 'squared-mmd' : 'mmd'}_${mode}-${kernel}-${storage}`,
    affinity: (x) => Affinity.kernel(x, { kernel, storage }),
    loss: lossOf((affinity) => mmd({ mode, affinity: affinity as Affinity, squared })),
    states: ['init'],
    target: SHARE,
  };
}

/** The least that any loss takes: a custom gradient that reads the logits, computes nothing and makes a tensor of a fresh array. */
const nothing: Row = {
  name: 'nothing',
  loss: (tf) => (logits) => {
    const custom = tf.customGrad((x) => {
      const { shape, size } = x as Tensor2D;
      (x as Tensor2D).dataSync();
      const gradient = new Float32Array(size);
      return { value: tf.scalar(0), gradFunc: () => tf.tensor2d(gradient, shape) };
    });
    return custom(logits) as Scalar;
  },
  states: ['init'],
};

export const rows: readonly Row[] = [
  nothing,
  transport('ova', 'euclidean', 10),
  transport('ova', 'sqeuclidean', 25),
  transport('ovo', 'euclidean', 40),
  ...modes.flatMap((mode) => [
    discrepancy(mode, 'rbf', 'dense'),
    discrepancy(mode, 'rbf', 'dense', true),
    discrepancy(mode, 'linear', 'features'),
  ]),
  ...modes.flatMap((mode) =>
    [...fDivergenceNames, { alpha: 0.5 }].map(
      (f): Row => ({
        name: `${typeof f === 'string' ? f : `alpha(${f.alpha})`}_${mode}`,
        loss: lossOf(() => fDivergence({ f, mode })),
        states: ['init'],
        target: SHARE,
      }),
    ),
  ),
];
