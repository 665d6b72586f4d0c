/** Silhouettes of some rows of a table that may be large. */
import type { Matrix } from 'genmi';
import { takeRows } from '../base/matrix.js';
import { Random } from '../base/random.js';
import { silhouetteSamples } from '../metrics/index.js';

const MOST_ROWS = 2000;

export interface SomeSilhouettes {
  /** The rows, rising. */
  readonly rows: Int32Array;
  /** Their silhouettes among each other; none where they are of one cluster. */
  readonly values: Float64Array;
}

/** The silhouettes of all rows, or of random ones of a large table among each other. Cost O(2000^2 d). */
export function silhouettesOfSome(x: Matrix, labels: Int32Array, seed: number): SomeSilhouettes {
  const n = x.shape[0];
  const rows = new Random(seed).permutation(n, Math.min(n, MOST_ROWS)).sort();
  const own = Int32Array.from(rows, (row) => labels[row] as number);
  const clusters = new Set(own).size;
  if (clusters < 2 || clusters >= rows.length) return { rows, values: new Float64Array(0) };
  return { rows, values: silhouetteSamples(takeRows(x, rows), own) };
}
