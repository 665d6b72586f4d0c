/** Reads matrices and row numbers in all forms that users write, into the one form that the native core takes. */
import { describe, describeList, invalidType, isArray, outOfRange } from './errors.js';
import { allocate } from './memory.js';
import { isFloat32, isInt32, isPrecision, type Precision } from './typed-arrays.js';

export { isPrecision, type Precision };

/**
 * A row-major matrix: entry (i, j) is `data[i * columns + j]`.
 *
 * The `{ data, shape }` of other array libraries fits. Where such an array has `stride`, `strides`, `offset` or
 * `order`, these are checked: every layout except row-major from the first number is refused.
 */
export interface Matrix<T extends Precision = Precision> {
  /** All entries, row by row. */
  readonly data: T;
  /** The numbers of rows and of columns. */
  readonly shape: readonly [rows: number, columns: number];
}

/**
 * A row-major tensor of two dimensions, as transformers.js and onnxruntime have it.
 *
 * Download the numbers of a tensor on a GPU first.
 */
export interface TensorLike {
  /** A Float32Array or Float64Array of all entries, row by row. */
  readonly data: ArrayLike<unknown>;
  /** The numbers of rows and of columns. */
  readonly dims: readonly number[];
  /** `'float32'` or `'float64'`. */
  readonly type?: string;
}

/** A matrix in any form that genmi reads; nested arrays, one for each row, become float64. */
export type MatrixLike = Matrix | TensorLike | readonly (readonly number[])[];

/** The row numbers of samples in an affinity, integers from 0. */
export type Rows = Int32Array | readonly number[];

/** Reads a matrix without a copy, nested arrays into float64. Throws where the numbers do not fill the shape. */
export function toMatrix(argument: string, value: unknown): Matrix {
  if (isArray(argument, value)) return fromNested(argument, value);
  if (typeof value === 'object' && value !== null && 'data' in value) {
    if ('shape' in value) return fromShaped(argument, value as { data: unknown; shape: unknown });
    if ('dims' in value) return fromTensor(argument, value as object as TensorLike);
  }
  throw invalidType(argument, 'a matrix { data, shape }, a tensor { data, dims } or nested arrays', describe(value));
}

function fromShaped(argument: string, array: { readonly data: unknown; readonly shape: unknown }): Matrix {
  const { data, shape } = array;
  if (typeof data === 'function') {
    const remedy = 'read it first: { data: await tensor.data(), shape: tensor.shape }';
    throw invalidType(argument, 'a matrix { data, shape }', 'a tensor whose data is a function', remedy);
  }
  const [rows, columns] = toSizes(`${argument}.shape`, shape);
  checkLayout(argument, array, rows, columns);
  return filled(argument, data, rows, columns);
}

/** Reads two sizes, integers >= 0. */
export function toSizes(argument: string, sizes: unknown, remedy?: string): readonly [rows: number, columns: number] {
  if (!isArray(argument, sizes)) throw outOfRange(argument, '[rows, columns], two sizes', describe(sizes), remedy);
  const [rows, columns] = sizes as readonly number[];
  if (sizes.length !== 2 || !isSize(rows) || !isSize(columns)) {
    throw outOfRange(argument, '[rows, columns], two sizes', describeList(sizes), remedy);
  }
  return [rows, columns];
}

function isSize(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}

function filled(argument: string, data: unknown, rows: number, columns: number): Matrix {
  if (!isPrecision(data)) throw invalidType(`${argument}.data`, 'a Float32Array or Float64Array', describe(data));
  if (data.length !== rows * columns) {
    const expected = `${rows * columns} numbers for a ${rows} x ${columns} matrix`;
    throw outOfRange(`${argument}.data`, expected, `${data.length}`);
  }
  return { data, shape: [rows, columns] };
}

/** Reads `data` last: on a GPU its getter throws. */
function fromTensor(argument: string, tensor: TensorLike & { readonly location?: unknown }): Matrix {
  const { dims, type, location } = tensor;
  const received = `a tensor at ${describe(location)}`;
  if (location === 'none') throw invalidType(argument, 'a tensor with data', `${received}: it was disposed of`);
  if (location !== undefined && location !== 'cpu' && location !== 'cpu-pinned') {
    const remedy = 'download it first: { data: await tensor.getData(), dims: tensor.dims }';
    throw invalidType(argument, 'a tensor in the memory of the CPU', received, remedy);
  }
  if (type !== undefined && type !== 'float32' && type !== 'float64') {
    throw invalidType(`${argument}.type`, "'float32' or 'float64'", describe(type), 'convert the numbers first');
  }
  const remedy = 'take one matrix out of the tensor, or pool its other dimensions';
  const [rows, columns] = toSizes(`${argument}.dims`, dims, remedy);
  return filled(argument, tensor.data, rows, columns);
}

/** The fields by which arrays of other libraries describe their layout. */
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
  // The word `order` counts only where no strides tell the order.
  if (stride === undefined && strides === undefined && typeof order === 'string' && !/^(row-major|c)$/i.test(order)) {
    throw outOfRange(`${argument}.order`, "'row-major'", describe(order), remedy);
  }
  if (offset !== undefined && offset !== 0) throw outOfRange(`${argument}.offset`, '0', describe(offset), remedy);
}

/** Strides are in numbers, not bytes. The stride of a dimension with one entry is not used. */
function checkStrides(argument: string, strides: unknown, rows: number, columns: number): void {
  const isList = isArray(argument, strides) || ArrayBuffer.isView(strides);
  const given = isList ? Array.from(strides as ArrayLike<unknown>) : [];
  const [down, across] = given;
  if (given.length === 2 && (rows < 2 || down === columns) && (columns < 2 || across === 1)) return;
  const received = given.length > 0 ? describeList(given) : describe(strides);
  throw outOfRange(argument, `[${columns}, 1], row-major`, received, remedy);
}

function fromNested(argument: string, nested: readonly unknown[]): Matrix<Float64Array> {
  const rows = nested.length;
  const [first] = nested;
  const columns = isArray(`${argument}[0]`, first) ? first.length : 0;
  const what = () => `A ${rows} x ${columns} matrix of nested arrays`;
  const data = allocate(Float64Array, rows * columns, what, 'give it as { data, shape } with a Float32Array');
  for (const [i, row] of nested.entries()) {
    if (!isArray(() => `${argument}[${i}]`, row))
      throw invalidType(`${argument}[${i}]`, 'an array of numbers', describe(row));
    if (row.length !== columns)
      throw outOfRange(`${argument}[${i}]`, `${columns} numbers as in the first row`, `${row.length}`);
    for (const [j, entry] of row.entries()) {
      if (typeof entry !== 'number') throw invalidType(`${argument}[${i}][${j}]`, 'a number', describe(entry));
      data[i * columns + j] = entry;
    }
  }
  return { data, shape: [rows, columns] };
}

/** Reads row numbers into an Int32Array; null where none are given. The native core checks their range. */
export function toRows(rows: unknown, argument = 'rows'): Int32Array | null {
  if (rows === undefined) return null;
  if (isInt32(rows)) return rows;
  if (!isArray(argument, rows)) throw invalidType(argument, 'an Int32Array or an array of integers', describe(rows));
  for (const [i, row] of rows.entries()) {
    if (typeof row !== 'number') throw invalidType(`${argument}[${i}]`, 'an integer', describe(row));
    if (!Number.isInteger(row) || Math.abs(row) > 0x7fffffff)
      throw outOfRange(`${argument}[${i}]`, 'an integer index', describe(row));
  }
  const indices = allocate(Int32Array, rows.length, () => `${rows.length} rows`, 'give them as an Int32Array');
  indices.set(rows as number[]);
  return indices;
}

export function precisionOf(data: Precision): 'float32' | 'float64' {
  return isFloat32(data) ? 'float32' : 'float64';
}

/** Makes a matrix of zeros, after a check of memory. */
export function zeros(precision: 'float32' | 'float64', rows: number, columns: number, remedy: string): Matrix {
  const type = precision === 'float32' ? Float32Array : Float64Array;
  const data = allocate<Precision>(type, rows * columns, () => `A ${rows} x ${columns} matrix`, remedy);
  return { data, shape: [rows, columns] };
}
