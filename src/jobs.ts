/** Asynchronous native work, which reports its progress and which an `AbortSignal` can cancel. */
import { checkReadable, describe, invalidType } from './errors.js';
import { type NativeJob, native } from './native.js';
import { checkSignal } from './options.js';
import { onceAborted, reasonOf } from './signals.js';

/** Options of asynchronous calls. */
export interface AsyncOptions {
  /** An abort rejects the call with the signal's reason at once, and stops the work within some milliseconds. */
  signal?: AbortSignal | undefined;
  /**
   * Called with the completed share, in [0, 1], every 100 ms and, with 1, at the end. It may be asynchronous: the call
   * waits for its promises. An error that it throws, or rejects with, stops the work and rejects the call.
   */
  onProgress?: ((done: number) => unknown) | undefined;
}

/** The names of AsyncOptions, for `checkOptions`. */
export const asyncOptions = ['signal', 'onProgress'] as const;

/** How often progress is reported. */
export const PROGRESS_INTERVAL_MS = 100;

/** Checks that a callback is a function, or undefined. */
export function checkCallback<T>(name: string, callback: T): T {
  checkReadable(name, callback);
  if (callback === undefined || typeof callback === 'function') return callback;
  throw invalidType(name, 'a function', describe(callback));
}

/** Calls `onProgress`, and keeps the promises that it returns until they settle. */
export class Reports<Done> {
  readonly #onProgress: (done: Done) => unknown;
  readonly #fail: (error: unknown) => void;
  readonly #pending = new Set<Promise<unknown>>();

  constructor(onProgress: (done: Done) => unknown, fail: (error: unknown) => void) {
    this.#onProgress = onProgress;
    this.#fail = fail;
  }

  /** Never throws: an error thrown by a timer would end the process. */
  report(done: Done): void {
    try {
      const result = this.#onProgress(done);
      if (typeof result !== 'object' || result === null) return;
      const pending = Promise.resolve(result)
        .catch(this.#fail)
        .finally(() => this.#pending.delete(pending));
      this.#pending.add(pending);
    } catch (error) {
      this.#fail(error);
    }
  }

  async ended(): Promise<void> {
    await Promise.all(this.#pending);
  }
}

/** Native work that a signal, or an error of `onProgress`, can stop. */
class Stoppable {
  /** Rejects when the work is stopped. */
  readonly stopped: Promise<never>;
  readonly job: NativeJob = new native.Job();
  readonly stop: (reason: unknown) => void;
  isStopped = false;

  constructor() {
    let reject: (reason: unknown) => void = () => {};
    this.stopped = new Promise<never>((_, no) => {
      reject = no;
    });
    this.stopped.catch(() => {});
    this.stop = (reason) => {
      if (this.isStopped) return;
      this.isStopped = true;
      reject(reason);
      this.job.cancel();
    };
  }
}

/**
 * Runs `start` with a job that the signal cancels, and rejects with the signal's reason on abort.
 *
 * A signal that is aborted already is noticed before `start`, which reads and copies the inputs.
 */
export async function runJob<T>(options: AsyncOptions, start: (job: NativeJob) => Promise<T>): Promise<T> {
  if (typeof options !== 'object' || options === null) throw invalidType('options', 'an object', describe(options));
  checkReadable('options', options);
  const { signal } = options;
  checkSignal(signal);
  const onProgress = checkCallback('onProgress', options.onProgress);
  if (signal?.aborted) throw reasonOf(signal);
  const work = new Stoppable();
  const forget = signal && onceAborted(signal, work.stop);
  const reports = onProgress && new Reports(onProgress, work.stop);
  const timer = reports && setInterval(() => work.isStopped || reports.report(work.job.progress), PROGRESS_INTERVAL_MS);
  try {
    const result = await Promise.race([work.stopped, start(work.job)]);
    clearInterval(timer);
    if (!work.isStopped) reports?.report(1);
    await Promise.race([work.stopped, reports?.ended()]);
    return result;
  } catch (error) {
    // Work that ended before it noticed has still been asked to stop.
    if (work.isStopped) await work.stopped;
    throw error;
  } finally {
    clearInterval(timer);
    forget?.();
  }
}
