/** Fits in threads: each attempt in one that is alive, and an end of a thread is an error of the fit that it had. */
import { on } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { ThreadData } from './fit-thread.js';
import type { Choice } from './grid.js';
import type { FitResult } from './job.js';
import { errorOf, type Failure, failureOf, type Message } from './messages.js';

/** A fit is tried up to this number of times. */
export const ATTEMPTS = 3;

/** How a fit ended, after a number of attempts. */
export type Outcome = { readonly attempts: number } & (
  | { readonly result: FitResult; readonly failure?: never }
  | { readonly failure: Failure; readonly result?: never }
);

/** Data that cannot be used; the cause says why. No fit of them is worth an attempt. */
class UnusableData extends Error {}

export const startThread = (workerData: ThreadData): Worker =>
  new Worker(new URL('./fit-thread.js', import.meta.url), { workerData });

/** One thread after another: the next one starts where the last has died. */
export class FitThread {
  readonly #start: () => Worker;
  #worker: Worker | undefined;

  /** @param start starts a thread of fit-thread.js */
  constructor(start: () => Worker) {
    this.#start = start;
  }

  /** Starts a thread, which reads the data. @throws what is wrong with the data */
  async start(): Promise<void> {
    await this.#started().catch((error) => {
      throw error instanceof UnusableData ? error.cause : error;
    });
  }

  /**
   * Fits, up to three times.
   *
   * @throws what is wrong with the data, and the reason of the signal
   */
  async fit(choice: Choice, signal: AbortSignal, onProgress: (done: number) => void): Promise<Outcome> {
    let failure: Failure | undefined;
    for (let attempts = 1; attempts <= ATTEMPTS; attempts++) {
      try {
        return { attempts, result: await this.#attempt(choice, signal, onProgress) };
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof UnusableData) throw error.cause;
        failure = failureOf(error);
      }
    }
    return { attempts: ATTEMPTS, failure: failure as Failure };
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  async #attempt(choice: Choice, signal: AbortSignal, onProgress: (done: number) => void): Promise<FitResult> {
    signal.throwIfAborted();
    const worker = this.#worker ?? (await this.#started());
    const answer = next(worker, onProgress);
    worker.postMessage(choice);
    const message = await answer;
    if (message.type === 'result') return message.result;
    throw errorOf((message as { failure: Failure }).failure);
  }

  async #started(): Promise<Worker> {
    const worker = this.#start();
    this.#worker = worker;
    worker.on('error', () => {}); // an exit follows
    worker.once('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    const message = await next(worker);
    if (message.type === 'ready') return worker;
    throw new UnusableData('', { cause: errorOf((message as { failure: Failure }).failure) });
  }
}

/** The next message of a thread that is no progress. Rejects where the thread ends before. */
async function next(worker: Worker, onProgress?: (done: number) => void): Promise<Message> {
  for await (const [message] of on(worker, 'message', { close: ['exit'] }) as AsyncIterable<[Message]>) {
    if (message.type !== 'progress') return message;
    onProgress?.(message.done);
  }
  throw new Error('the thread of the fit ended before its result');
}
