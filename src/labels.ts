/** Class and cluster numbers, and the counts of their pairs. */
import { describe, invalidType, isArray, outOfRange } from './errors.js';
import { allocating, checkFits } from './memory.js';
import { typedArrayName } from './typed-arrays.js';

/** Class or cluster numbers, one for each sample: integers >= 0. */
export type Labels =
  | readonly number[]
  | readonly bigint[]
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** Checks every label, and returns the largest. */
export function checkLabels(argument: string, labels: Labels): number {
  if (!isArray(argument, labels) && typedArrayName(labels) === undefined) {
    throw invalidType(argument, 'an array or typed array of integers', describe(labels));
  }
  if (labels.length === 0) throw outOfRange(argument, 'at least one label', 'none');
  let largest = 0;
  for (let i = 0; i < labels.length; i++) {
    const label: unknown = labels[i];
    if (typeof label !== 'number' && typeof label !== 'bigint') {
      throw invalidType(`${argument}[${i}]`, 'an integer', describe(label));
    }
    if ((typeof label === 'number' && !Number.isInteger(label)) || label < 0) {
      throw outOfRange(`${argument}[${i}]`, 'an integer >= 0', describe(label));
    }
    largest = Math.max(largest, Number(label));
  }
  return largest;
}

export function checkPaired(classes: Labels, clusters: Labels): void {
  if (classes.length === clusters.length) return;
  throw outOfRange('clusters', `one label for each of the ${classes.length} classes`, `${clusters.length} labels`);
}

/** Groups of samples with the same label, numbered from 0. */
export interface Groups {
  /** `[N]` the group of each sample. */
  readonly of: Int32Array;
  /** The number of groups; some may be empty. */
  readonly count: number;
}

/** N labels are renumbered when the largest exceeds this many times N. */
const MOST_UNUSED = 4;

/** At most 13 Int32 numbers for each label, in the arrays below, where MOST_UNUSED others are unused for each. */
const BYTES_A_LABEL = 52;

export const REMEDY = 'use fewer samples';

/** Groups samples by label. Small labels keep their numbers; large ones are numbered in order of appearance. */
export function groupsOf(argument: string, labels: Labels): Groups {
  const largest = checkLabels(argument, labels);
  const n = labels.length;
  checkFits(`Counts of ${n} labels`, BYTES_A_LABEL * n, REMEDY);
  // A map also has a largest size.
  return allocating(
    () => `Counts of ${n} labels`,
    BYTES_A_LABEL * n,
    REMEDY,
    () => numbered(labels, largest),
  );
}

function numbered(labels: Labels, largest: number): Groups {
  const n = labels.length;
  const of = new Int32Array(n);
  if (largest <= MOST_UNUSED * n) {
    for (let i = 0; i < n; i++) of[i] = Number(labels[i]);
    return { of, count: largest + 1 };
  }
  const numbers = new Map<number | bigint, number>();
  for (let i = 0; i < n; i++) {
    const label = labels[i] as number | bigint;
    // 5n and 5 are the same label. A bigint that a number cannot hold stays a bigint: it must not be rounded.
    const key = label <= Number.MAX_SAFE_INTEGER ? Number(label) : label;
    const number = numbers.get(key) ?? numbers.size;
    numbers.set(key, number);
    of[i] = number;
  }
  return { of, count: numbers.size };
}

/** The entries of a C x K table that are not 0, row by row. */
export interface SparseTable {
  /** `[C + 1]` the entries of row c are `starts[c]` to `starts[c + 1] - 1`. */
  readonly starts: Int32Array;
  readonly columns: Int32Array;
  readonly counts: Int32Array;
}

/** The counts of pairs (class, cluster), and their sums by class and by cluster. */
export interface PairCounts extends SparseTable {
  /** `[C]` samples of each class. */
  readonly classSizes: Int32Array;
  /** `[K]` samples of each cluster. */
  readonly clusterSizes: Int32Array;
}

/** Counts the samples of each pair (class, cluster) that occurs. Cost: O(N + C + K) in time and memory. */
export function countPairs(classes: Labels, clusters: Labels): PairCounts {
  const [rows, columns] = [groupsOf('classes', classes), groupsOf('clusters', clusters)];
  checkPaired(classes, clusters);
  const n = classes.length;
  return allocating(
    () => `Counts of ${n} labels`,
    BYTES_A_LABEL * n,
    REMEDY,
    () => {
      const small = rows.count * columns.count <= MOST_UNUSED * n;
      const table = small ? countInTable(rows, columns) : countByClass(rows, columns);
      return { ...table, ...margins(table, columns.count) };
    },
  );
}

function margins({ starts, columns, counts }: SparseTable, clusters: number) {
  const [classSizes, clusterSizes] = [new Int32Array(starts.length - 1), new Int32Array(clusters)];
  for (let c = 0; c < classSizes.length; c++) {
    for (let entry = starts[c]; entry < starts[c + 1]; entry++) {
      classSizes[c] += counts[entry];
      clusterSizes[columns[entry]] += counts[entry];
    }
  }
  return { classSizes, clusterSizes };
}

function countInTable(classes: Groups, clusters: Groups): SparseTable {
  const data = new Int32Array(classes.count * clusters.count);
  for (let i = 0; i < classes.of.length; i++) data[classes.of[i] * clusters.count + clusters.of[i]]++;
  return positiveEntries(data, classes.count, clusters.count);
}

export function positiveEntries(data: Int32Array, rows: number, columns: number): SparseTable {
  const starts = new Int32Array(rows + 1);
  const [columnOf, counts]: [number[], number[]] = [[], []];
  for (let c = 0; c < rows; c++) {
    for (let k = 0; k < columns; k++) {
      const count = data[c * columns + k];
      if (count <= 0) continue;
      columnOf.push(k);
      counts.push(count);
    }
    starts[c + 1] = counts.length;
  }
  return { starts, columns: Int32Array.from(columnOf), counts: Int32Array.from(counts) };
}

/** Counts class by class, where a dense table would be too large: only the entries of one row are found at a time. */
function countByClass(classes: Groups, clusters: Groups): SparseTable {
  const { ordered, ends } = clustersByClass(classes, clusters);
  const starts = new Int32Array(classes.count + 1);
  const columns = new Int32Array(ordered.length);
  const counts = new Int32Array(ordered.length);
  const entryOf = new Int32Array(clusters.count).fill(-1);
  let [position, used] = [0, 0];
  for (let c = 0; c < classes.count; c++) {
    for (; position < ends[c]; position++) {
      const k = ordered[position];
      if (entryOf[k] < starts[c]) {
        entryOf[k] = used;
        columns[used++] = k;
      }
      counts[entryOf[k]]++;
    }
    starts[c + 1] = used;
  }
  return { starts, columns: columns.subarray(0, used), counts: counts.subarray(0, used) };
}

/**
 * Sorts by counting. `ordered` `[N]`: the clusters of the samples of class 0, then of class 1, and so on. `ends` `[C]`:
 * the end of each class in it.
 */
function clustersByClass(classes: Groups, clusters: Groups) {
  const sizes = new Int32Array(classes.count);
  for (const c of classes.of) sizes[c]++;
  const ends = new Int32Array(classes.count);
  for (let c = 1; c < classes.count; c++) ends[c] = ends[c - 1] + sizes[c - 1];
  const ordered = new Int32Array(classes.of.length);
  for (let i = 0; i < ordered.length; i++) ordered[ends[classes.of[i]]++] = clusters.of[i];
  return { ordered, ends };
}
