/** Training: mini-batches, forward and backward passes and updates, in the native core and off the event loop. */
import { checkReadable, describe, invalidType, outOfRange, refused } from '../errors.js';
import { checkCallback, PROGRESS_INTERVAL_MS, Reports } from '../jobs.js';
import { allocate, checkFits } from '../memory.js';
import { type EpochNumber, type NativeData, type NativeJob, type NativeTraining, native } from '../native.js';
import { type NativeBackedObjective, nativeObjective, type Objective } from '../objectives/objective.js';
import { checkNumber, checkOptions, checkSignal, optionalNumber } from '../options.js';
import type { SampleData } from '../samples.js';
import { onceAborted } from '../signals.js';
import { isUint8 } from '../typed-arrays.js';
import { readData, SampleCopy, unlessAborted } from './data.js';
import { type Network, partsOf } from './network.js';
import { adam, type Optimizer, ruleOf } from './optimizers.js';
import { type Penalties, toPenalties, toVat, type VatOptions } from './penalties.js';

/** What an epoch did. */
export interface Epoch {
  /** 1, 2, … */
  readonly epoch: number;
  /** What was minimised: minus the objective, plus the penalty, plus `vat` times its weight. */
  readonly loss: number;
  /** The mean of the batches' values of the objective, weighted by their samples. */
  readonly objective: number;
  /** The penalty of the parameters after the epoch's last step; 0 without one. */
  readonly penalty: number;
  /** The mean smoothness of virtual adversarial training, >= 0 in nats, without its weight; 0 without it. */
  readonly vat: number;
  /** The learning rate of the epoch's last step. */
  readonly learningRate: number;
  /** The number of clusters that are the likeliest one of some sample. */
  readonly clusters: number;
  /** Entropies of the predictions during the epoch, in nats. */
  readonly entropies: {
    /** Of the mean prediction, in [0, log K]: log K where all clusters are equally large. */
    readonly proportions: number;
    /** The mean over samples, in [0, log K]: 0 where all assignments are certain. */
    readonly predictions: number;
  };
  /** Where the time went. */
  readonly seconds: {
    /** Seconds of the network's passes, those of `vat` among them. */
    readonly network: number;
    /** Seconds of the objective and its gradient. */
    readonly objective: number;
    /** Seconds of the updates, proximal steps among them. */
    readonly update: number;
  };
}

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

/** Options of `train`. */
export interface TrainOptions {
  /**
   * N x d features, finite: the samples of the objective's affinity, where it has one, in their order. None for a table of
   * logits.
   */
  data?: SampleData | undefined;
  /** The objective that is maximised over the logits. */
  objective: Objective;
  /** The number of passes over the samples, >= 1. */
  epochs: number;
  /** The samples of one step, >= 1; the last batch of an epoch may be smaller. Default: all samples. */
  batchSize?: number | undefined;
  /** Default: `adam()`. */
  optimizer?: Optimizer | undefined;
  /** Penalties of parameters; default none. */
  penalty?: Penalties | undefined;
  /** Virtual adversarial training; default none. Cost: two more forward passes and two more backward passes a step. */
  vat?: VatOptions | undefined;
  /** The seed of the order of samples, an integer in [0, 2^53); default 0. */
  seed?: number | undefined;
  /** Threads, 1 to 1024; default: those of `config`. Results have the same bits for any number. */
  threads?: number | undefined;
  /** An abort ends the training before its next step. */
  signal?: AbortSignal | undefined;
  /**
   * Called after each epoch; the training waits for its promise, and ends where it is false. The network can be read
   * meanwhile. An error that it throws ends the training and rejects the call.
   */
  onEpoch?: ((epoch: Epoch, training: Snapshots) => unknown) | undefined;
  /**
   * Called every 100 ms, except during `onEpoch`, and once at the end, with the last step that the network keeps. It
   * may be asynchronous: the training goes on meanwhile, and the call waits for its promises unless it is aborted. An
   * error that it throws, or rejects with, ends the training and rejects the call.
   */
  onProgress?: ((progress: TrainingProgress) => unknown) | undefined;
  /**
   * A snapshot of an earlier training of such a network: goes on from there, up to `epochs` in all, with the seed of that
   * training. With the same data and options, the bits are those of a training that was not interrupted.
   */
  resume?: Uint8Array | undefined;
}

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

const trainOptions = [
  'data',
  'objective',
  'epochs',
  'batchSize',
  'optimizer',
  'penalty',
  'vat',
  'seed',
  'threads',
  'signal',
  'onEpoch',
  'onProgress',
  'resume',
] as const;

/** What a training did. The network keeps what it has learned, whyever the training ended. */
export interface Run extends Snapshots {
  /** What each epoch of this call did. */
  readonly history: readonly Epoch[];
  /** Why the training ended. */
  readonly stopped: Stopped;
  /** For 'non-finite': the epoch and the step. The network is as it was before that epoch. */
  readonly message?: string;
}

const INTEGERS = { min: 1, max: 2 ** 31 - 1, integer: true } as const;

/** The position of each number among the numbers of an epoch. */
const at = Object.fromEntries(native.epochNumbers.map((name, k) => [name, k])) as Record<EpochNumber, number>;

const makeNumbers = (length: number) =>
  allocate(Float64Array, length, () => `The history of ${length} epochs`, 'train for fewer epochs');
const makeBytes = (length: number) => allocate(Uint8Array, length, () => 'A snapshot', 'free memory first');

/** The learning rate of the last step of an epoch. */
type RateOf = (epoch: number) => number;

type ProgressOf = (job: NativeJob) => TrainingProgress;

function toEpochs(numbers: Float64Array, rateOf: RateOf): Epoch[] {
  const length = native.epochNumbers.length;
  return Array.from({ length: numbers.length / length }, (_, i) => {
    const number = (name: EpochNumber) => numbers[i * length + at[name]] as number;
    return {
      epoch: number('epoch'),
      loss: number('loss'),
      objective: number('objective'),
      penalty: number('penalty'),
      vat: number('vat'),
      learningRate: rateOf(number('epoch')),
      clusters: number('clusters'),
      entropies: { proportions: number('proportions'), predictions: number('predictions') },
      seconds: {
        network: number('networkSeconds'),
        objective: number('objectiveSeconds'),
        update: number('updateSeconds'),
      },
    };
  });
}

function checkSamples(objective: NativeBackedObjective, rows: number): void {
  if (rows === 0) throw outOfRange('data', 'at least one row', 'none');
  const { samples } = objective.geometry;
  if (samples === undefined || samples === rows) return;
  throw outOfRange('data', `${samples} rows, one for each sample of the objective's affinity`, `${rows}`);
}

/** A training, with what is asked of it between epochs. */
class Loop {
  readonly #history: Epoch[] = [];
  readonly #training: NativeTraining;
  readonly #pending: ReadonlySet<Promise<unknown>>;
  readonly #epochs: number;
  readonly #onEpoch: TrainOptions['onEpoch'];
  readonly #reports: Reports<TrainingProgress> | undefined;
  readonly #rateOf: RateOf;
  readonly #progressOf: ProgressOf;
  readonly #job = new native.Job();
  #endWaiting = () => {};
  readonly #whenAborted = new Promise<void>((resolve) => {
    this.#endWaiting = resolve;
  });
  #aborted = false;
  #inOnEpoch = false;
  #failure: { readonly error: unknown } | undefined; // of onProgress

  constructor(
    training: NativeTraining,
    pending: ReadonlySet<Promise<unknown>>,
    { epochs, onEpoch, onProgress }: Pick<TrainOptions, 'epochs' | 'onEpoch' | 'onProgress'>,
    rateOf: RateOf,
    progressOf: ProgressOf,
  ) {
    this.#training = training;
    this.#pending = pending;
    this.#epochs = epochs;
    this.#onEpoch = onEpoch;
    this.#reports = onProgress && new Reports(onProgress, (error) => this.#fail(error));
    this.#rateOf = rateOf;
    this.#progressOf = progressOf;
  }

  abort(): void {
    this.#aborted = true;
    this.#job.cancel();
    this.#endWaiting();
  }

  async run(data: NativeData): Promise<Run> {
    const timer = this.#reports && setInterval(() => this.#inOnEpoch || this.#tell(), PROGRESS_INTERVAL_MS);
    try {
      const run = await this.#train(data);
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
    if (!this.#failure) this.#reports?.report(this.#progressOf(this.#job));
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.abort();
  }

  async #train(data: NativeData): Promise<Run> {
    const samples = await new SampleCopy(data).finishInTurns(this.#job, () => !this.#aborted);
    while (!this.#aborted) {
      while (this.#pending.size > 0) await Promise.all(this.#pending);
      if (this.#aborted) break;
      const epochs = await this.#next(this.#training.run(samples, this.#onEpoch ? 1 : this.#epochs, this.#job));
      const message = this.#training.failure();
      if (message !== undefined) return this.#ended('non-finite', message);
      const wantsMore = await this.#report(epochs);
      if (epochs.length === 0 && !this.#aborted) return this.#ended('finished');
      if (this.#history.at(-1)?.epoch === this.#epochs) return this.#ended('finished');
      if (!wantsMore) return this.#ended('callback');
    }
    return this.#ended('aborted');
  }

  /** The epochs of a call; one that was aborted has some, too. */
  async #next(call: Promise<void>): Promise<Epoch[]> {
    await call.catch(unlessAborted);
    const epochs = toEpochs(this.#training.results(makeNumbers), this.#rateOf);
    for (const epoch of epochs) this.#history.push(epoch);
    return epochs;
  }

  async #report(epochs: readonly Epoch[]): Promise<boolean> {
    const snapshots = { snapshot: () => this.#snapshot() };
    this.#inOnEpoch = true;
    for (const epoch of this.#onEpoch ? epochs : [])
      if ((await this.#onEpoch?.(epoch, snapshots)) === false) return false;
    this.#inOnEpoch = false;
    return true;
  }

  #snapshot(): Uint8Array {
    const bytes = this.#training.snapshot(makeBytes);
    if (bytes !== undefined) return bytes;
    const expected = 'a training that has begun';
    throw refused('ERR_UNSUPPORTED', 'snapshot', expected, 'one that was aborted before its first step');
  }

  #ended(stopped: Stopped, message?: string): Run {
    const snapshot = () => this.#snapshot();
    return { history: this.#history, stopped, ...(message === undefined ? {} : { message }), snapshot };
  }
}

/**
 * Trains a network: maximises an objective over its logits, in mini-batches of shuffled samples, on other threads.
 *
 * Each epoch has a new order of all samples, which depends on the seed alone. Same seeds, same bits, for any number of
 * threads. The event loop is free meanwhile; samples are copied in its first turns: leave them as they are until the
 * first epoch is done, or the call has ended.
 *
 * Cost: three times that of predictions, that of the objective on each batch, and O(parameters) for each step.
 *
 * @returns what each epoch did, and why the training ended; also where it was aborted.
 * @throws TypeError ERR_INVALID_ARG_TYPE and RangeError ERR_OUT_OF_RANGE before the first step, so that the network is
 * unchanged; GenmiError ERR_BUSY for a network that is in training, ERR_DISPOSED, ERR_OUT_OF_MEMORY.
 */
export async function train(network: Network, options: TrainOptions): Promise<Run> {
  checkOptions(options, trainOptions);
  const { native: target, description, pending } = partsOf(network, 'network');
  const objective = nativeObjective(options.objective, 'objective');
  const own = options.objective as NativeBackedObjective;
  const data = readData(options.data, description);
  const [, rows] = data;
  checkSamples(own, rows);
  const epochs = checkNumber('epochs', options.epochs, INTEGERS);
  const batchSize = optionalNumber('batchSize', options.batchSize, INTEGERS) ?? 0;
  const { rule, linear } = ruleOf(options.optimizer ?? adam(), 'optimizer');
  const { l2, native: penalty } = toPenalties(options.penalty, description, rows);
  const vat = toVat(options.vat, description, rows);
  const seed = checkNumber('seed', options.seed ?? 0, { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true });
  const threads = optionalNumber('threads', options.threads, { min: 1, max: 1024, integer: true });
  const signal = checkSignal(options.signal);
  const onEpoch = checkCallback('onEpoch', options.onEpoch);
  const onProgress = checkCallback('onProgress', options.onProgress);
  const resume = checkSnapshot(options.resume);
  const batch = Math.min(rows, batchSize || rows);
  checkMemory(network, own, rows, batch);
  const optimizer = { ...rule, decay: l2 };
  const schedule = linear ? 'linear' : 'constant';
  const settings = { epochs, batchSize, seed, schedule, threads, optimizer, penalty, vat } as const;
  const training = new native.Training(target, objective, settings, resume);
  const steps = Math.ceil(rows / batch);
  const rateOf: RateOf = (epoch) => rule.rate * (linear ? 1 - (epoch * steps - 1) / (epochs * steps) : 1);
  const progressOf: ProgressOf = ({ steps: step, progress }) => {
    return { step, steps: epochs * steps, neighbors: vat?.fromNeighbors ? progress : 1 };
  };
  let forget: (() => void) | undefined;
  try {
    const loop = new Loop(training, pending, { epochs, onEpoch, onProgress }, rateOf, progressOf);
    forget = signal && onceAborted(signal, () => loop.abort());
    if (signal?.aborted) loop.abort();
    return await loop.run(data);
  } finally {
    forget?.();
    training.end();
  }
}

function checkSnapshot(resume: unknown): Uint8Array | undefined {
  if (resume === undefined || isUint8(resume)) return resume;
  checkReadable('resume', resume);
  throw invalidType('resume', 'a Uint8Array that snapshot() returned', describe(resume));
}

/** Refuses a training for which there is no memory: moments, activations and gradients of a batch, its evaluation. */
function checkMemory(network: Network, objective: NativeBackedObjective, rows: number, batch: number): void {
  const bytes = 2 * network.bytes + 4 * rows + 3 * 8 * batch * (network.inputs + network.outputs);
  checkFits(`A training of ${batch} samples at once`, bytes, 'use smaller batches');
  objective.checkMemory(batch, network.outputs, bytes);
}
