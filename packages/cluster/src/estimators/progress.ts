/** Whether a training makes progress, and whether it is well behind another one. */
import type { Epoch } from 'genmi/networks';

/** What an epoch did; as genmi's `Epoch`, without its times. */
export type EpochRecord = Omit<Epoch, 'seconds'>;

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

/** A restart is well behind from this number of patiences on, where its loss exceeds the other's by this share. */
const RACE = { patiences: 2, behind: 0.03 } as const;

/** Whether a restart is well behind another one as that was after as many epochs, or at its end. */
export function isBehind(history: readonly EpochRecord[], other: readonly EpochRecord[], patience: number): boolean {
  const { length } = history;
  if (length < RACE.patiences * patience) return false;
  const { loss } = other[Math.min(length, other.length) - 1] as EpochRecord;
  return (history[length - 1] as EpochRecord).loss > loss + RACE.behind * Math.abs(loss);
}
