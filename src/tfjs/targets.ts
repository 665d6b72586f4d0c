/** Reads row numbers from the targets that `model.fit` hands to a loss, and refuses targets that are classes. */
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkReadable, describe, describeList, invalidType, outOfRange } from '../errors.js';
import { allocate } from '../memory.js';

const EXPECTED = 'row indices in its first column';
const REMEDY = 'rowIndices() makes such targets';

/**
 * Reads the row numbers in the first column of `yTrue`.
 *
 * @param samples the number of samples of the affinity; undefined where there is none
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE for anything except row numbers below `samples`
 */
export function rowsOfTargets(yTrue: Tensor, samples = Infinity): Int32Array {
  checkReadable('yTrue', yTrue);
  if (typeof yTrue?.dataSync !== 'function') {
    throw invalidType('yTrue', `a tensor with ${EXPECTED}`, describe(yTrue), REMEDY);
  }
  const [n = 0, columns = 1] = yTrue.shape;
  const values = yTrue.dataSync();
  const rows = allocate(Int32Array, n, () => `${n} rows`, 'use mini-batches');
  for (let i = 0; i < n; i++) {
    const value = values[i * columns] as number;
    if (!(Number.isInteger(value) && value >= 0 && value < samples)) {
      const range = samples === Infinity ? '' : `, from 0 to ${samples - 1}`;
      throw outOfRange('yTrue', EXPECTED + range, `${value} in row ${i}`, REMEDY);
    }
    rows[i] = value;
  }
  return rows;
}

/**
 * Refuses targets that are classes: one-hot rows, or more than k rows with no number except 0 to k - 1.
 *
 * @param rows the first column of `yTrue`
 * @param k the number of the model's outputs
 * @throws RangeError ERR_OUT_OF_RANGE with the numbers found
 */
export function checkNoClasses(yTrue: Tensor, rows: Int32Array, k: number): void {
  const [n = 0, columns = 1] = yTrue.shape;
  const found = isOneHot(yTrue.dataSync(), n, columns) ? 'one-hot rows' : repeatedClasses(rows, Math.max(2, k));
  if (found === undefined) return;
  const remedy = `${REMEDY}; a loss without classes has no use for classWeight`;
  throw outOfRange('yTrue', EXPECTED, `${found}, which are classes`, remedy);
}

/** Whether each row has one 1 among zeros, and at least one row has it behind the first column. */
function isOneHot(values: ArrayLike<number>, rows: number, columns: number): boolean {
  let elsewhere = false;
  for (let i = 0; i < rows; i++) {
    let ones = 0;
    for (let j = 0; j < columns; j++) {
      const value = values[i * columns + j];
      if (value === 1) ones += 1;
      else if (value !== 0) return false;
    }
    if (ones !== 1) return false;
    elsewhere ||= values[i * columns] === 0;
  }
  return elsewhere;
}

/** Describes row numbers that are classes. A batch may hold a sample twice, but not repeat all of its few numbers. */
function repeatedClasses(rows: Int32Array, classes: number): string | undefined {
  if (rows.length <= classes || rows.some((row) => row >= classes)) return undefined;
  const found = [...new Set(rows)].sort((a, b) => a - b);
  return `only ${describeList(found)} in ${rows.length} rows`;
}
