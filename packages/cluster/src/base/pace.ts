/** Work in pieces: between them other work of the process runs, a signal is noticed, and progress is reported. */
import { describe, invalidType } from '../errors.js';

/** The best result of a `fit` that has not ended. */
export interface Standing {
  /** The value that `fit` maximises. */
  readonly objective: number;
  /** The number of clusters. */
  readonly clusters: number;
}

/** Options of every `fit`. */
export interface FitOptions {
  /** An abort rejects the call with the signal's reason within some milliseconds; the estimator stays as it was. */
  signal?: AbortSignal | undefined;
  /** An abort of this signal ends the work within some milliseconds, and keeps the result so far. */
  stop?: AbortSignal | undefined;
  /**
   * Called with the completed share, in [0, 1], about every 100 ms and, with 1, at the end; and with the result so far,
   * once there is one. The call waits for a promise that it returns. An error that it throws, or rejects with, stops the
   * work and rejects the call.
   */
  onProgress?: ((done: number, standing?: Standing) => unknown) | undefined;
}

/** The names of FitOptions, for `checkOptions`. */
export const fitOptions = ['signal', 'stop', 'onProgress'] as const;

/** Those of calls that have no result before their end. */
export const wholeOptions = ['signal', 'onProgress'] as const;

const PIECE_MS = 10;
const REPORT_MS = 100;

export class Pace {
  readonly #signal: AbortSignal | undefined;
  readonly #stop: AbortSignal | undefined;
  readonly #onProgress: FitOptions['onProgress'];
  /** The result so far, for `onProgress`. */
  standing: Standing | undefined;
  #rested = performance.now();
  #reported = performance.now();

  constructor({ signal, stop, onProgress }: FitOptions) {
    checkSignal('signal', signal);
    checkSignal('stop', stop);
    if (onProgress !== undefined && typeof onProgress !== 'function') {
      throw invalidType('onProgress', 'a function', describe(onProgress));
    }
    this.#signal = signal;
    this.#stop = stop;
    this.#onProgress = onProgress;
    signal?.throwIfAborted();
  }

  /** Whether the current piece has lasted long enough: call `rest` then. */
  get due(): boolean {
    return performance.now() - this.#rested >= PIECE_MS;
  }

  /** Whether the work shall end with the result so far. */
  get stopped(): boolean {
    return this.#stop?.aborted ?? false;
  }

  /** Lets other work run. @throws the signal's reason after an abort. */
  async rest(done: number): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#signal?.throwIfAborted();
    const now = performance.now();
    if (this.#onProgress && now - this.#reported >= REPORT_MS) {
      this.#reported = now;
      await this.#onProgress(done, this.standing);
      this.#signal?.throwIfAborted();
    }
    this.#rested = performance.now();
  }

  /** Reports the end. */
  async end(): Promise<void> {
    this.#signal?.throwIfAborted();
    await this.#onProgress?.(1, this.standing);
  }
}

function checkSignal(argument: string, signal: unknown): void {
  if (signal === undefined || typeof Object(signal).aborted === 'boolean') return;
  throw invalidType(argument, 'an AbortSignal', describe(signal));
}
