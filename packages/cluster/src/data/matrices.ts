/** Files of one array of numbers: rows of vectors, or a single number in each row. */
import { failed } from '../errors.js';
import { countMissing, vectorColumn } from './column-types.js';
import { checkChosen, type ReadOptions } from './options.js';
import type { Column, Format, Table } from './table.js';

/** The name of the only column. */
export const VALUES = 'values';

/** The sizes of an array, its first size being the number of rows. @throws ClusterError ERR_EMPTY, ERR_FORMAT */
export function checkShape(file: string, shape: readonly number[]): { rows: number; length: number } {
  const [rows = 0, ...vector] = shape;
  const length = vector.reduce((product, size) => product * size, 1);
  const text = `an array of shape [${shape.join(', ')}]`;
  if (rows === 0 || length === 0) throw failed('ERR_EMPTY', file, 'rows of data', text);
  return { rows, length };
}

/** Zeros for all numbers of a file. @throws ClusterError ERR_FORMAT where its header asks for more than is possible */
export function allocate(file: string, wide: boolean, count: number): Float32Array | Float64Array {
  try {
    return wide ? new Float64Array(count) : new Float32Array(count);
  } catch (error) {
    const remedy = 'split the file';
    throw failed('ERR_FORMAT', file, 'an array that fits into memory', `${count} numbers`, remedy, error);
  }
}

/** Makes the table of an array whose rows are in `values`, one after another. */
export function tableOfArray(
  file: string,
  format: Format,
  gzip: boolean,
  values: Float32Array | Float64Array,
  shape: readonly number[],
  options: ReadOptions,
): Table {
  checkChosen(options, [VALUES]);
  const [rows = 0, ...vector] = shape;
  const reason = `an array of shape [${shape.join(', ')}]`;
  const column: Column =
    vector.length === 0
      ? { type: 'number', name: VALUES, values: Float64Array.from(values), missing: countMissing(values), reason }
      : vectorColumn(VALUES, values, vector, reason);
  return { source: file, rows, columns: [column], report: { format, gzip, notes: [reason] } };
}
