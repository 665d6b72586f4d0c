/** Reads matrices in the forms that genmi reads, and refuses entries that are not finite. */
import type { Matrix, MatrixLike, Precision } from 'genmi';
import { describe, invalidType, outOfRange } from '../errors.js';

/**
 * Reads a matrix without a copy; nested arrays become float64.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE for numbers that do not fill the shape, no rows,
 *   no columns, and for an entry that is not finite, with its row and column
 */
export function readMatrix(argument: string, value: MatrixLike): Matrix {
  const matrix = Array.isArray(value) ? fromNested(argument, value) : fromShaped(argument, value);
  const [rows, columns] = matrix.shape;
  if (rows === 0 || columns === 0)
    throw outOfRange(argument, 'at least one row and one column', `${rows} x ${columns}`);
  checkFinite(argument, matrix);
  return matrix;
}

/** Reads a matrix as `readMatrix` does, with the number of columns that an estimator was fitted with. */
export function readFeatures(x: MatrixLike, columns: number): Matrix {
  const matrix = readMatrix('x', x);
  if (matrix.shape[1] === columns) return matrix;
  throw outOfRange('x', `${columns} columns, as the data of fit had`, `${matrix.shape[1]}`);
}

/** Copies rows of a matrix, in the order of their numbers. */
export function takeRows({ data, shape: [, d] }: Matrix, rows: Int32Array): Matrix {
  const taken = new (data.constructor as { new (length: number): Precision })(rows.length * d);
  for (const [to, from] of rows.entries()) taken.set(data.subarray(from * d, (from + 1) * d), to * d);
  return { data: taken, shape: [rows.length, d] };
}

function fromShaped(argument: string, value: unknown): Matrix {
  const { data, shape, dims } = Object(value) as { data?: unknown; shape?: unknown; dims?: unknown };
  const sizes = shape ?? dims;
  if (!Array.isArray(sizes)) {
    throw invalidType(argument, 'a matrix { data, shape }, a tensor { data, dims } or nested arrays', describe(value));
  }
  if (sizes.length !== 2 || !sizes.every((size) => Number.isInteger(size) && size >= 0)) {
    throw outOfRange(`${argument}.shape`, '[rows, columns], two sizes', `[${sizes.join(', ')}]`);
  }
  if (!isPrecision(data)) throw invalidType(`${argument}.data`, 'a Float32Array or Float64Array', describe(data));
  const [rows, columns] = sizes as [number, number];
  if (data.length !== rows * columns) {
    throw outOfRange(
      `${argument}.data`,
      `${rows * columns} numbers for a ${rows} x ${columns} matrix`,
      `${data.length}`,
    );
  }
  return { data, shape: [rows, columns] };
}

function isPrecision(data: unknown): data is Precision {
  const tag = ArrayBuffer.isView(data) ? Object.prototype.toString.call(data) : '';
  return tag === '[object Float32Array]' || tag === '[object Float64Array]';
}

function fromNested(argument: string, nested: readonly unknown[]): Matrix<Float64Array> {
  const columns = Array.isArray(nested[0]) ? nested[0].length : 0;
  const data = new Float64Array(nested.length * columns);
  for (const [i, row] of nested.entries()) {
    if (!Array.isArray(row)) throw invalidType(`${argument}[${i}]`, 'an array of numbers', describe(row));
    if (row.length !== columns) {
      throw outOfRange(`${argument}[${i}]`, `${columns} numbers as in the first row`, `${row.length}`);
    }
    for (let j = 0; j < columns; j++) {
      if (typeof row[j] !== 'number') throw invalidType(`${argument}[${i}][${j}]`, 'a number', describe(row[j]));
      data[i * columns + j] = row[j];
    }
  }
  return { data, shape: [nested.length, columns] };
}

function checkFinite(argument: string, { data, shape }: Matrix): void {
  for (let e = 0; e < data.length; e++) {
    if (Number.isFinite(data[e])) continue;
    const place = `${argument}[${Math.floor(e / shape[1])}][${e % shape[1]}]`;
    throw outOfRange(place, 'a finite number', `${data[e]}`, 'remove the row, or replace the entry');
  }
}
