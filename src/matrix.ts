/** Matrices and row indices as users write them, and in the one form the native core takes. */
import { describe, invalidType, outOfRange } from './errors.js';

export type Precision = Float32Array | Float64Array;

/**
 * A row-major matrix: `data[i * columns + j]`. The `{ data, shape }` of other array libraries fits; where such an array has a
 * `stride` or `strides`, an `offset` or an `order`, they are read, and anything but row-major from the first number is refused.
 */
export interface Matrix<T extends Precision = Precision> {
  readonly data: T;
  readonly shape: readonly [rows: number, columns: number];
}

export type MatrixLike = Matrix | readonly (readonly number[])[];

/** Indices of samples in an affinity. */
export type Rows = Int32Array | readonly number[];

export function isPrecision(value: unknown): value is Precision {
  return value instanceof Float32Array || value instanceof Float64Array;
}

/** The matrix itself, or nested arrays as float64; throws when the numbers do not fill the shape. */
export function toMatrix(argument: string, value: unknown): Matrix {
  if (Array.isArray(value)) return fromNested(argument, value);
  if (typeof value !== 'object' || value === null || !('data' in value) || !('shape' in value)) {
    throw invalidType(argument, 'a matrix { data, shape } or nested arrays', describe(value));
  }
  const { data, shape } = value;
  if (!isPrecision(data)) throw invalidType(`${argument}.data`, 'a Float32Array or Float64Array', describe(data));
  if (!Array.isArray(shape) || shape.length !== 2 || !shape.every((size) => Number.isInteger(size) && size >= 0)) {
    const received = Array.isArray(shape) ? `[${shape.join(', ')}]` : describe(shape);
    throw outOfRange(`${argument}.shape`, '[rows, columns], two sizes', received);
  }
  const [rows, columns] = shape as [number, number];
  checkLayout(argument, value, rows, columns);
  if (data.length !== rows * columns) {
    throw outOfRange(
      `${argument}.data`,
      `${rows * columns} numbers for a ${rows} x ${columns} matrix`,
      `${data.length}`,
    );
  }
  return { data, shape: [rows, columns] };
}

/** How the arrays of other libraries say where their entries lie. */
interface Layout {
  readonly stride?: unknown;
  readonly strides?: unknown;
  readonly offset?: unknown;
  readonly order?: unknown;
}

const remedy = 'copy it into row-major order first';

function checkLayout(argument: string, array: object, rows: number, columns: number): void {
  const { stride, strides, offset, order }: Layout = array;
  if (stride !== undefined) checkStrides(`${argument}.stride`, stride, rows, columns);
  if (strides !== undefined) checkStrides(`${argument}.strides`, strides, rows, columns);
  // Without strides a word is all that is known of the order.
  if (stride === undefined && strides === undefined && typeof order === 'string' && !/^(row-major|c)$/i.test(order)) {
    throw outOfRange(`${argument}.order`, "'row-major'", describe(order), remedy);
  }
  if (offset !== undefined && offset !== 0) throw outOfRange(`${argument}.offset`, '0', describe(offset), remedy);
}

/** Strides count numbers; along a dimension of one entry they say nothing. */
function checkStrides(argument: string, strides: unknown, rows: number, columns: number): void {
  const given = Array.isArray(strides) || ArrayBuffer.isView(strides) ? Array.from(strides as ArrayLike<unknown>) : [];
  const [down, across] = given;
  if (given.length === 2 && (rows < 2 || down === columns) && (columns < 2 || across === 1)) return;
  const received = given.length > 0 ? `[${given.join(', ')}]` : describe(strides);
  throw outOfRange(argument, `[${columns}, 1], row-major`, received, remedy);
}

function fromNested(argument: string, nested: readonly unknown[]): Matrix<Float64Array> {
  const rows = nested.length;
  const columns = Array.isArray(nested[0]) ? nested[0].length : 0;
  const data = new Float64Array(rows * columns);
  for (const [i, row] of nested.entries()) {
    if (!Array.isArray(row)) throw invalidType(`${argument}[${i}]`, 'an array of numbers', describe(row));
    if (row.length !== columns)
      throw outOfRange(`${argument}[${i}]`, `${columns} numbers as in the first row`, `${row.length}`);
    for (const [j, entry] of row.entries()) {
      if (typeof entry !== 'number') throw invalidType(`${argument}[${i}][${j}]`, 'a number', describe(entry));
      data[i * columns + j] = entry;
    }
  }
  return { data, shape: [rows, columns] };
}

/** Indices as the native core takes them; their range is checked against the affinity there. */
export function toRows(rows: unknown): Int32Array | null {
  if (rows === undefined) return null;
  if (rows instanceof Int32Array) return rows;
  if (!Array.isArray(rows)) throw invalidType('rows', 'an Int32Array or an array of integers', describe(rows));
  for (const [i, row] of rows.entries()) {
    if (typeof row !== 'number') throw invalidType(`rows[${i}]`, 'an integer', describe(row));
    if (!Number.isInteger(row) || Math.abs(row) > 0x7fffffff)
      throw outOfRange(`rows[${i}]`, 'an integer index', describe(row));
  }
  return Int32Array.from(rows as number[]);
}

/** A fresh array of the same precision. */
export function emptyLike(data: Precision, length: number): Precision {
  return data instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
}
