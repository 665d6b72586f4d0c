/** Metrics of how well clusters agree with known classes. */
import { checkReadable, describe, describeList, invalidType, isArray, outOfRange } from './errors.js';
import {
  checkLabels,
  checkPaired,
  countPairs,
  groupsOf,
  type Labels,
  positiveEntries,
  REMEDY,
  type SparseTable,
} from './labels.js';
import { heaviestMatching } from './matching.js';
import { allocate, allocating } from './memory.js';
import { isInt32 } from './typed-arrays.js';

export type { Labels };

/** Counts of samples by class and cluster, row-major: `data[c * K + k]` samples of class c are in cluster k. */
export interface ContingencyTable {
  /** C x K counts, row-major. */
  readonly data: Int32Array;
  /** The numbers of classes and of clusters. */
  readonly shape: readonly [classes: number, clusters: number];
}

/**
 * Counts how many samples of each class are in each cluster.
 *
 * Cost: O(N + C K). The metrics below count only pairs that occur, so that labels may be of any size.
 *
 * @param classes `[N]` true class of each sample, integers from 0, N >= 1
 * @param clusters `[N]` cluster of each sample, integers from 0
 * @returns `[C, K]` counts, where C and K are the largest label plus one: an unused label is a row or column of zeros
 * @throws TypeError `ERR_INVALID_ARG_TYPE` for anything except an array of numbers or bigints; RangeError
 *   `ERR_OUT_OF_RANGE` for empty input, lengths that differ, a label that is no integer >= 0; GenmiError
 *   `ERR_OUT_OF_MEMORY` for a table that does not fit
 */
export function contingency(classes: Labels, clusters: Labels): ContingencyTable {
  const shape = [checkLabels('classes', classes) + 1, checkLabels('clusters', clusters) + 1] as const;
  checkPaired(classes, clusters);
  const [rows, columns] = shape;
  const remedy = 'number the labels from 0 without gaps';
  const data = allocate(Int32Array, rows * columns, () => `A table of ${rows} x ${columns} counts`, remedy);
  for (let i = 0; i < classes.length; i++) data[Number(classes[i]) * columns + Number(clusters[i])]++;
  return { data, shape };
}

/**
 * Adjusted Rand index: the share of sample pairs on which two partitions agree, corrected for chance.
 *
 * Cost: O(N)
 *
 * @param classes `[N]` true class of each sample, integers from 0
 * @param clusters `[N]` cluster of each sample, integers from 0
 * @returns 1 for equal partitions whatever their numbering, about 0 for independent ones, at least -0.5; symmetric in
 * its arguments
 * @throws as {@link contingency}
 * @see Hubert and Arabie, "Comparing partitions", Journal of Classification 2 (1985), eq. (5)
 */
export function ari(classes: Labels, clusters: Labels): number {
  const { counts, classSizes, clusterSizes } = countPairs(classes, clusters);
  const together = sum(counts, pairs);
  const sameClass = sum(classSizes, pairs);
  const sameCluster = sum(clusterSizes, pairs);
  const all = pairs(classes.length);
  const expected = all === 0 ? 0 : sameClass * (sameCluster / all);
  const largest = (sameClass + sameCluster) / 2;
  // `largest` equals `expected` only where both partitions are all singletons, or both a single group: they are equal.
  return largest === expected ? 1 : (together - expected) / (largest - expected);
}

/**
 * Clustering accuracy: the share of samples in the right class, under the best one-to-one naming of clusters.
 *
 * Cost: O(N), and for C classes C searches in the graph of the E <= N pairs that occur, each of at most O(E log E)
 *
 * @param classes `[N]` true class of each sample, integers from 0
 * @param clusters `[N]` cluster of each sample, integers from 0; their number may differ from that of the classes
 * @returns in (0, 1]; the samples of a cluster without a class count as wrong
 * @throws as {@link contingency}
 * @see {@link matchClusters}
 */
export function accuracy(classes: Labels, clusters: Labels): number {
  const table = countPairs(classes, clusters);
  const clusterOf = heaviestMatching(table, table.clusterSizes.length);
  let right = 0;
  for (let c = 0; c < clusterOf.length; c++) {
    for (let entry = table.starts[c]; entry < table.starts[c + 1]; entry++) {
      if (table.columns[entry] === clusterOf[c]) right += table.counts[entry];
    }
  }
  return right / classes.length;
}

/**
 * Purity: the share of samples that belong to the most frequent class of their cluster.
 *
 * Cost: O(N)
 *
 * @param classes `[N]` true class of each sample, integers from 0
 * @param clusters `[N]` cluster of each sample, integers from 0
 * @returns in (0, 1], never below {@link accuracy}; splitting a cluster never lowers it; it is 1 for singletons
 * @throws as {@link contingency}
 */
export function purity(classes: Labels, clusters: Labels): number {
  const { columns, counts, clusterSizes } = countPairs(classes, clusters);
  const mostFrequent = allocate(Int32Array, clusterSizes.length, () => `${clusterSizes.length} clusters`, REMEDY);
  counts.forEach((count, entry) => {
    mostFrequent[columns[entry]] = Math.max(mostFrequent[columns[entry]], count);
  });
  return sum(mostFrequent, (count) => count) / classes.length;
}

/**
 * Counts the clusters that hold at least one sample.
 *
 * Cost: O(N)
 *
 * @param clusters `[N]` cluster of each sample, integers from 0
 * @returns an integer from 1 to N
 * @throws as {@link contingency}
 */
export function usedClusters(clusters: Labels): number {
  const { of, count } = groupsOf('clusters', clusters);
  const isUsed = allocate(Uint8Array, count, () => `${count} clusters`, REMEDY);
  for (const group of of) isUsed[group] = 1;
  return sum(isUsed, (used) => used);
}

/**
 * Negated normalised conditional entropy, -H(class | cluster) / H(class, cluster): how much clusters tell of classes.
 *
 * Cost: O(N)
 *
 * @param classes `[N]` true class of each sample, integers from 0
 * @param clusters `[N]` cluster of each sample, integers from 0
 * @returns in [-1, 0]; 0 where every cluster holds one class (best), -1 for a single cluster of several classes
 * @throws as {@link contingency}
 * @see the metric "NCE" of the GEMINI papers' code, with the same sign: higher is better, as for all metrics here
 */
export function nce(classes: Labels, clusters: Labels): number {
  const { counts, clusterSizes } = countPairs(classes, clusters);
  const n = classes.length;
  const joint = sum(counts, (count) => entropyTerm(count / n));
  const conditional = joint - sum(clusterSizes, (count) => entropyTerm(count / n));
  // The difference of these entropies is >= 0; rounding may leave it just below.
  return conditional > 0 ? -conditional / joint : 0;
}

/**
 * Names clusters after classes, each class at most once, so that as many samples as possible are in the class of their
 * cluster.
 *
 * Cost: O(C K), and the searches of {@link accuracy}
 *
 * @param table `[C, K]` counts of {@link contingency}
 * @returns `[K]` class of each cluster; -1 for the K - C clusters without one, where K > C
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_OUT_OF_RANGE` for anything except such a table
 */
export function matchClusters(table: ContingencyTable): Int32Array {
  checkTable(table);
  const [rows, columns] = table.shape;
  const what = () => `A matching of ${rows} x ${columns}`;
  // Entries of the table, and numbers for each row and column.
  const bytes = 8 * table.data.length + 4 * (rows + columns);
  return allocating(what, bytes, REMEDY, () => match(positiveEntries(table.data, rows, columns), columns));
}

function match(table: SparseTable, columns: number): Int32Array {
  const clusterOf = heaviestMatching(table, columns);
  const classOf = new Int32Array(columns).fill(-1);
  const left: number[] = [];
  clusterOf.forEach((k, c) => {
    if (k === -1) left.push(c);
    else classOf[k] = c;
  });
  // Unmatched classes and clusters have no sample in common: any pairing of them is as good as another.
  for (let k = 0, next = 0; k < columns && next < left.length; k++) if (classOf[k] === -1) classOf[k] = left[next++];
  return classOf;
}

function checkTable(table: ContingencyTable): void {
  checkReadable('table', table);
  const { data, shape } = Object(table) as Partial<ContingencyTable>;
  if (!isInt32(data) || !isArray('table.shape', shape)) {
    throw invalidType('table', 'a table { data, shape } as of contingency()', describe(table));
  }
  if (shape.length !== 2 || !shape.every((size) => Number.isInteger(size) && size >= 0)) {
    throw outOfRange('table.shape', '[classes, clusters], two sizes', describeList(shape));
  }
  const [rows, columns] = shape as [number, number];
  if (data.length !== rows * columns) {
    throw outOfRange('table.data', `${rows * columns} counts for a ${rows} x ${columns} table`, `${data.length}`);
  }
  const negative = data.findIndex((count) => count < 0);
  if (negative !== -1) throw outOfRange(`table.data[${negative}]`, 'a count >= 0', `${data[negative]}`);
}

function sum(counts: Iterable<number>, term: (count: number) => number): number {
  let total = 0;
  for (const count of counts) total += term(count);
  return total;
}

const pairs = (count: number): number => (count * (count - 1)) / 2;

const entropyTerm = (p: number): number => (p > 0 ? -p * Math.log(p) : 0);
