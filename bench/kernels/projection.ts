/** Compares matrices that are too large to be sent, by a number that depends on all entries and on their places. */
import type { Matrix } from 'genmi';
import type { Answer } from './contestants.js';
import { readColumnWeights, readRowWeights } from './inputs.js';

/**
 * w' A v for fixed normal weights w and v, with the scale ||A||, the root of the sum of squares. An error E in A changes the
 * projection by about ||E||, whichever entries are wrong or have changed places.
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

/** The answer of a single number: its scale is its size. */
export const plain = (value: number): Answer => [value, Math.abs(value)];

/** The part of a gradient along the simplex. Libraries differ in the other part, along which predictions would not sum to 1. */
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
