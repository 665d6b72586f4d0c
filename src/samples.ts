/** The features of samples: matrices of numbers, bytes that stand for numbers, and copies of both in native memory. */
import { isMarked, mark, notOurs } from './copies.js';
import { checkReadable, outOfRange } from './errors.js';
import { type MatrixLike, precisionOf, toMatrix, toSizes } from './matrix.js';
import { checkFits } from './memory.js';
import { type NativeData, type NativeSamples, native } from './native.js';
import { checkNumber } from './options.js';
import { isPrecision, isUint8, type Precision } from './typed-arrays.js';

/** Features in bytes, row-major: entry (i, j) is `scale * data[i * columns + j] + offset`. */
export interface ByteMatrix {
  /** All bytes, row by row. */
  readonly data: Uint8Array;
  /** The numbers of rows and of columns. */
  readonly shape: readonly [rows: number, columns: number];
  /** The step between two bytes, finite; default 1. */
  readonly scale?: number | undefined;
  /** The feature that byte 0 stands for, finite; default 0. */
  readonly offset?: number | undefined;
}

/**
 * The features of samples, one row each: a matrix in any form, bytes (a quarter of the memory of float32), or `Samples`
 * of either.
 */
export type SampleData = MatrixLike | ByteMatrix | Samples;

/** The samples behind a value of class Samples of this copy; undefined for others. */
let sharedBy: (value: object) => NativeData | undefined;

/**
 * The features of samples in native memory, immutable: a copy that trainings, predictions and affinities share.
 *
 * Of an array each of them makes a copy of its own. With Samples, trainings and asynchronous calls copy nothing, and a
 * linear kernel of bytes keeps these. V8 is told of the memory; it is freed when nobody uses it any more.
 *
 * Cost: O(N d), 2 to 5 GB a second.
 */
export class Samples {
  readonly #native: NativeSamples;
  /** The numbers of samples and of features. */
  readonly shape: readonly [rows: number, columns: number];
  /** The type of the numbers: that of the array. */
  readonly type: 'float32' | 'float64' | 'uint8';
  /** Bytes of native memory. */
  readonly bytes: number;

  /**
   * @param data N x d features, which are copied; nested arrays become float64.
   * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE, GenmiError ERR_OUT_OF_MEMORY.
   */
  constructor(data: MatrixLike | ByteMatrix) {
    const given = readArray('data', data);
    const [numbers, rows, columns] = given;
    this.#native = roomFor(given);
    this.#native.append(numbers, rows * columns);
    this.shape = Object.freeze([rows, columns] as const);
    this.type = this.#native.type;
    this.bytes = numbers.byteLength;
  }

  static {
    mark(Samples.prototype, 'Samples');
    sharedBy = (value) => (#native in value ? [value.#native, ...value.shape, 1, 0] : undefined);
  }
}

/** Features in an array, which native memory has room for. */
export type ArrayData = [data: Precision | Uint8Array, rows: number, columns: number, scale: number, offset: number];

/** Whether features are in an array of the caller, not in native memory. */
export function isArrayData(samples: NativeData): samples is ArrayData {
  const [data] = samples;
  return isUint8(data) || isPrecision(data);
}

/** The type of the numbers. */
export function typeOf(samples: NativeData): NativeSamples['type'] {
  if (!isArrayData(samples)) return (samples[0] as NativeSamples).type;
  const [data] = samples;
  return isUint8(data) ? 'uint8' : precisionOf(data);
}

/** Native memory for a copy of an array. */
export function roomFor(samples: ArrayData): NativeSamples {
  const [data, rows, columns, scale, offset] = samples;
  checkFits(`A copy of ${rows} x ${columns} features`, data.byteLength, 'give bytes or float32, or fewer samples');
  return new native.Samples(typeOf(samples), rows, columns, scale, offset);
}

/** Reads samples without a copy. */
export function toSamples(argument: string, value: unknown): NativeData {
  checkReadable(argument, value);
  if (typeof value === 'object' && value !== null) {
    const shared = sharedBy(value);
    if (shared) return shared;
    if (isMarked(value, 'Samples')) throw notOurs(argument, 'Samples', value, Samples.prototype);
  }
  return readArray(argument, value);
}

function readArray(argument: string, value: unknown): ArrayData {
  checkReadable(argument, value);
  if (typeof value === 'object' && value !== null && 'shape' in value && 'data' in value) {
    const { data } = value;
    if (isUint8(data)) return fromBytes(argument, data, value as { shape: unknown } & Partial<ByteMatrix>);
  }
  const { data, shape } = toMatrix(argument, value);
  return [data, ...shape, 1, 0];
}

function fromBytes(argument: string, data: Uint8Array, bytes: { shape: unknown } & Partial<ByteMatrix>): ArrayData {
  const [rows, columns] = toSizes(`${argument}.shape`, bytes.shape);
  if (data.length !== rows * columns)
    throw outOfRange(`${argument}.data`, `${rows * columns} bytes for a ${rows} x ${columns} matrix`, `${data.length}`);
  const scale = checkNumber(`${argument}.scale`, bytes.scale ?? 1);
  return [data, rows, columns, scale, checkNumber(`${argument}.offset`, bytes.offset ?? 0)];
}
