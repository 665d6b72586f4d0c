/** Small operations on row-major matrices. */
import type { Matrix } from '../../src/index.js';

export function fromRows(rows: readonly (readonly number[])[]): Matrix<Float64Array> {
  return { data: Float64Array.from(rows.flat()), shape: [rows.length, rows[0]?.length ?? 0] };
}

export function toRows({ data, shape: [n, k] }: Matrix): number[][] {
  return Array.from({ length: n }, (_, i) => Array.from(data.subarray(i * k, (i + 1) * k)));
}

export function selectRows({ data, shape: [, k] }: Matrix, rows: readonly number[]): Matrix<Float64Array> {
  return {
    data: Float64Array.from(rows.flatMap((i) => Array.from(data.subarray(i * k, (i + 1) * k)))),
    shape: [rows.length, k],
  };
}

export function selectColumns({ data, shape: [n, k] }: Matrix, columns: readonly number[]): Matrix<Float64Array> {
  const width = columns.length;
  const at = (index: number) => data[Math.floor(index / width) * k + (columns[index % width] as number)] as number;
  return { data: Float64Array.from({ length: n * width }, (_, index) => at(index)), shape: [n, width] };
}

/** Rows and columns of a square matrix. */
export function submatrix(matrix: Matrix, rows: readonly number[]): Matrix<Float64Array> {
  return selectColumns(selectRows(matrix, rows), rows);
}

export function toFloat32({ data, shape }: Matrix): Matrix<Float32Array> {
  return { data: Float32Array.from(data), shape };
}

export function toFloat64({ data, shape }: Matrix): Matrix<Float64Array> {
  return { data: Float64Array.from(data), shape };
}

/** The same numbers behind a non-zero byteOffset, with others around them that must not be read. */
export function asView<T extends Matrix>({ data, shape }: T): T {
  const padded = data instanceof Float32Array ? new Float32Array(data.length + 5) : new Float64Array(data.length + 5);
  padded.fill(Number.NaN);
  padded.set(data, 3);
  return { data: padded.subarray(3, 3 + data.length), shape } as T;
}

/** A gradient with respect to probabilities, less its row means weighted by tau, which no row of the simplex feels. */
export function withoutRowConstants(gradient: Matrix, tau: Matrix): Float64Array {
  const [n, k] = gradient.shape;
  const out = Float64Array.from(gradient.data);
  for (let i = 0; i < n; i++) {
    let mean = 0;
    let mass = 0;
    for (let j = i * k; j < (i + 1) * k; j++) {
      mean += (tau.data[j] as number) * (gradient.data[j] as number);
      mass += tau.data[j] as number;
    }
    for (let j = i * k; j < (i + 1) * k; j++) out[j] = (out[j] as number) - mean / mass;
  }
  return out;
}

/** dI/dlogits from dI/dtau: the Jacobian of the softmax. */
export function throughSoftmax(gradient: Matrix, tau: Matrix): Float64Array {
  return withoutRowConstants(gradient, tau).map((g, at) => g * (tau.data[at] as number));
}
