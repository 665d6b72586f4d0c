/** The training of `GeminiClusterer`: restarts, early stopping, checkpoints, and what is reported of them. */
import { info, type Objective } from 'genmi';
import {
  type Epoch,
  type Network,
  type Optimizer,
  type Penalties,
  type Run,
  type SampleData,
  type Snapshots,
  train,
  type VatOptions,
} from 'genmi/networks';
import { Lockstep, Turns } from '../base/lockstep.js';
import type { Pace, Standing } from '../base/pace.js';
import { Random } from '../base/random.js';
import { failed } from '../errors.js';
import { base64Of, bytesOfBase64, type CheckpointFile, CheckpointWriter, readCheckpoint } from './checkpoint.js';
import { type PlainParameters, plainParameters } from './gemini-models.js';
import { type EpochRecord, isBehind, Progress } from './progress.js';

/** An epoch, and the restart that it belongs to. */
export interface FitEpoch extends EpochRecord {
  /** The number of epochs, unless the fit stops early. */
  readonly epochs: number;
  /** 1, 2, … */
  readonly restart: number;
  readonly restarts: number;
}

/** A restart that has ended. */
export interface FinishedRun {
  readonly network: Network;
  /** Its number, from 0. */
  readonly restart: number;
  readonly history: readonly EpochRecord[];
}

/** A restart that is running, as a checkpoint keeps it. */
interface RunningRestart {
  /** Its number, from 0. */
  readonly restart: number;
  /** Its epochs so far. */
  readonly history: readonly EpochRecord[];
  /** Its snapshot, as `train` resumes from, in base64. */
  readonly snapshot: string;
  /** Whether it ends here, before its last epoch. */
  readonly over: boolean;
}

/** The state of a fit between epochs, as a checkpoint keeps it. */
interface Checkpoint {
  /** The restarts that are running. */
  readonly running: readonly RunningRestart[];
  /** The number of the restart that begins next. */
  readonly next: number;
  /** The best of the restarts that have ended. */
  readonly best: (Omit<FinishedRun, 'network'> & { readonly parameters: PlainParameters }) | undefined;
  /** The labels that each restart found that has ended, by its number, where they are wanted. */
  readonly labels: readonly (readonly number[] | null)[];
}

/** What is trained. */
export interface TrainingPlan {
  readonly make: (seed: number) => Network;
  readonly data: SampleData | undefined;
  readonly objective: Objective;
  readonly epochs: number;
  readonly batchSize: number;
  readonly optimizer: Optimizer;
  readonly penalty: Penalties;
  readonly vat: VatOptions | undefined;
  readonly seed: number;
  readonly restarts: number;
  /** The number of restarts that run at a time. */
  readonly atATime: number;
  /** Epochs without progress that end a restart; undefined: none do. */
  readonly patience: number | undefined;
  /** Whether the labels of all restarts are wanted. */
  readonly keepLabels: boolean;
}

/** What happens between epochs. */
export interface TrainingHooks {
  readonly pace: Pace;
  readonly watched: boolean;
  readonly signal: AbortSignal | undefined;
  /** Ends the training, and keeps what it has learned. */
  readonly stop: AbortSignal | undefined;
  readonly onEpoch: ((epoch: FitEpoch) => unknown) | undefined;
  readonly checkpoint: CheckpointFile | undefined;
}

/** The best restart. */
export interface Trained {
  readonly best: FinishedRun;
  /** The labels that each other restart found, where they are wanted. */
  readonly others: readonly Int32Array[];
}

/** Default numbers of samples of a step: transport costs more than other objectives. */
const BATCH = { transport: 200, other: 500 } as const;

/** The samples of a step of an objective of this name. */
export function batchSizeOf(objective: string, samples: number, given: number | undefined): number {
  return Math.min(samples, given ?? (objective.startsWith('wasserstein') ? BATCH.transport : BATCH.other));
}

/** Trains all restarts, and keeps the one with the smallest loss in its last epochs; of equal ones the first. */
export async function trainRestarts(plan: TrainingPlan, hooks: TrainingHooks): Promise<Trained> {
  const { checkpoint } = hooks;
  const begun = checkpoint?.resume ? await readCheckpoint<Checkpoint>(checkpoint) : undefined;
  const writer = checkpoint && new CheckpointWriter(checkpoint);
  const training = new Restarts(plan, hooks, writer);
  if (begun) training.restore(begun);
  const run = () => training.run(begun?.running);
  return writer ? writer.during(run) : run();
}

/** A restart that is running, after its last epoch so far. */
interface Watch {
  readonly restart: number;
  readonly history: EpochRecord[];
  readonly progress: Progress;
  /** Whether it shall end before its last epoch. */
  over: boolean;
}

/** An epoch that has ended. */
interface Piece {
  readonly watch: Watch;
  readonly record: EpochRecord;
  readonly training: Snapshots;
}

class Restarts {
  readonly #plan: TrainingPlan;
  readonly #hooks: TrainingHooks;
  readonly #writer: CheckpointWriter | undefined;
  readonly #atATime: number;
  /** The trainings wait for each other after each epoch: the same seed gives the same bits. */
  readonly #together: Lockstep<Piece>;
  /** As many trainings run at once as there are threads. */
  readonly #turns = new Turns(info().threads);
  /** Is aborted where `signal` or `stop` is, or a training fails: all trainings end. */
  readonly #end = new AbortController();
  /** The number of the restart that begins next. */
  #next = 0;
  /** The labels of each whole restart, where they are wanted; none of a restart that failed. */
  readonly #labels: Int32Array[] = [];
  #best: FinishedRun | undefined;
  /** The best one as checkpoints keep it, once one needs it. */
  #saved: Checkpoint['best'];
  /** Why restarts failed, by their numbers. */
  readonly #failures: string[] = [];
  /** Whether `onEpoch` or `stop` asked for the end, or a training failed. */
  #ended = false;

  constructor(plan: TrainingPlan, hooks: TrainingHooks, writer: CheckpointWriter | undefined) {
    this.#plan = plan;
    this.#hooks = hooks;
    this.#writer = writer;
    this.#atATime = Math.min(plan.atATime, plan.restarts);
    this.#together = new Lockstep(this.#atATime, (pieces) => this.#afterEpochs(pieces));
  }

  restore({ next, best, labels }: Checkpoint): void {
    this.#next = next;
    labels.forEach((each, restart) => {
      if (each) this.#labels[restart] = Int32Array.from(each);
    });
    if (best === undefined) return;
    const { parameters, ...run } = best;
    const network = this.#plan.make(this.#seeds(run.restart).network);
    network.load(parameters);
    this.#best = { ...run, network };
  }

  async run(begun: readonly RunningRestart[] = []): Promise<Trained> {
    const series = () => Array.from({ length: this.#atATime }, (_, i) => this.#trainSeries(begun[i]));
    const ends = await this.#untilAborted(() => Promise.allSettled(series()));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    const best = this.#best;
    if (best) return { best, others: this.#labels.filter(({ length }, r) => r !== best.restart && length > 0) };
    const remedy = 'scale the features, or lower the learning rate';
    const failure = this.#failures.find((message) => message !== undefined) ?? '';
    throw failed('ERR_NOT_FINITE', 'fit', 'a training whose numbers stay finite', failure, remedy);
  }

  /** Ends all trainings at an abort of `signal` or `stop`, which need not be signals of Node. */
  async #untilAborted<R>(work: () => Promise<R>): Promise<R> {
    const signals = [this.#hooks.signal, this.#hooks.stop].filter((each) => each !== undefined);
    const end = () => this.#end.abort();
    if (signals.some(({ aborted }) => aborted)) end();
    for (const each of signals) each.addEventListener('abort', end);
    try {
      return await work();
    } finally {
      for (const each of signals) each.removeEventListener('abort', end);
    }
  }

  /** Trains one restart after the other, as long as there are any. */
  async #trainSeries(begun: RunningRestart | undefined): Promise<void> {
    try {
      if (begun) await this.#train(begun.restart, begun);
      while (this.#next < this.#plan.restarts && !this.#ended) await this.#train(this.#next++);
    } catch (error) {
      this.#ended = true;
      this.#end.abort();
      throw error;
    } finally {
      this.#together.leave();
    }
  }

  #seeds(restart: number): { network: number; order: number } {
    const random = new Random(this.#plan.seed, restart);
    return { network: random.below(2 ** 53), order: random.below(2 ** 53) };
  }

  async #train(restart: number, begun?: RunningRestart): Promise<void> {
    const { make, data, objective, batchSize, optimizer, penalty, vat, patience } = this.#plan;
    const { watched, signal } = this.#hooks;
    const seeds = this.#seeds(restart);
    const network = make(seeds.network);
    const history: EpochRecord[] = [...(begun?.history ?? [])];
    const progress = new Progress(patience, history);
    const watch = { restart, history, progress, over: begun?.over ?? false };
    await this.#turns.take();
    const run = await train(network, {
      ...(data !== undefined && { data }),
      objective,
      epochs: watch.over ? history.length : this.#plan.epochs,
      batchSize,
      optimizer,
      penalty,
      ...(vat !== undefined && { vat }),
      seed: seeds.order,
      threads: Math.max(1, Math.floor(info().threads / this.#atATime)),
      signal: this.#end.signal,
      ...(begun && { resume: bytesOfBase64(begun.snapshot) }),
      ...(watched && { onEpoch: (epoch, training) => this.#goesOn(watch, epoch, training) }),
    }).finally(() => this.#turns.giveBack());
    signal?.throwIfAborted();
    this.#ended ||= run.stopped === 'aborted';
    if (!watched) history.push(...run.history.map(withoutTimes));
    await this.#keep(run, { network, restart, history }, run.stopped === 'finished' || watch.over);
  }

  /** Whether a restart goes on after an epoch. */
  async #goesOn(watch: Watch, epoch: Epoch, training: Snapshots): Promise<boolean> {
    const record = withoutTimes(epoch);
    watch.history.push(record);
    watch.progress.take(record);
    this.#turns.giveBack();
    await this.#together.ended({ watch, record, training }).finally(() => this.#turns.take());
    return !this.#ended && !watch.over;
  }

  /** What is done while all trainings wait. */
  async #afterEpochs(unordered: readonly Piece[]): Promise<void> {
    if (this.#ended) return; // One of them was stopped within its epoch.
    const { restarts, epochs } = this.#plan;
    const { onEpoch, pace } = this.#hooks;
    const pieces = unordered.toSorted((a, b) => a.watch.restart - b.watch.restart);
    for (const { watch } of pieces) watch.over = this.#isOver(watch, pieces);
    await this.#write(pieces);
    pace.standing = this.#standing(pieces);
    const running = pieces.map(({ watch }) => watch.history.length / epochs - 1);
    if (pace.due) await pace.rest(running.reduce((sum, part) => sum + part, this.#next) / restarts);
    for (const { watch, record } of pieces) {
      const epoch = { ...record, epochs, restart: watch.restart + 1, restarts };
      if ((await onEpoch?.(epoch)) === false) this.#ended = true;
    }
  }

  async #write(pieces: readonly Piece[]): Promise<void> {
    if (!this.#writer) return;
    this.#saved ??= this.#best && withParameters(this.#best);
    const best = this.#saved;
    const next = this.#next;
    const labels = this.#labels.slice(); // with its gaps
    const states = pieces.map(({ watch, training }) => {
      const { restart, history, over } = watch;
      return { restart, history: [...history], over, snapshot: training.snapshot() };
    });
    await this.#writer.take((): Checkpoint => {
      const running = states.map((state) => ({ ...state, snapshot: base64Of(state.snapshot) }));
      return { running, next, best, labels: labels.map((each) => Array.from(each)) };
    });
  }

  /** Whether a restart shall end before its last epoch. Where the labels of all restarts are kept, none is compared. */
  #isOver({ history, progress }: Watch, pieces: readonly Piece[]): boolean {
    const { patience, keepLabels } = this.#plan;
    if (progress.stalled || patience === undefined || keepLabels) return progress.stalled;
    const ended = this.#best ? [this.#best.history] : [];
    const beside = pieces.map(({ watch }) => watch.history).filter(({ length }) => length >= history.length);
    return [...ended, ...beside].some((other) => isBehind(history, other, patience));
  }

  /** The best result so far: of a restart before, or of these epochs. */
  #standing(pieces: readonly Piece[]): Standing {
    const before = this.#best?.history.at(-1);
    const all = [...(before ? [before] : []), ...pieces.map(({ record }) => record)];
    const { objective, clusters } = all.reduce((best, each) => (each.loss < best.loss ? each : best));
    return { objective, clusters };
  }

  /** @param whole whether the restart ended by itself */
  async #keep({ stopped, message }: Run, run: FinishedRun, whole: boolean): Promise<void> {
    if (stopped === 'non-finite') {
      this.#failures[run.restart] = message ?? '';
      this.#labels[run.restart] = new Int32Array(0);
      run.network.dispose();
      return;
    }
    const { data, keepLabels } = this.#plan;
    const { signal } = this.#hooks;
    if (keepLabels && whole) this.#labels[run.restart] = await run.network.predictAsync(data, { signal });
    if (this.#best === undefined || isBetter(run, this.#best)) {
      this.#best?.network.dispose();
      this.#best = run;
      this.#saved = undefined;
    } else {
      run.network.dispose();
    }
  }
}

/** Whether a restart is to be kept instead of another one: of equal ones the first. */
function isBetter(run: FinishedRun, other: FinishedRun): boolean {
  const [own, others] = [settledLoss(run), settledLoss(other)];
  return own < others || (own === others && run.restart < other.restart);
}

/** The mean loss over the last tenth of the epochs: less depends on the last batches. Infinity without an epoch. */
function settledLoss({ history }: Pick<FinishedRun, 'history'>): number {
  const last = history.slice(-Math.ceil(history.length / 10));
  return history.length === 0 ? Infinity : last.reduce((sum, { loss }) => sum + loss, 0) / last.length;
}

function withoutTimes({ seconds: _, ...record }: Epoch): EpochRecord {
  return record;
}

function withParameters({ network, ...run }: FinishedRun): NonNullable<Checkpoint['best']> {
  return { ...run, parameters: plainParameters(network) };
}
