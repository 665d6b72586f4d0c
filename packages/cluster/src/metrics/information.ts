/** Metrics of information that clusters and known classes share. */
import type { Labels } from 'genmi';
import { countPairs, type PairCounts } from '../base/labels.js';

/**
 * Normalised mutual information: MI / mean(H(class), H(cluster)), with the arithmetic mean.
 *
 * Cost: O(N)
 *
 * @param classes `[N]` true class of each sample, integers from 0, N >= 1
 * @param clusters `[N]` cluster of each sample, integers from 0
 * @returns in [0, 1]: 1 for equal partitions, also for two single groups; 0 for independent ones; symmetric. It grows by
 *   chance with the number of clusters: see {@link ami}
 * @throws TypeError `ERR_INVALID_ARG_TYPE` for anything except an array of numbers or bigints; RangeError
 *   `ERR_OUT_OF_RANGE` for empty input, lengths that differ, a label that is no integer >= 0
 * @see scikit-learn's `normalized_mutual_info_score`
 */
export function nmi(classes: Labels, clusters: Labels): number {
  const { mutual, ofClasses, ofClusters } = entropies(countPairs(classes, clusters));
  return ofClasses + ofClusters === 0 ? 1 : (2 * mutual) / (ofClasses + ofClusters);
}

/**
 * Adjusted mutual information: (MI - E) / (mean(H(class), H(cluster)) - E), where E is the expectation of MI under random
 * permutations of the labels.
 *
 * Cost: O(N), and for each pair of a class size and a cluster size the standard deviation of their overlap
 *
 * @param classes as for {@link nmi}
 * @param clusters as for {@link nmi}
 * @returns at most 1, which equal partitions have; about 0 for independent ones, and below 0 for worse than chance; 0
 *   where one of the partitions is a single group and the other is not; symmetric
 * @throws as {@link nmi}
 * @see Vinh, Epps and Bailey, JMLR 11 (2010), eq. (24a); scikit-learn's `adjusted_mutual_info_score`
 */
export function ami(classes: Labels, clusters: Labels): number {
  const counts = countPairs(classes, clusters);
  const { mutual, ofClasses, ofClusters } = entropies(counts);
  const { classSizes, clusterSizes, pairs } = counts;
  if (pairs.length === classSizes.length && pairs.length === clusterSizes.length) return 1;
  if (classSizes.length === 1 || clusterSizes.length === 1) return 0;
  const expected = expectedInformation(counts);
  return (mutual - expected) / ((ofClasses + ofClusters) / 2 - expected);
}

/**
 * Homogeneity: 1 - H(class | cluster) / H(class): whether each cluster holds members of one class only.
 *
 * Cost: O(N)
 *
 * @param classes as for {@link nmi}
 * @param clusters as for {@link nmi}
 * @returns in [0, 1]; 1 also for a single class; splitting a cluster never lowers it
 * @throws as {@link nmi}
 * @see Rosenberg and Hirschberg, EMNLP 2007, eq. (1); scikit-learn's `homogeneity_score`
 */
export function homogeneity(classes: Labels, clusters: Labels): number {
  const { mutual, ofClasses } = entropies(countPairs(classes, clusters));
  return ofClasses === 0 ? 1 : mutual / ofClasses;
}

/**
 * Completeness: 1 - H(cluster | class) / H(cluster): whether each class is in one cluster only.
 *
 * Cost: O(N)
 *
 * @param classes as for {@link nmi}
 * @param clusters as for {@link nmi}
 * @returns in [0, 1]; 1 also for a single cluster
 * @throws as {@link nmi}
 * @see Rosenberg and Hirschberg, EMNLP 2007, eq. (2); scikit-learn's `completeness_score`
 */
export function completeness(classes: Labels, clusters: Labels): number {
  return homogeneity(clusters, classes);
}

/**
 * V-measure: (1 + beta) h c / (beta h + c) of homogeneity h and completeness c; for beta = 1 it equals {@link nmi}.
 *
 * Cost: O(N)
 *
 * @param classes as for {@link nmi}
 * @param clusters as for {@link nmi}
 * @param beta weight of completeness, > 0; default 1
 * @returns in [0, 1]; 0 where h = c = 0
 * @throws as {@link nmi}
 * @see Rosenberg and Hirschberg, EMNLP 2007, eq. (3); scikit-learn's `v_measure_score`
 */
export function vMeasure(classes: Labels, clusters: Labels, beta = 1): number {
  const [h, c] = [homogeneity(classes, clusters), completeness(classes, clusters)];
  return h + c === 0 ? 0 : ((1 + beta) * h * c) / (beta * h + c);
}

interface Entropies {
  readonly mutual: number;
  readonly ofClasses: number;
  readonly ofClusters: number;
}

/** MI, H(class) and H(cluster) in nats. Equal partitions give three equal numbers, independent ones an MI of 0. */
function entropies({ n, classSizes, clusterSizes, pairs }: PairCounts): Entropies {
  const ofClasses = entropy(classSizes, n);
  const ofClusters = entropy(clusterSizes, n);
  if (pairs.length === classSizes.length && pairs.length === clusterSizes.length) {
    return { mutual: ofClasses, ofClasses, ofClusters: ofClasses };
  }
  // A sum of logarithms of ratios: it is 0, not the rounding of a difference of entropies, where all ratios are 1.
  let mutual = 0;
  for (const { c, k, count } of pairs) {
    mutual += (count / n) * Math.log((count * n) / (classSizes[c] * clusterSizes[k]));
  }
  return { mutual: Math.max(0, Math.min(mutual, ofClasses, ofClusters)), ofClasses, ofClusters };
}

function entropy(sizes: readonly number[], n: number): number {
  let sum = 0;
  for (const size of sizes) sum -= (size / n) * Math.log(size / n);
  return sizes.length === 1 ? 0 : sum;
}

/** The expectation of MI when labels are permuted: overlaps of a class and a cluster are hypergeometric. */
function expectedInformation({ n, classSizes, clusterSizes }: PairCounts): number {
  const [classes, clusters] = [countSizes(classSizes), countSizes(clusterSizes)];
  let expected = 0;
  for (const [a, ofSizeA] of classes) {
    for (const [b, ofSizeB] of clusters) expected += ofSizeA * ofSizeB * expectedTerm(n, a, b);
  }
  return expected;
}

function countSizes(sizes: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const size of sizes) counts.set(size, (counts.get(size) ?? 0) + 1);
  return counts;
}

/** Weights below this share of the largest one change no digit of the expectation. */
const NEGLIGIBLE = 1e-22;

/**
 * The mean of (o / n) log(n o / (a b)) over the overlap o of a random group of a samples and one of b samples.
 *
 * Weights start with 1 at the mode, follow from each other by ratios of neighbouring probabilities, and are divided by
 * their sum at the end: no factorial is needed.
 */
function expectedTerm(n: number, a: number, b: number): number {
  const least = Math.max(0, a + b - n);
  const most = Math.min(a, b);
  const mode = Math.min(most, Math.max(least, Math.floor(((a + 1) * (b + 1)) / (n + 2))));
  const term = (overlap: number) => (overlap === 0 ? 0 : (overlap / n) * Math.log((n / a) * (overlap / b)));
  let weights = 1;
  let sum = term(mode);
  for (let o = mode, weight = 1; o < most && weight > NEGLIGIBLE; o++) {
    weight *= ((a - o) * (b - o)) / ((o + 1) * (n - a - b + o + 1));
    weights += weight;
    sum += weight * term(o + 1);
  }
  for (let o = mode, weight = 1; o > least && weight > NEGLIGIBLE; o--) {
    weight *= (o * (n - a - b + o)) / ((a - o + 1) * (b - o + 1));
    weights += weight;
    sum += weight * term(o - 1);
  }
  return sum / weights;
}
