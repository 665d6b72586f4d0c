/** The Wasserstein objectives. */
import { type Affinity, nativeOf } from '../affinity.js';
import { describe, invalidType, outOfRange } from '../errors.js';
import type { NativeParameter } from '../native.js';
import { checkBoolean, checkNumber, checkOptions, oneOf } from '../options.js';
import { type GeometryObjective, type Mode, NativeBackedObjective } from './objective.js';

export interface WassersteinOptions {
  mode: Mode;
  /** A distance. */
  affinity: Affinity;
  /**
   * One-vs-one only: this many random pairs of clusters at each call, scaled so that the expectation is that of all pairs; or
   * the pairs themselves.
   */
  pairs?: number | readonly (readonly [number, number])[] | undefined;
  /** Of the random pairs; default 0. The same sequence of calls draws the same sequence of pairs. */
  seed?: number | undefined;
  /**
   * For training on the same samples at each step: keep their distances (6 N^2 bytes where they are float32, else 14 N^2)
   * and start each transport problem from the basis it ended with at the last call (40 N bytes, 64 N where the triangle
   * inequality does not hold). Several times faster where the predictions have changed little, never much slower;
   * on other samples than the last time it has no effect. The optimum is the same. Default false.
   */
  warmStart?: boolean | undefined;
}

/** What solvers hold besides shared costs: those in float32 between the samples that have weight. */
const THREAD_BYTES = 4;

/**
 * The expected Wasserstein distance between clusters and data, or between clusters, >= 0, in the distance's units: exact,
 * by a network simplex in float64. Its gradient is made of dual potentials: where those are not unique (ties), of one of them.
 *
 * Cost: K, or K (K - 1) / 2, transport problems of about N^2.1 each, on the threads that `config` allows.
 * @throws TypeError ERR_INVALID_ARG_TYPE for an affinity that is no distance, RangeError ERR_OUT_OF_RANGE, GenmiError ERR_DISPOSED.
 * Source: Ohl et al. 2022, eq. (11), (12).
 */
export function wasserstein(options: WassersteinOptions): GeometryObjective {
  checkOptions(options, ['mode', 'affinity', 'pairs', 'seed', 'warmStart']);
  const mode = oneOf('mode', options.mode, ['ova', 'ovo']);
  const affinity = nativeOf(options.affinity, 'affinity');
  const seed = checkNumber('seed', options.seed ?? 0, { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true });
  const warmStart = checkBoolean('warmStart', options.warmStart ?? false);
  const parameters = { affinity, seed, warmStart, ...pairParameters(options.pairs, mode) };
  const family = options.pairs === undefined ? 'wasserstein' : `wasserstein(${describePairs(options.pairs)})`;
  const geometry = { samples: affinity.size, warmStart, threadBytes: THREAD_BYTES };
  return new NativeBackedObjective(`${family}_${mode}`, mode, 'wasserstein', parameters, geometry);
}

function pairParameters(pairs: unknown, mode: Mode): Record<string, NativeParameter> {
  if (pairs === undefined) return {};
  if (mode !== 'ovo') throw outOfRange('pairs', "mode 'ovo'", "mode 'ova'", 'one-vs-all compares no pairs');
  if (typeof pairs === 'number') return { pairs: checkNumber('pairs', pairs, { min: 1, max: 2 ** 31, integer: true }) };
  if (!Array.isArray(pairs) || pairs.length === 0)
    throw invalidType('pairs', 'a number or a list of pairs', describe(pairs));
  return { fixedPairs: Int32Array.from(pairs.flatMap(checkPair)) };
}

function describePairs(pairs: number | readonly (readonly number[])[]): string {
  return typeof pairs === 'number' ? `${pairs} pairs` : pairs.map((pair) => pair.join('-')).join(' ');
}

function checkPair(pair: unknown, index: number): number[] {
  if (!Array.isArray(pair) || pair.length !== 2) throw invalidType(`pairs[${index}]`, 'two clusters', describe(pair));
  return pair.map((cluster) => checkNumber(`pairs[${index}]`, cluster, { min: 0, max: 2 ** 31 - 1, integer: true }));
}
