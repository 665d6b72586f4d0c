/** The training of `GeminiClusterer`: restarts, early stopping, checkpoints, and what is reported of them. */
import type { Objective } from 'genmi';
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
import type { Pace, Standing } from '../base/pace.js';
import { Random } from '../base/random.js';
import { failed } from '../errors.js';
import { base64Of, bytesOfBase64, type CheckpointFile, CheckpointWriter, readCheckpoint } from './checkpoint.js';
import { type PlainParameters, plainParameters } from './gemini-models.js';

/** What an epoch did; as genmi's `Epoch`, without its times. */
export type EpochRecord = Omit<Epoch, 'seconds'>;

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

/** The state of a fit between two epochs, as a checkpoint keeps it. */
interface Checkpoint {
  /** The restart that is running, from 0. */
  readonly restart: number;
  /** Its epochs so far. */
  readonly history: readonly EpochRecord[];
  /** Its snapshot, as `train` resumes from, in base64. */
  readonly snapshot: string;
  /** The best of the restarts before it. */
  readonly best: (Omit<FinishedRun, 'network'> & { readonly parameters: PlainParameters }) | undefined;
  /** The labels that each restart before it found, where they are wanted. */
  readonly labels: readonly (readonly number[])[];
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

/** An epoch makes progress where its loss is below the best one so far by this share of it. */
const LEAST_PROGRESS = 1e-4;

/** Tells whether the last epochs of a training made progress. */
export class Progress {
  readonly #patience: number;
  #best = Infinity;
  #since = 0;

  constructor(patience = Infinity, history: readonly EpochRecord[] = []) {
    this.#patience = patience;
    for (const epoch of history) this.take(epoch);
  }

  take({ loss }: Pick<EpochRecord, 'loss'>): void {
    const least = this.#best === Infinity ? Infinity : this.#best - LEAST_PROGRESS * Math.abs(this.#best);
    this.#since += 1;
    if (!(loss < least)) return;
    this.#best = loss;
    this.#since = 0;
  }

  /** Whether this number of epochs, the patience, has passed since the last progress. */
  get stalled(): boolean {
    return this.#since >= this.#patience;
  }
}

/** A restart is well behind from this number of patiences on, where its loss exceeds the best one's by this share. */
const RACE = { patiences: 2, behind: 0.03 } as const;

/** Whether a restart is well behind the best one as it was after as many epochs, or at its end. */
function isBehind(history: readonly EpochRecord[], best: readonly EpochRecord[], patience: number): boolean {
  const { length } = history;
  if (length < RACE.patiences * patience) return false;
  const { loss } = best[Math.min(length, best.length) - 1] as EpochRecord;
  return (history[length - 1] as EpochRecord).loss > loss + RACE.behind * Math.abs(loss);
}

/** Trains all restarts, and keeps the one with the smallest loss in its last epochs; of equal ones the first. */
export async function trainRestarts(plan: TrainingPlan, hooks: TrainingHooks): Promise<Trained> {
  const { checkpoint } = hooks;
  const begun = checkpoint?.resume ? await readCheckpoint<Checkpoint>(checkpoint) : undefined;
  const writer = checkpoint && new CheckpointWriter(checkpoint);
  const training = new Restarts(plan, hooks, writer);
  if (begun) training.restore(begun);
  const run = () => training.run(begun);
  return writer ? writer.during(run) : run();
}

/** A restart that is running. */
interface Watch {
  readonly restart: number;
  readonly history: EpochRecord[];
  readonly progress: Progress;
}

class Restarts {
  readonly #plan: TrainingPlan;
  readonly #hooks: TrainingHooks;
  readonly #writer: CheckpointWriter | undefined;
  /** The labels of each restart, where they are wanted; none of a restart that failed. */
  readonly #labels: Int32Array[] = [];
  #best: FinishedRun | undefined;
  /** The best one as checkpoints keep it, once one needs it. */
  #saved: Checkpoint['best'];
  #failure = '';
  /** Whether `onEpoch` or `stop` asked for the end. */
  #ended = false;

  constructor(plan: TrainingPlan, hooks: TrainingHooks, writer: CheckpointWriter | undefined) {
    this.#plan = plan;
    this.#hooks = hooks;
    this.#writer = writer;
  }

  restore({ best, labels }: Checkpoint): void {
    this.#labels.push(...labels.map((each) => Int32Array.from(each)));
    if (best === undefined) return;
    const { parameters, ...run } = best;
    const network = this.#plan.make(this.#seeds(run.restart).network);
    network.load(parameters);
    this.#best = { ...run, network };
  }

  async run(begun: Checkpoint | undefined): Promise<Trained> {
    for (let restart = begun?.restart ?? 0; restart < this.#plan.restarts && !this.#ended; restart++) {
      const from = restart === begun?.restart ? begun : undefined;
      await this.#train(restart, from);
    }
    const best = this.#best;
    if (best) return { best, others: this.#labels.filter(({ length }, r) => r !== best.restart && length > 0) };
    const remedy = 'scale the features, or lower the learning rate';
    throw failed('ERR_NOT_FINITE', 'fit', 'a training whose numbers stay finite', this.#failure, remedy);
  }

  #seeds(restart: number): { network: number; order: number } {
    const random = new Random(this.#plan.seed, restart);
    return { network: random.below(2 ** 53), order: random.below(2 ** 53) };
  }

  async #train(restart: number, begun: Checkpoint | undefined): Promise<void> {
    const { make, data, objective, batchSize, optimizer, penalty, vat, patience } = this.#plan;
    const { watched, signal, stop } = this.#hooks;
    const seeds = this.#seeds(restart);
    const network = make(seeds.network);
    const history: EpochRecord[] = [...(begun?.history ?? [])];
    const progress = new Progress(patience, history);
    const epochs = this.#isOver(history, progress) ? history.length : this.#plan.epochs;
    const watch = { restart, history, progress };
    const run = await train(network, {
      ...(data !== undefined && { data }),
      objective,
      epochs,
      batchSize,
      optimizer,
      penalty,
      ...(vat !== undefined && { vat }),
      seed: seeds.order,
      signal: stop && signal ? AbortSignal.any([stop, signal]) : (stop ?? signal),
      ...(begun && { resume: bytesOfBase64(begun.snapshot) }),
      ...(watched && { onEpoch: (epoch, training) => this.#report(watch, epoch, training) }),
    });
    signal?.throwIfAborted();
    this.#ended ||= run.stopped === 'aborted';
    if (!watched) history.push(...run.history.map(withoutTimes));
    await this.#keep(run, { network, restart, history });
  }

  async #report({ restart, history, progress }: Watch, epoch: Epoch, training: Snapshots): Promise<boolean> {
    const { restarts, epochs } = this.#plan;
    const { onEpoch, pace } = this.#hooks;
    const record = withoutTimes(epoch);
    history.push(record);
    progress.take(record);
    if (this.#writer) {
      this.#saved ??= this.#best && withParameters(this.#best);
      const [snapshot, best, before] = [training.snapshot(), this.#saved, [...this.#labels]];
      await this.#writer.take((): Checkpoint => {
        const labels = before.map((each) => Array.from(each));
        return { restart, history, snapshot: base64Of(snapshot), best, labels };
      });
    }
    pace.standing = this.#standing(record);
    if (pace.due) await pace.rest((restart + epoch.epoch / epochs) / restarts);
    this.#ended = (await onEpoch?.({ ...record, epochs, restart: restart + 1, restarts })) === false;
    return !this.#ended && !this.#isOver(history, progress);
  }

  /** Whether a restart shall end before its last epoch. Where the labels of all restarts are kept, none is compared. */
  #isOver(history: readonly EpochRecord[], progress: Progress): boolean {
    const { patience, keepLabels } = this.#plan;
    if (progress.stalled || patience === undefined || keepLabels || this.#best === undefined) return progress.stalled;
    return isBehind(history, this.#best.history, patience);
  }

  /** The best result so far: of a restart before, or of this epoch. */
  #standing(now: EpochRecord): Standing {
    const before = this.#best?.history.at(-1);
    const { objective, clusters } = before && before.loss <= now.loss ? before : now;
    return { objective, clusters };
  }

  async #keep({ stopped, message }: Run, run: FinishedRun): Promise<void> {
    if (stopped === 'non-finite') {
      this.#failure = message ?? '';
      this.#labels.push(new Int32Array(0));
      run.network.dispose();
      return;
    }
    const { data, keepLabels } = this.#plan;
    if (keepLabels) this.#labels.push(await run.network.predictAsync(data, { signal: this.#hooks.signal }));
    if (this.#best === undefined || settledLoss(run) < settledLoss(this.#best)) {
      this.#best?.network.dispose();
      this.#best = run;
      this.#saved = undefined;
    } else {
      run.network.dispose();
    }
  }
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
