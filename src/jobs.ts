/** Asynchronous native work: an `AbortSignal` reaches into it, its progress comes out of it. */
import { describe, invalidType } from './errors.js';
import { type NativeJob, native } from './native.js';
import { checkSignal } from './options.js';

export interface AsyncOptions {
  /** Aborting rejects with the signal's reason, after the work has noticed and stopped. */
  signal?: AbortSignal | undefined;
  /** Called now and then with the share that is done, in [0, 1]; at last with 1. What it throws stops the work and rejects. */
  onProgress?: ((done: number) => void) | undefined;
}

/** Their names, for the checks of calls that take them besides others. */
export const asyncOptions = ['signal', 'onProgress'] as const;

const PROGRESS_INTERVAL_MS = 100;

/** What is running: at the process's end nobody will read its results, and the end need not wait for them. */
const running = new Set<NativeJob>();

function cancelRunning(): void {
  for (const job of running) job.cancel();
}

function track(job: NativeJob): void {
  if (running.size === 0) process.on('exit', cancelRunning);
  running.add(job);
}

function untrack(job: NativeJob): void {
  running.delete(job);
  if (running.size === 0) process.off('exit', cancelRunning);
}

/** Runs `start` with a job that the signal cancels; rejects with the signal's reason when it was aborted. */
export async function runJob<T>(
  start: (job: NativeJob) => Promise<T>,
  { signal, onProgress }: AsyncOptions = {},
): Promise<T> {
  checkSignal(signal);
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidType('onProgress', 'a function', describe(onProgress));
  }
  signal?.throwIfAborted();
  const job = new native.Job();
  track(job);
  const stopping = new AbortController();
  stopping.signal.addEventListener('abort', () => job.cancel());
  const abort = () => stopping.abort(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  const report = () => {
    // From a timer, an error would end the process.
    try {
      if (!stopping.signal.aborted) onProgress?.(job.progress);
    } catch (error) {
      stopping.abort(error);
    }
  };
  const timer = onProgress && setInterval(report, PROGRESS_INTERVAL_MS);
  try {
    const result = await start(job);
    // Work that ended before it noticed has still been asked to stop.
    stopping.signal.throwIfAborted();
    onProgress?.(1);
    return result;
  } catch (error) {
    throw stopping.signal.aborted ? stopping.signal.reason : error;
  } finally {
    untrack(job);
    clearInterval(timer);
    signal?.removeEventListener('abort', abort);
  }
}
