import { type Row, rowName } from './rows.js';
import type { SetName } from './problems.js';

export interface Targets {
  /** Least ratios of POT's time to genmi's. */
  readonly cold?: number;
  readonly warm?: number;
}

/** [one-vs-all cold, warm, one-vs-one cold, warm], for the rows that have any. */
const targets: Readonly<Record<string, readonly [number, number, number, number]>> = {
  'images-euclidean-mid-250': [20, 250, 17, 170],
  'images-euclidean-mid-500': [25, 450, 20, 350],
  'images-euclidean-mid-1000': [30, 350, 20, 220],
  'images-euclidean-mid-2000': [35, 220, 28, 200],
  'images-euclidean-mid-5000': [30, 100, 25, 60],
  'mixture-50-hops-mid-500': [55, 190, 50, 140],
  'images-cosine-mid-500': [20, 160, 17, 130],
  'images-sqeuclidean-mid-500': [12, 110, 12, 120],
  'images-sqeuclidean-mid-1000': [12, 110, 12, 120],
  'mixture-2-sqeuclidean-mid-500': [6, 110, 6, 140],
};

export function targetsFor(row: Row, set: SetName): Targets {
  const found = targets[rowName(row)];
  if (!found) return {};
  const [cold, warm] = set === 'ova' ? found.slice(0, 2) : found.slice(2);
  return { cold, warm };
}

/** The least ratio of the time on one thread to the time on two, for sets over at least this many samples. */
export const THREADS_TARGET = { ratio: 1.8, fromSamples: 250 };

/** The most that a call from JavaScript may add, in percent of the native time, at N = 250 with one-vs-all problems. */
export const OVERHEAD_TARGET = 3;
