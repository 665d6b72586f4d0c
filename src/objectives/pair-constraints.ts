/** Pairs of samples that belong together, or apart. */
import { describe, invalidType, isArray } from '../errors.js';
import { allocate } from '../memory.js';
import { checkNumber, checkOptions } from '../options.js';
import { NativeBackedObjective, type Objective } from './objective.js';

/** Pairs of samples, by their row numbers in the data. */
export type Pairs = readonly (readonly [number, number])[];

/** Options of `pairConstraints`. */
export interface PairConstraintsOptions {
  /** Pairs that belong to one cluster; default none. */
  mustLink?: Pairs | undefined;
  /** Pairs that belong to different clusters; default none. */
  cannotLink?: Pairs | undefined;
  /** The weight of each pair, > 0; default 1. */
  factor?: number | undefined;
}

/**
 * A term for pairs of samples that are known to belong together, or apart; `add` it to an objective, to be maximised.
 *
 * It is factor / 2 (sum |tau_i - tau_j|^2 over `cannotLink` - the same sum over `mustLink`). A pair counts where both of
 * its samples are in the batch: mini-batches need `rows`.
 *
 * Range: from -factor times the number of `mustLink` pairs to factor times that of `cannotLink` pairs. Gradient
 * dI/dtau_i: factor (tau_i - tau_j) for each `cannotLink` pair, its negative for each `mustLink` pair. Cost: O(N + P K)
 * for the P pairs in the batch.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE, also for a `cannotLink` pair that a chain of
 * `mustLink` pairs joins, and from `add` for a row number beyond an affinity.
 */
export function pairConstraints(options: PairConstraintsOptions): Objective {
  checkOptions(options, ['mustLink', 'cannotLink', 'factor']);
  const mustLink = readPairs('mustLink', options.mustLink ?? []);
  const cannotLink = readPairs('cannotLink', options.cannotLink ?? []);
  const factor = checkNumber('factor', options.factor ?? 1);
  const name = `pairs(${mustLink.length / 2} must-link, ${cannotLink.length / 2} cannot-link)`;
  const geometry = { namesSamples: true, warmStart: false, threadBytes: 0 };
  return new NativeBackedObjective(name, 'ova', 'pair-constraints', { mustLink, cannotLink, factor }, geometry);
}

function readPairs(argument: string, pairs: unknown): Int32Array {
  if (!isArray(argument, pairs)) throw invalidType(argument, 'a list of pairs of row numbers', describe(pairs));
  const numbers = allocate(Int32Array, 2 * pairs.length, () => `${pairs.length} pairs`, 'give fewer pairs');
  for (const [at, pair] of pairs.entries()) {
    const place = `${argument}[${at}]`;
    if (!isArray(place, pair) || pair.length !== 2) throw invalidType(place, 'two row numbers', describe(pair));
    for (const [side, row] of pair.entries())
      numbers[2 * at + side] = checkNumber(place, row, { min: 0, max: 2 ** 31 - 1, integer: true });
  }
  return numbers;
}
