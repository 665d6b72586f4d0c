/** Work in pieces: between them other work of the process runs, an abort is noticed, and progress is reported. */
import { describe, invalidType } from '../errors.js';

/** Options of every `fit`. */
export interface FitOptions {
  /** An abort rejects the call with the signal's reason within some milliseconds; the estimator stays as it was. */
  signal?: AbortSignal | undefined;
  /**
   * Called with the completed share, in [0, 1], about every 100 ms and, with 1, at the end. The call waits for a promise
   * that it returns. An error that it throws, or rejects with, stops the work and rejects the call.
   */
  onProgress?: ((done: number) => unknown) | undefined;
}

/** The names of FitOptions, for `checkOptions`. */
export const fitOptions = ['signal', 'onProgress'] as const;

const PIECE_MS = 10;
const REPORT_MS = 100;

export class Pace {
  readonly #signal: AbortSignal | undefined;
  readonly #onProgress: ((done: number) => unknown) | undefined;
  #rested = performance.now();
  #reported = performance.now();

  constructor({ signal, onProgress }: FitOptions) {
    if (signal !== undefined && typeof Object(signal).aborted !== 'boolean') {
      throw invalidType('signal', 'an AbortSignal', describe(signal));
    }
    if (onProgress !== undefined && typeof onProgress !== 'function') {
      throw invalidType('onProgress', 'a function', describe(onProgress));
    }
    this.#signal = signal;
    this.#onProgress = onProgress;
    signal?.throwIfAborted();
  }

  /** Whether the current piece has lasted long enough: call `rest` then. */
  get due(): boolean {
    return performance.now() - this.#rested >= PIECE_MS;
  }

  /** Lets other work run. @throws the signal's reason after an abort. */
  async rest(done: number): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#signal?.throwIfAborted();
    const now = performance.now();
    if (this.#onProgress && now - this.#reported >= REPORT_MS) {
      this.#reported = now;
      await this.#onProgress(done);
      this.#signal?.throwIfAborted();
    }
    this.#rested = performance.now();
  }

  /** Reports the end. */
  async end(): Promise<void> {
    this.#signal?.throwIfAborted();
    await this.#onProgress?.(1);
  }
}
