/** All losses on pairs of views, for tests that hold for every one of them. */
import { iic, type Matrix, type PairLoss, type PairOptions } from '../../src/index.js';
import { gaussian, probabilities, type Random } from './random.js';

export interface PairCase {
  readonly name: string;
  readonly loss: PairLoss;
  /** The options that the loss is called with, except `out`. */
  readonly options: PairOptions;
  /** A view of n samples. */
  readonly view: (next: Random, n: number, k: number) => Matrix<Float64Array>;
}

const predictions = (loss: PairLoss): PairCase[] => [
  { name: loss.name, loss, options: {}, view: probabilities },
  { name: `${loss.name} of logits`, loss, options: { from: 'logits' }, view: gaussian },
];

export const pairCases: readonly PairCase[] = [...predictions(iic()), ...predictions(iic({ lambda: 1.5 }))];
