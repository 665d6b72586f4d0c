/** Class and cluster numbers: their checks, and the counts of their pairs. */
import type { Labels } from 'genmi';
import { describe, invalidType, outOfRange } from '../errors.js';

/** Samples grouped by label; the groups are numbered in order of appearance, and none is empty. */
export interface Groups {
  /** `[N]` the group of each sample. */
  readonly of: Int32Array;
  /** The number of samples of each group. */
  readonly sizes: readonly number[];
}

/**
 * Groups samples by label.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE for no labels, and for a label that is no
 *   integer >= 0
 */
export function groupsOf(argument: string, labels: Labels): Groups {
  if (!Array.isArray(labels) && !(ArrayBuffer.isView(labels) && 'length' in labels)) {
    throw invalidType(argument, 'an array or typed array of integers', describe(labels));
  }
  if (labels.length === 0) throw outOfRange(argument, 'at least one label', 'none');
  const of = new Int32Array(labels.length);
  const sizes: number[] = [];
  const numbers = new Map<number | bigint, number>();
  for (let i = 0; i < of.length; i++) {
    const label: unknown = labels[i];
    if (typeof label !== 'number' && typeof label !== 'bigint') {
      throw invalidType(`${argument}[${i}]`, 'an integer', describe(label));
    }
    if ((typeof label === 'number' && !Number.isInteger(label)) || label < 0) {
      throw outOfRange(`${argument}[${i}]`, 'an integer >= 0', describe(label));
    }
    // 5n and 5 are the same label; a bigint that a number cannot hold stays a bigint.
    const key = label <= Number.MAX_SAFE_INTEGER ? Number(label) : label;
    const group = numbers.get(key) ?? numbers.size;
    numbers.set(key, group);
    of[i] = group;
    sizes[group] = (sizes[group] ?? 0) + 1;
  }
  return { of, sizes };
}

/** As `groupsOf`, for labels of `n` samples. */
export function groupsOfSamples(labels: Labels, n: number): Groups {
  const groups = groupsOf('labels', labels);
  if (groups.of.length === n) return groups;
  throw outOfRange('labels', `one label for each of the ${n} samples`, `${groups.of.length} labels`);
}

/** The pairs of class and cluster that occur, with their numbers of samples. */
export interface PairCounts {
  readonly n: number;
  readonly classSizes: readonly number[];
  readonly clusterSizes: readonly number[];
  readonly pairs: readonly { readonly c: number; readonly k: number; count: number }[];
}

/** Counts pairs in O(N). @throws as `groupsOf`, and RangeError ERR_OUT_OF_RANGE for lengths that differ */
export function countPairs(classes: Labels, clusters: Labels): PairCounts {
  const [rows, columns] = [groupsOf('classes', classes), groupsOf('clusters', clusters)];
  const n = rows.of.length;
  if (columns.of.length !== n) {
    throw outOfRange('clusters', `one label for each of the ${n} classes`, `${columns.of.length} labels`);
  }
  const pairs = new Map<number, { c: number; k: number; count: number }>();
  for (let i = 0; i < n; i++) {
    const [c, k] = [rows.of[i], columns.of[i]];
    const key = c * columns.sizes.length + k;
    const pair = pairs.get(key);
    if (pair) pair.count += 1;
    else pairs.set(key, { c, k, count: 1 });
  }
  return { n, classSizes: rows.sizes, clusterSizes: columns.sizes, pairs: [...pairs.values()] };
}

/** The place of the largest of each row's k values; of equal ones the first. */
export function largestOfRows(values: ArrayLike<number>, k: number): Int32Array {
  return Int32Array.from({ length: values.length / k }, (_, i) => {
    let best = 0;
    for (let c = 1; c < k; c++) if (values[i * k + c] > values[i * k + best]) best = c;
    return best;
  });
}

/** The number of clusters 0, 1, … up to the largest label. */
export const countUpTo = (labels: Int32Array): number => labels.reduce((most, k) => Math.max(most, k), -1) + 1;
