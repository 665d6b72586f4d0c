/** All losses on pairs of views, for tests that hold for every one of them. */
import { deepInfoMax, iic, infoNce, type Matrix, ntXent, type PairLoss, type PairOptions } from '../../src/index.js';
import { gaussian, probabilities, type Random } from './random.js';

export interface PairCase {
  readonly name: string;
  readonly loss: PairLoss;
  /** The options that the loss is called with, except `out`. */
  readonly options: PairOptions;
  /** Whether the views have the same role. */
  readonly symmetric: boolean;
  /** A view of n samples. */
  readonly view: (next: Random, n: number, k: number) => Matrix<Float64Array>;
}

const predictions = (loss: PairLoss): PairCase[] => [
  { name: loss.name, loss, options: {}, symmetric: true, view: probabilities },
  { name: `${loss.name} of logits`, loss, options: { from: 'logits' }, symmetric: true, view: gaussian },
];

const embeddings = (loss: PairLoss, symmetric: boolean): PairCase => ({
  name: loss.name,
  loss,
  options: {},
  symmetric,
  view: gaussian,
});

export const pairCases: readonly PairCase[] = [
  ...predictions(iic()),
  ...predictions(iic({ lambda: 1.5 })),
  ...[ntXent(), ntXent({ temperature: 0.1 })].map((loss) => embeddings(loss, true)),
  ...[infoNce(), infoNce({ selfMask: -1 }), deepInfoMax()].map((loss) => embeddings(loss, false)),
];
