/** The loop of a training: its epochs, and what is asked of it between them. */
import { refused } from '../errors.js';
import { PROGRESS_INTERVAL_MS, Reports } from '../jobs.js';
import { allocate } from '../memory.js';
import { type NativeData, type NativeJob, type NativeSamples, type NativeTraining, native } from '../native.js';
import { onceAborted } from '../signals.js';
import { SampleCopy, unlessAborted } from './data.js';
import type { Epoch } from './epochs.js';

/** How far a training has come. */
export interface TrainingProgress {
  /** The number of steps that are done; after `resume`, those of the earlier training are counted too. */
  readonly step: number;
  /** The number of steps of all epochs. */
  readonly steps: number;
  /** The completed share of the search that `vat.epsilon: 'neighbours'` asks for, in [0, 1]; 1 without a search. */
  readonly neighbors: number;
}

/** Why a training ended: all epochs were done; the signal; `onEpoch` returned false; a number was not finite. */
export type Stopped = 'finished' | 'aborted' | 'callback' | 'non-finite';

/** What can be saved of a training. */
export interface Snapshots {
  /**
   * All that the training has learned, with the state of its optimiser: bytes for `resume`, on machines of the same byte
   * order.
   *
   * Cost: O(parameters).
   *
   * @throws GenmiError ERR_UNSUPPORTED before the first step, ERR_BUSY while epochs are running, ERR_OUT_OF_MEMORY.
   */
  snapshot(): Uint8Array;
}

/** What a training did. The network keeps what it has learned, whyever the training ended. */
export interface Run<E = Epoch> extends Snapshots {
  /** What each epoch of this call did. */
  readonly history: readonly E[];
  /** Why the training ended. */
  readonly stopped: Stopped;
  /** For 'non-finite': the epoch and the step. The network is as it was before that epoch. */
  readonly message?: string;
}

const makeNumbers = (length: number) =>
  allocate(Float64Array, length, () => `The history of ${length} numbers`, 'train for fewer epochs');
const makeBytes = (length: number) => allocate(Uint8Array, length, () => 'A snapshot', 'free memory first');

/** A native training that runs. */
export interface Running {
  readonly training: NativeTraining;
  readonly job: NativeJob;
  /** Whether nobody has aborted it. */
  goesOn(): boolean;
  /** Waits until no asynchronous prediction reads the network: the training may then change it. */
  untilQuiet(): Promise<void>;
  /** Is aborted when the training is. */
  readonly signal: AbortSignal;
}

/** What a training learns from. */
export interface Source {
  /** Before the first epoch. */
  begin(running: Running): Promise<void>;
  /** Trains for at most so many epochs. */
  advance(running: Running, epochs: number): Promise<void>;
}

/** Samples, which are copied once. */
export class SampleSource implements Source {
  readonly #data: NativeData;
  #samples: NativeSamples | undefined;

  constructor(data: NativeData) {
    this.#data = data;
  }

  async begin({ job, goesOn }: Running): Promise<void> {
    this.#samples = await new SampleCopy(this.#data).finishInTurns(job, goesOn);
  }

  async advance({ training, job }: Running, epochs: number): Promise<void> {
    await training.run(this.#samples as NativeSamples, epochs, job);
  }
}

/** What the loop is made of. */
export interface LoopParts<E> {
  readonly training: NativeTraining;
  /** The asynchronous predictions that read the network. */
  readonly pending: ReadonlySet<Promise<unknown>>;
  readonly source: Source;
  readonly epochs: number;
  readonly toEpochs: (numbers: Float64Array) => E[];
  readonly progressOf: (job: NativeJob) => TrainingProgress;
  readonly onEpoch: ((epoch: E, training: Snapshots) => unknown) | undefined;
  readonly onProgress: ((progress: TrainingProgress) => unknown) | undefined;
}

/** A training, with what is asked of it between epochs. */
class Loop<E extends { readonly epoch: number }> implements Running {
  readonly #parts: LoopParts<E>;
  readonly #history: E[] = [];
  readonly #reports: Reports<TrainingProgress> | undefined;
  readonly job: NativeJob = new native.Job();
  readonly #controller = new AbortController();
  #endWaiting = () => {};
  readonly #whenAborted = new Promise<void>((resolve) => {
    this.#endWaiting = resolve;
  });
  #aborted = false;
  #inOnEpoch = false;
  #failure: { readonly error: unknown } | undefined; // of onProgress

  constructor(parts: LoopParts<E>) {
    this.#parts = parts;
    this.#reports = parts.onProgress && new Reports(parts.onProgress, (error) => this.#fail(error));
  }

  get training(): NativeTraining {
    return this.#parts.training;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  readonly goesOn = (): boolean => !this.#aborted;

  abort(): void {
    this.#aborted = true;
    this.job.cancel();
    this.#controller.abort();
    this.#endWaiting();
  }

  async untilQuiet(): Promise<void> {
    const { pending } = this.#parts;
    while (pending.size > 0) await Promise.all(pending);
  }

  async run(): Promise<Run<E>> {
    const timer = this.#reports && setInterval(() => this.#inOnEpoch || this.#tell(), PROGRESS_INTERVAL_MS);
    try {
      const run = await this.#train();
      clearInterval(timer);
      this.#tell();
      await Promise.race([this.#whenAborted, this.#reports?.ended()]);
      if (this.#failure) throw this.#failure.error;
      return run;
    } finally {
      clearInterval(timer);
    }
  }

  #tell(): void {
    if (!this.#failure) this.#reports?.report(this.#parts.progressOf(this.job));
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.abort();
  }

  async #train(): Promise<Run<E>> {
    const { training, source, epochs, onEpoch } = this.#parts;
    await source.begin(this).catch(unlessAborted);
    while (!this.#aborted) {
      await this.untilQuiet();
      if (this.#aborted) break;
      const done = await this.#next(source.advance(this, onEpoch ? 1 : epochs));
      const message = training.failure();
      if (message !== undefined) return this.#ended('non-finite', message);
      const wantsMore = await this.#report(done);
      if (done.length === 0 && !this.#aborted) return this.#ended('finished');
      if (this.#history.at(-1)?.epoch === epochs) return this.#ended('finished');
      if (!wantsMore) return this.#ended('callback');
    }
    return this.#ended('aborted');
  }

  /** The epochs of a call; one that was aborted has some, too. */
  async #next(call: Promise<void>): Promise<E[]> {
    await call.catch(unlessAborted);
    const epochs = this.#parts.toEpochs(this.training.results(makeNumbers));
    for (const epoch of epochs) this.#history.push(epoch);
    return epochs;
  }

  async #report(epochs: readonly E[]): Promise<boolean> {
    const { onEpoch } = this.#parts;
    const snapshots = { snapshot: () => this.#snapshot() };
    this.#inOnEpoch = true;
    for (const epoch of onEpoch ? epochs : []) if ((await onEpoch?.(epoch, snapshots)) === false) return false;
    this.#inOnEpoch = false;
    return true;
  }

  #snapshot(): Uint8Array {
    const bytes = this.training.snapshot(makeBytes);
    if (bytes !== undefined) return bytes;
    const expected = 'a training that has begun';
    throw refused('ERR_UNSUPPORTED', 'snapshot', expected, 'one that was aborted before its first step');
  }

  #ended(stopped: Stopped, message?: string): Run<E> {
    const snapshot = () => this.#snapshot();
    return { history: this.#history, stopped, ...(message === undefined ? {} : { message }), snapshot };
  }
}

/** Runs a training to its end, or until the signal's abort. Others may change the network afterwards. */
export async function runTraining<E extends { readonly epoch: number }>(
  parts: LoopParts<E>,
  signal: AbortSignal | undefined,
): Promise<Run<E>> {
  let forget: (() => void) | undefined;
  try {
    const loop = new Loop(parts);
    forget = signal && onceAborted(signal, () => loop.abort());
    if (signal?.aborted) loop.abort();
    return await loop.run();
  } finally {
    forget?.();
    parts.training.end();
  }
}
