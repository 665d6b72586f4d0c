/** Silhouettes of some rows of a table that may be large. */
import type { Matrix } from 'genmi';
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
export function silhouettesOfSome({ data, shape: [n, d] }: Matrix, labels: Int32Array, seed: number): SomeSilhouettes {
  const rows = new Random(seed).permutation(n, Math.min(n, MOST_ROWS)).sort();
  const own = Int32Array.from(rows, (row) => labels[row] as number);
  const clusters = new Set(own).size;
  if (clusters < 2 || clusters >= rows.length) return { rows, values: new Float64Array(0) };
  const x = new Float64Array(rows.length * d);
  for (const [i, row] of rows.entries()) x.set(data.subarray(row * d, (row + 1) * d), i * d);
  return { rows, values: silhouetteSamples({ data: x, shape: [rows.length, d] }, own) };
}
