/** Reads the features of samples: matrices of numbers, or bytes that stand for numbers. */
import { setImmediate as turn } from 'node:timers/promises';
import { checkReadable, describe, outOfRange } from '../errors.js';
import { type MatrixLike, precisionOf, toMatrix, toSizes } from '../matrix.js';
import { checkFits } from '../memory.js';
import {
  type NativeData,
  type NativeJob,
  type NativeNetworkDescription,
  type NativeSamples,
  native,
} from '../native.js';
import { checkNumber } from '../options.js';
import { isUint8, type Precision } from '../typed-arrays.js';

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

/** The features of samples, one row each: a matrix in any form, or bytes (a quarter of the memory of float32). */
export type SampleData = MatrixLike | ByteMatrix;

/** Reads samples without a copy. */
export function toSamples(argument: string, value: unknown): NativeData {
  checkReadable(argument, value);
  if (typeof value === 'object' && value !== null && 'shape' in value && 'data' in value) {
    const { data } = value;
    if (isUint8(data)) return fromBytes(argument, data, value as { shape: unknown } & Partial<ByteMatrix>);
  }
  const { data, shape } = toMatrix(argument, value);
  return [data, ...shape, 1, 0];
}

function fromBytes(argument: string, data: Uint8Array, bytes: { shape: unknown } & Partial<ByteMatrix>): NativeData {
  const [rows, columns] = toSizes(`${argument}.shape`, bytes.shape);
  if (data.length !== rows * columns)
    throw outOfRange(`${argument}.data`, `${rows * columns} bytes for a ${rows} x ${columns} matrix`, `${data.length}`);
  const scale = checkNumber(`${argument}.scale`, bytes.scale ?? 1);
  return [data, rows, columns, scale, checkNumber(`${argument}.offset`, bytes.offset ?? 0)];
}

/** The features of samples that have none. */
export const NO_FEATURES: Float32Array = new Float32Array(0);

/** Reads the samples of a network: it has inputs for their features, or knows them one by one, without features. */
export function readData(
  data: unknown,
  { inputs, samples }: Pick<NativeNetworkDescription, 'inputs' | 'samples'>,
  argument = 'data',
): NativeData {
  if (samples > 0) {
    if (data !== undefined) throw outOfRange(argument, 'none for a table of logits', describe(data));
    return [NO_FEATURES, samples, 0, 1, 0];
  }
  const given = toSamples(argument, data);
  const [, , columns] = given;
  if (columns === inputs) return given;
  throw outOfRange(argument, `${inputs} columns, one for each input of the network`, `${columns}`);
}

/** Bytes that are copied in one turn of the event loop, on its own thread: a fraction of a millisecond. */
const PART = 2 ** 20;

/** Native memory for samples that an asynchronous call reads. */
export class SampleCopy {
  readonly #samples: NativeSamples;
  readonly #data: Precision | Uint8Array;
  readonly #length: number;

  constructor([data, rows, columns, scale, offset]: NativeData) {
    checkFits(`A copy of ${rows} x ${columns} features`, data.byteLength, 'give bytes or float32, or fewer samples');
    this.#data = data;
    this.#length = rows * columns;
    const type = isUint8(data) ? 'uint8' : precisionOf(data);
    this.#samples = new native.Samples(type, rows, columns, scale, offset);
  }

  /** Copies all numbers. */
  finish(): NativeSamples {
    this.#samples.append(this.#data, this.#length);
    return this.#samples;
  }

  /** As `finish`, with turns of the event loop in between. `job` may be cancelled: the copy is then not complete. */
  async finishInTurns(job: NativeJob, goOn: () => boolean): Promise<NativeSamples> {
    const part = PART / this.#data.BYTES_PER_ELEMENT;
    if (this.#length > part) await this.#samples.prepareAsync(job).catch(unlessAborted);
    for (let left = this.#length - part; left > 0 && goOn(); left -= part) {
      this.#samples.append(this.#data, part);
      await turn();
    }
    return goOn() ? this.finish() : this.#samples;
  }
}

/** Throws errors other than that of a job that was cancelled. */
export function unlessAborted(error: unknown): void {
  if ((error as { code?: unknown }).code !== 'ERR_ABORTED') throw error;
}
