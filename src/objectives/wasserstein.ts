/** The Wasserstein objectives. */
import { type Affinity, nativeOf } from '../affinity.js';
import { describe, invalidType, isArray, outOfRange } from '../errors.js';
import { allocate } from '../memory.js';
import type { NativeParameter } from '../native.js';
import { checkBoolean, checkNumber, checkOptions, oneOf } from '../options.js';
import { type GeometryObjective, type Mode, NativeBackedObjective } from './objective.js';

/** Options of `wasserstein`. */
export interface WassersteinOptions {
  /** One-vs-all or one-vs-one. */
  mode: Mode;
  /** A distance, N x N. */
  affinity: Affinity;
  /**
   * One-vs-one only: the number of random pairs of clusters for each call, or a list of pairs.
   *
   * The value is scaled by (all pairs) / (chosen pairs): over random pairs, its expectation is the value over all
   * pairs.
   */
  pairs?: number | readonly (readonly [number, number])[] | undefined;
  /** The seed of the random pairs; default 0. The same sequence of calls draws the same sequence of pairs. */
  seed?: number | undefined;
  /**
   * Start each transport problem from the basis that it ended with at the last call. Default false.
   *
   * For training on the same samples at each step: several times faster where the predictions have changed little,
   * never much slower. On other samples than those of the last call it has no effect. The optimum is the same.
   *
   * Keeps the distances, 6 N^2 bytes where they are float32, else 14 N^2. Keeps 40 N bytes for each problem, 64 N where
   * the triangle inequality does not hold.
   */
  warmStart?: boolean | undefined;
}

/** Bytes a pair of samples that each further solver holds: its float32 costs between samples with weight. */
const THREAD_BYTES = 4;

/**
 * The expected Wasserstein distance between clusters and data, or between clusters; to be maximised.
 *
 * Range: >= 0, in units of the distance. It is exact, by a network simplex in float64. The gradient is made of dual
 * potentials; where potentials are not unique (ties), it is one subgradient.
 *
 * Cost: K, or one-vs-one K (K - 1) / 2, transport problems of about N^2.1 each, on the threads that `config` allows.
 *
 * Source: Ohl et al. 2022, eq. (11), (12).
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE for an affinity that is no distance, RangeError ERR_OUT_OF_RANGE, GenmiError
 * ERR_DISPOSED.
 */
export function wasserstein(options: WassersteinOptions): GeometryObjective {
  checkOptions(options, ['mode', 'affinity', 'pairs', 'seed', 'warmStart']);
  const mode = oneOf('mode', options.mode, ['ova', 'ovo']);
  const affinity = nativeOf(options.affinity, 'affinity');
  const seed = checkNumber('seed', options.seed ?? 0, { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true });
  const warmStart = checkBoolean('warmStart', options.warmStart ?? false);
  const { pairs } = options;
  const parameters = { affinity, seed, warmStart, ...pairParameters(pairs, mode) };
  const family = pairs === undefined ? 'wasserstein' : `wasserstein(${describePairs(pairs)})`;
  const geometry = { samples: affinity.size, warmStart, threadBytes: THREAD_BYTES };
  return new NativeBackedObjective(`${family}_${mode}`, mode, 'wasserstein', parameters, geometry);
}

function pairParameters(pairs: unknown, mode: Mode): Record<string, NativeParameter> {
  if (pairs === undefined) return {};
  if (mode !== 'ovo') throw outOfRange('pairs', "mode 'ovo'", "mode 'ova'", 'one-vs-all compares no pairs');
  if (typeof pairs === 'number') return { pairs: checkNumber('pairs', pairs, { min: 1, max: 2 ** 31, integer: true }) };
  if (!isArray('pairs', pairs) || pairs.length === 0)
    throw invalidType('pairs', 'a number or a list of pairs', describe(pairs));
  const fixedPairs = allocate(Int32Array, 2 * pairs.length, () => `${pairs.length} pairs`, 'give fewer pairs');
  fixedPairs.set(pairs.flatMap(checkPair));
  return { fixedPairs };
}

function describePairs(pairs: number | readonly (readonly number[])[]): string {
  return typeof pairs === 'number' ? `${pairs} pairs` : pairs.map((pair) => pair.join('-')).join(' ');
}

function checkPair(pair: unknown, index: number): number[] {
  const argument = `pairs[${index}]`;
  if (!isArray(argument, pair) || pair.length !== 2) throw invalidType(argument, 'two clusters', describe(pair));
  return pair.map((cluster) => checkNumber(argument, cluster, { min: 0, max: 2 ** 31 - 1, integer: true }));
}
