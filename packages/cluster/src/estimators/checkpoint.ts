/** Checkpoints: all that a fit has done so far, in one file that is whole after each epoch. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Matrix } from 'genmi';
import { writeAtomically } from '../base/atomic-write.js';
import { failed } from '../errors.js';
import type { PlainParameters } from './gemini-models.js';
import type { EpochRecord, FinishedRun } from './gemini-training.js';

/** The state of a fit between two epochs. */
export interface Checkpoint {
  /** The restart that is running, from 0. */
  readonly restart: number;
  /** Its epochs so far. */
  readonly history: readonly EpochRecord[];
  /** Its snapshot, as `train` resumes from. */
  readonly snapshot: Uint8Array;
  /** The best of the restarts before it. */
  readonly best: (Omit<FinishedRun, 'network'> & { readonly parameters: PlainParameters }) | undefined;
  /** The labels that each restart before it found, where they are wanted. */
  readonly labels: readonly Int32Array[];
}

const FORMAT = 'genmi-cluster checkpoint';
const VERSION = 1;

/** What tells apart data and options: a hash. */
export function fingerprint({ data, shape }: Matrix, options?: unknown): string {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const described = JSON.stringify([shape, data.BYTES_PER_ELEMENT, options ?? null]);
  return createHash('sha256').update(described).update(bytes).digest('hex');
}

/** Epochs of small data take less time than a file: checkpoints are at least this far apart. */
const APART_MS = 100;

/** The checkpoints of a fit, each in the place of the one before, which stays until the next is whole. */
export class CheckpointWriter {
  readonly #file: string;
  readonly #fit: string;
  #written = -Infinity;
  #latest: Checkpoint | undefined;

  constructor(file: string, fit: string) {
    this.#file = file;
    this.#fit = fit;
  }

  /** Takes the state after an epoch, and writes it unless the last one is too young. @throws ClusterError ERR_FILE */
  async take(checkpoint: Checkpoint): Promise<void> {
    this.#latest = checkpoint;
    if (performance.now() - this.#written >= APART_MS) await this.flush();
  }

  /** Writes the latest state, unless it is written. @throws ClusterError ERR_FILE */
  async flush(): Promise<void> {
    if (this.#latest === undefined) return;
    const { snapshot, labels, ...others } = this.#latest;
    const content = {
      format: FORMAT,
      version: VERSION,
      fit: this.#fit,
      ...others,
      snapshot: Buffer.from(snapshot).toString('base64'),
      labels: labels.map((each) => Array.from(each)),
    };
    await writeAtomically(this.#file, [JSON.stringify(content)]);
    this.#latest = undefined;
    this.#written = performance.now();
  }
}

/**
 * Reads a checkpoint; undefined where there is no file.
 *
 * @throws ClusterError ERR_FILE, ERR_FORMAT for another file, or for that of other data or options
 */
export async function readCheckpoint(file: string, fit: string): Promise<Checkpoint | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw failed('ERR_FILE', file, 'a checkpoint that can be read', error.message, 'choose another name', error);
  });
  if (text === undefined) return undefined;
  const content = parse(file, text);
  const { snapshot, labels, restart, history, best } = content;
  if (content.fit !== fit) {
    const remedy = 'resume with the same data and options, or remove the file';
    throw failed('ERR_FORMAT', file, 'a checkpoint of this fit', 'one of other data or options', remedy);
  }
  return {
    restart,
    history,
    snapshot: Uint8Array.from(Buffer.from(snapshot, 'base64')),
    best,
    labels: labels.map((each) => Int32Array.from(each)),
  };
}

type Content = Omit<Checkpoint, 'snapshot' | 'labels'> & {
  readonly fit: string;
  readonly snapshot: string;
  readonly labels: readonly number[][];
};

function parse(file: string, text: string): Content {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw failed('ERR_FORMAT', file, 'a checkpoint', 'a file that is no JSON', 'choose another name', error);
  }
  const { format, version } = Object(content) as { format?: unknown; version?: unknown };
  if (format !== FORMAT) throw failed('ERR_FORMAT', file, 'a checkpoint', 'another file', 'choose another name');
  if (version === VERSION) return content as Content;
  const remedy = 'remove the file, or use the version of genmi-cluster that wrote it';
  throw failed('ERR_FORMAT', file, `a checkpoint of version ${VERSION}`, `version ${version}`, remedy);
}
