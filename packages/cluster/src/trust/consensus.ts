/** Ranking of clusterings without labels, by their distance to the consensus of all: DISCOTEC. */
import type { Labels } from 'genmi';
import { countUpTo, groupsOf } from '../base/labels.js';
import { checkCount, checkOptions, checkSeed, oneOf } from '../base/options.js';
import { Random } from '../base/random.js';
import { describe, invalidType, outOfRange } from '../errors.js';

/** The distances between two probabilities that two samples are together. */
export const consensusDistances = ['kl', 'hellinger', 'total-variation'] as const;

/** The name of such a distance. */
export type ConsensusDistance = (typeof consensusDistances)[number];

/** Options of a ranking. */
export interface ConsensusOptions {
  /**
   * The distance of an entry a in {0, 1} of a connectivity matrix to the entry c of the consensus:
   *
   * - `'kl'` (default): -log c where a = 1, -log(1 - c) where a = 0
   * - `'hellinger'`: 1 - sqrt c where a = 1, 1 - sqrt(1 - c) where a = 0
   * - `'total-variation'`: |a - c|
   */
  distance?: ConsensusDistance | undefined;
  /** Take this number of random samples, and no others, as the data; default all samples. */
  sampleSize?: number | undefined;
  /** The seed of the random samples, an integer; default 0. */
  seed?: number | undefined;
}

/** A ranking of clusterings. */
export interface ConsensusRanking {
  /** `[T]` the mean distance of each clustering's connectivity to the consensus, >= 0; lower is better. */
  readonly scores: Float64Array;
  /** The numbers of the clusterings, the best first; of equal ones the first. */
  readonly order: readonly number[];
}

/**
 * Ranks clusterings of the same samples by consensus, without labels: DISCOTEC.
 *
 * The connectivity A of a clustering has A_ij = 1 where it puts samples i and j together, else 0. The consensus C is the
 * mean of all A. The score of a clustering is the mean over all N^2 pairs of the distance of A_ij to C_ij.
 *
 * Cost: O(T U^2) for T clusterings, and U <= N kinds of samples that all clusterings treat alike.
 *
 * @param clusterings T lists of N labels, integers from 0; T >= 2. They may have different numbers of clusters
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE
 * @see Ohl and Lindsten, "Discriminative ordering through ensemble consensus", UAI 2025, arXiv:2505.04464, and its code
 */
export function rankByConsensus(clusterings: readonly Labels[], options: ConsensusOptions = {}): ConsensusRanking {
  checkOptions(options, ['distance', 'sampleSize', 'seed']);
  const distance = oneOf('distance', options.distance ?? 'kl', consensusDistances);
  const groups = readClusterings(clusterings);
  const n = groups[0].length;
  const size = options.sampleSize === undefined ? n : checkCount('sampleSize', options.sampleSize, 2);
  if (size > n) throw outOfRange('sampleSize', `at most the ${n} samples`, `${size}`);
  const chosen = new Random(checkSeed(options.seed ?? 0)).permutation(n, size === n ? 0 : size).sort();
  const scores = scoresOf(kindsOf(size === n ? groups : groups.map((of) => chosen.map((i) => of[i]))), distance);
  const order = Array.from(scores.keys()).sort((a, b) => scores[a] - scores[b] || a - b);
  return { scores, order };
}

function readClusterings(clusterings: readonly Labels[]): Int32Array[] {
  if (!Array.isArray(clusterings)) throw invalidType('clusterings', 'an array of labels', describe(clusterings));
  if (clusterings.length < 2) throw outOfRange('clusterings', 'at least two', `${clusterings.length}`);
  const groups = clusterings.map((labels, t) => groupsOf(`clusterings[${t}]`, labels).of);
  const n = groups[0].length;
  const other = groups.findIndex((of) => of.length !== n);
  if (other !== -1) {
    throw outOfRange(`clusterings[${other}]`, `${n} labels, as the first clustering has`, `${groups[other].length}`);
  }
  return groups;
}

/** Samples that all clusterings treat alike are one kind. */
interface Kinds {
  /** T lists of the cluster of each kind. */
  readonly clusters: readonly Int32Array[];
  /** The number of samples of each kind. */
  readonly sizes: Float64Array;
  readonly samples: number;
}

function kindsOf(groups: readonly Int32Array[]): Kinds {
  const samples = groups[0].length;
  let kinds = new Int32Array(samples);
  // Each clustering splits the kinds of those before it.
  for (const of of groups) {
    const numbers = new Map<number, number>();
    kinds = kinds.map((kind, i) => {
      const key = kind * samples + of[i];
      const number = numbers.get(key) ?? numbers.size;
      numbers.set(key, number);
      return number;
    });
  }
  const count = countUpTo(kinds);
  const sizes = new Float64Array(count);
  const clusters = groups.map(() => new Int32Array(count));
  for (let i = 0; i < samples; i++) {
    sizes[kinds[i]] += 1;
    for (const [t, of] of groups.entries()) clusters[t][kinds[i]] = of[i];
  }
  return { clusters, sizes, samples };
}

/** Distances by the number of clusterings, 0 to T, that put a pair together. */
function tablesOf(distance: ConsensusDistance, total: number): { together: Float64Array; apart: Float64Array } {
  const cost = {
    kl: (c: number) => -Math.log(c),
    hellinger: (c: number) => 1 - Math.sqrt(c),
    'total-variation': (c: number) => 1 - c,
  }[distance];
  const together = Float64Array.from({ length: total + 1 }, (_, count) => cost(count / total));
  return { together, apart: together.toReversed() };
}

function scoresOf({ clusters, sizes, samples }: Kinds, distance: ConsensusDistance): Float64Array {
  const kinds = sizes.length;
  const { together, apart } = tablesOf(distance, clusters.length);
  const scores = new Float64Array(clusters.length);
  const counts = new Int32Array(kinds);
  for (let u = 0; u < kinds; u++) {
    counts.fill(0);
    for (const of of clusters) for (let v = u + 1; v < kinds; v++) if (of[v] === of[u]) counts[v] += 1;
    for (const [t, of] of clusters.entries()) {
      let sum = 0;
      for (let v = u + 1; v < kinds; v++) sum += sizes[v] * (of[v] === of[u] ? together : apart)[counts[v]];
      scores[t] += sizes[u] * sum;
    }
  }
  // Pairs count in both orders; pairs within a kind are together in all clusterings, at distance 0.
  return scores.map((sum) => (2 * sum) / samples ** 2);
}
