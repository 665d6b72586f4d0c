/** All losses on pairs of views, for tests that hold for every one of them. */
import { deepInfoMax, iic, infoNce, type Matrix, ntXent, type PairLoss, type PairOptions } from '../../src/index.js';
import { fromRows } from './matrices.js';
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

/** Features of the vector in iic_dim_perturbations.md: of two units at two locations, and of the whole samples. */
export const localView = fromRows([
  [1.79, 0.44, 0.1, -1.86],
  [-0.28, -0.35, -0.08, -0.63],
  [-0.04, -0.48, -1.31, 0.88],
]);
export const globalView = fromRows([
  [0.88, 1.71],
  [0.05, -0.4],
  [-0.55, -1.55],
]);
