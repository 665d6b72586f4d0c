/** The samples of a network, and copies of them for asynchronous calls. */
import { setImmediate as turn } from 'node:timers/promises';
import { describe, outOfRange } from '../errors.js';
import type { NativeData, NativeJob, NativeNetworkDescription, NativeSamples } from '../native.js';
import { type ArrayData, isArrayData, roomFor, toSamples } from '../samples.js';

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
export const PART = 2 ** 20;

/** Native memory of samples that an asynchronous call reads: a copy of an array, or Samples as they are. */
export class SampleCopy {
  readonly #samples: NativeSamples;
  /** What is to be copied. */
  readonly #data: ArrayData[0] | undefined;
  readonly #length: number;

  constructor(samples: NativeData) {
    const [data, rows, columns] = samples;
    const copied = isArrayData(samples);
    this.#data = copied ? samples[0] : undefined;
    this.#samples = copied ? roomFor(samples) : (data as NativeSamples);
    this.#length = rows * columns;
  }

  /** Copies all numbers. */
  finish(): NativeSamples {
    if (this.#data) this.#samples.append(this.#data, this.#length);
    return this.#samples;
  }

  /** As `finish`, with turns of the event loop in between. `job` may be cancelled: the copy is then not complete. */
  async finishInTurns(job: NativeJob, goOn: () => boolean): Promise<NativeSamples> {
    if (!this.#data) return this.#samples;
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
