/** The fits of a sweep, worked off by threads. */
import type { Worker } from 'node:worker_threads';
import type { Job } from './job.js';
import { readStored } from './results.js';
import { FitThread, type Outcome } from './threads.js';

/** The jobs of a task of an array: part `index` of `count`. The parts are disjoint, and cover all jobs. */
export const partOf = (jobs: readonly Job[], index: number, count: number): Job[] =>
  jobs.filter((_, position) => position % count === index);

/** The jobs without a result; a fit that failed before is among them. */
export async function missingOf(folder: string, jobs: readonly Job[]): Promise<Job[]> {
  const missing: Job[] = [];
  for (const job of jobs) if ((await readStored(folder, job.key))?.result === undefined) missing.push(job);
  return missing;
}

export interface WorkOptions {
  /** The number of threads. */
  readonly workers: number;
  readonly start: () => Worker;
  /** Ends all fits that have not ended. */
  readonly signal: AbortSignal;
  /** Called with each job that ended, while others go on. */
  onEnd(job: Job, outcome: Outcome): Promise<void>;
  /** Called with the share of all jobs that is done, in [0, 1]. */
  onProgress?(done: number): void;
}

/**
 * Makes all fits.
 *
 * @throws what is wrong with the data; the reason of the signal; the error of `onEnd`
 */
export async function workOff(jobs: readonly Job[], options: WorkOptions): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const threads = Array.from({ length: Math.min(options.workers, jobs.length) }, () => new FitThread(options.start));
  const close = () => void Promise.all(threads.map((thread) => thread.close()));
  signal.addEventListener('abort', close);
  const queue = jobs.values(); // shared: each job goes to the thread that asks first
  const shares = new Float64Array(threads.length);
  let ended = 0;
  const report = () => options.onProgress?.(shares.reduce((sum, share) => sum + share, ended) / jobs.length);
  const lanes = threads.map(async (thread, lane) => {
    for (const job of queue) {
      const outcome = await thread.fit(job.choice, signal, (share) => {
        shares[lane] = share;
        report();
      });
      await options.onEnd(job, outcome);
      shares[lane] = 0;
      ended++;
      report();
    }
  });
  try {
    await Promise.all(lanes);
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(lanes);
    throw error;
  } finally {
    await Promise.all(threads.map((thread) => thread.close()));
  }
}
