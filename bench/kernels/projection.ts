/** How matrices are compared that are too large to be sent: by numbers that all entries and their places take part in. */
import type { Matrix } from 'genmi';
import type { Answer } from './contestants.js';
import { readColumnWeights, readRowWeights } from './inputs.js';

/**
 * w' A v for fixed normal weights w and v, and the root of the sum of squares of A: an error of that relative size changes the
 * projection by about as much beside it, whichever entries are wrong or have changed places.
 */
export function project({ data, shape: [rows, columns] }: Matrix): Answer {
  const [w, v] = [readRowWeights(rows), readColumnWeights(columns)];
  let [value, squares] = [0, 0];
  for (let i = 0, at = 0; i < rows; i++) {
    let product = 0;
    for (let j = 0; j < columns; j++, at++) {
      product += data[at] * v[j];
      squares += data[at] ** 2;
    }
    value += w[i] * product;
  }
  return [value, Math.sqrt(squares)];
}

/** Of a number, of which nothing cancels. */
export const plain = (value: number): Answer => [value, Math.abs(value)];

/** A gradient along the simplex: off it, where predictions do not sum to 1, libraries differ. */
export function alongSimplex({ data, shape }: Matrix): Matrix {
  const [n, k] = shape;
  const along = Float64Array.from(data);
  for (let i = 0; i < n; i++) {
    const row = along.subarray(i * k, (i + 1) * k);
    const mean = row.reduce((sum, each) => sum + each) / k;
    for (let j = 0; j < k; j++) row[j] -= mean;
  }
  return { data: along, shape };
}
