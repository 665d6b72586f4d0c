/** Checkpoints: all that a fit has done so far, in one file that is whole after each epoch. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Matrix, Precision } from 'genmi';
import { writeAtomically } from '../base/atomic-write.js';
import { describe, failed, invalidType, outOfRange } from '../errors.js';
import type { Resumption } from './estimator.js';

/** The file of a fit's checkpoints. */
export interface CheckpointFile {
  readonly file: string;
  /** The fit that it is of: a fingerprint. */
  readonly fit: string;
  /** Whether the fit goes on from it. */
  readonly resume: boolean;
}

const FORMAT = 'genmi-cluster checkpoint';
const VERSION = 2;

/** @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE for `resume` without a file */
export function checkResumption({ checkpoint, resume }: Resumption): void {
  if (checkpoint !== undefined && typeof checkpoint !== 'string') {
    throw invalidType('checkpoint', "a file's name", describe(checkpoint));
  }
  if (resume !== undefined && typeof resume !== 'boolean') throw invalidType('resume', 'a boolean', describe(resume));
  if (resume && checkpoint === undefined) throw outOfRange('checkpoint', 'the file of the fit to go on with', 'none');
}

/** What tells apart data and options: a hash. */
export function fingerprint({ data, shape }: Matrix, options?: unknown): string {
  const described = JSON.stringify([shape, data.BYTES_PER_ELEMENT, options ?? null]);
  return createHash('sha256').update(described).update(bytesOf(data)).digest('hex');
}

/** The bytes of numbers or of bytes, as text. */
export const base64Of = (data: Precision | Uint8Array): string => Buffer.from(bytesOf(data)).toString('base64');

/** The bytes of such a text. */
export const bytesOfBase64 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text, 'base64'));

const bytesOf = ({ buffer, byteOffset, byteLength }: Precision | Uint8Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Epochs of small data take less time than a file: checkpoints are at least this far apart. */
const APART_MS = 100;

/** The checkpoints of a fit, each in the place of the one before, which stays until the next is whole. */
export class CheckpointWriter {
  readonly #file: string;
  readonly #fit: string;
  #written = -Infinity;
  #latest: (() => object) | undefined;

  constructor({ file, fit }: Pick<CheckpointFile, 'file' | 'fit'>) {
    this.#file = file;
    this.#fit = fit;
  }

  /**
   * Takes the state after an epoch, and writes it unless the last one is too young.
   *
   * @param state makes the state as plain data, once it is written
   * @throws ClusterError ERR_FILE
   */
  async take(state: () => object): Promise<void> {
    this.#latest = state;
    if (performance.now() - this.#written >= APART_MS) await this.#flush();
  }

  /** Runs a fit, and writes its latest state at the end, also where it fails. @throws ClusterError ERR_FILE */
  async during<T>(fit: () => Promise<T>): Promise<T> {
    let result: T;
    try {
      result = await fit();
    } catch (error) {
      await this.#flush().catch(() => {}); // the first error says more
      throw error;
    }
    await this.#flush();
    return result;
  }

  /** Writes the latest state, unless it is written. */
  async #flush(): Promise<void> {
    if (this.#latest === undefined) return;
    const content = { format: FORMAT, version: VERSION, fit: this.#fit, ...this.#latest() };
    await writeAtomically(this.#file, [JSON.stringify(content)]);
    this.#latest = undefined;
    this.#written = performance.now();
  }
}

/**
 * Reads the state of a checkpoint; undefined where there is no file.
 *
 * @throws ClusterError ERR_FILE, ERR_FORMAT for another file, or for that of other data or options
 */
export async function readCheckpoint<State>({
  file,
  fit,
}: Pick<CheckpointFile, 'file' | 'fit'>): Promise<State | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw failed('ERR_FILE', file, 'a checkpoint that can be read', error.message, 'choose another name', error);
  });
  if (text === undefined) return undefined;
  const content = parse(file, text);
  if (content.fit === fit) return content as State;
  const remedy = 'resume with the same data and options, or remove the file';
  throw failed('ERR_FORMAT', file, 'a checkpoint of this fit', 'one of other data or options', remedy);
}

function parse(file: string, text: string): { readonly fit?: unknown } {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw failed('ERR_FORMAT', file, 'a checkpoint', 'a file that is no JSON', 'remove the file', error);
  }
  const { format, version } = Object(content) as { format?: unknown; version?: unknown };
  if (format !== FORMAT) throw failed('ERR_FORMAT', file, 'a checkpoint', 'another file', 'choose another name');
  if (version === VERSION) return content as object;
  const remedy = 'remove the file, or use the version of genmi-cluster that wrote it';
  throw failed('ERR_FORMAT', file, `a checkpoint of version ${VERSION}`, `version ${version}`, remedy);
}
