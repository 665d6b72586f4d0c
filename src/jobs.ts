/** Asynchronous native work: an `AbortSignal` reaches into it, its progress comes out of it. */
import { describe, invalidType } from './errors.js';
import { type NativeJob, native } from './native.js';
import { checkSignal } from './options.js';
import { onceAborted, reasonOf } from './signals.js';

export interface AsyncOptions {
  /** Aborting rejects with the signal's reason, after the work has noticed and stopped: within some milliseconds. */
  signal?: AbortSignal | undefined;
  /**
   * Called now and then with the share that is done, in [0, 1]; at last with 1. It may be asynchronous: the call ends after it. An
   * error that it throws, or rejects with, stops the work and rejects.
   */
  onProgress?: ((done: number) => unknown) | undefined;
}

/** Their names, for the checks of calls that take them besides others. */
export const asyncOptions = ['signal', 'onProgress'] as const;

const PROGRESS_INTERVAL_MS = 100;

/** Reports progress, and remembers which of the reports are under way. */
class Reports {
  readonly #onProgress: (done: number) => unknown;
  readonly #fail: (error: unknown) => void;
  readonly #pending = new Set<Promise<unknown>>();

  constructor(onProgress: (done: number) => unknown, fail: (error: unknown) => void) {
    this.#onProgress = onProgress;
    this.#fail = fail;
  }

  /** Never throws: from a timer, an error would end the process. */
  report(done: number): void {
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

/** Work that can be stopped, by a signal or by an error of `onProgress`. */
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
 * Runs `start` with a job that the signal cancels; rejects with the signal's reason when it was aborted. An aborted signal comes
 * before everything else: `start` reads and copies the inputs.
 */
export async function runJob<T>(options: AsyncOptions, start: (job: NativeJob) => Promise<T>): Promise<T> {
  if (typeof options !== 'object' || options === null) throw invalidType('options', 'an object', describe(options));
  const { signal, onProgress } = options;
  checkSignal(signal);
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidType('onProgress', 'a function', describe(onProgress));
  }
  if (signal?.aborted) throw reasonOf(signal);
  const work = new Stoppable();
  const forget = signal && onceAborted(signal, work.stop);
  const reports = onProgress && new Reports(onProgress, work.stop);
  const timer = reports && setInterval(() => work.isStopped || reports.report(work.job.progress), PROGRESS_INTERVAL_MS);
  try {
    const result = await start(work.job);
    clearInterval(timer);
    if (!work.isStopped) reports?.report(1);
    // Work that ended before it noticed has still been asked to stop.
    await Promise.race([work.stopped, reports?.ended()]);
    return result;
  } catch (error) {
    if (work.isStopped) await work.stopped;
    throw error;
  } finally {
    clearInterval(timer);
    forget?.();
  }
}
