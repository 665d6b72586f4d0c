/** The rows of the table: loss, samples, clusters, and the ratio to operations that is aimed at. */
import { type LossName, lossNames } from './losses.js';

export interface Row {
  readonly loss: LossName;
  readonly n: number;
  readonly k: number;
  readonly target?: number;
}

const family = (loss: LossName): string => loss.slice(0, -4);

const sizes: readonly (readonly [n: number, k: number, targets: Readonly<Record<string, number>>])[] = [
  [256, 10, { mmd: 10, tv: 10, kl: 4, hellinger: 4 }],
  [4000, 10, { mmd: 4 }],
  [4000, 50, { tv_ovo: 100, kl: 8, hellinger: 8 }],
];

export const rows: readonly Row[] = sizes.flatMap(([n, k, targets]) =>
  lossNames.map((loss) => ({ loss, n, k, target: targets[loss] ?? targets[family(loss)] })),
);

export const rowName = ({ loss, n, k }: Row): string => `${loss}-${n}-${k}`;
