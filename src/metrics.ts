import { describe, describeList, invalidType, isArray, outOfRange } from './errors.js';
import { isInt32, typedArrayName } from './typed-arrays.js';

/** Class or cluster numbers, one a sample: integers from 0. */
export type Labels =
  | readonly number[]
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

/** How many samples of each class are in each cluster: `data[c * columns + k]`, row-major. */
export interface ContingencyTable {
  readonly data: Int32Array;
  readonly shape: readonly [classes: number, clusters: number];
}

/** 64 MB of counts; labels that need more are identifiers rather than class or cluster numbers. */
const MAX_CELLS = 2 ** 24;

/**
 * Counts how many samples of each class are in each cluster.
 *
 * @param classes `[N]` true class of each sample, integers from 0, N >= 1
 * @param clusters `[N]` cluster of each sample, integers from 0
 * @returns `[C, K]` counts, where C and K are the largest label plus one: an unused label is a row or column of zeros
 * @throws TypeError `ERR_INVALID_ARG_TYPE` for anything but an array of numbers; RangeError `ERR_OUT_OF_RANGE` for empty
 *   input, lengths that differ, a label that is no integer >= 0, more than 2^24 cells. The same errors come from all
 *   metrics below. Cost O(N + C K).
 */
export function contingency(classes: Labels, clusters: Labels): ContingencyTable {
  const rows = countLabels('classes', classes);
  const columns = countLabels('clusters', clusters);
  if (classes.length !== clusters.length) {
    throw outOfRange('clusters', `one label for each of the ${classes.length} classes`, `${clusters.length} labels`);
  }
  if (rows * columns > MAX_CELLS) {
    throw outOfRange(
      'classes and clusters',
      `at most ${MAX_CELLS} pairs of labels`,
      `${rows} classes x ${columns} clusters`,
      'number the labels from 0 without gaps',
    );
  }
  const data = new Int32Array(rows * columns);
  for (let i = 0; i < classes.length; i++) data[classes[i] * columns + clusters[i]]++;
  return { data, shape: [rows, columns] };
}

/**
 * Adjusted Rand index: the share of sample pairs on which two partitions agree, corrected for chance.
 *
 * @param classes `[N]` true class of each sample, integers from 0
 * @param clusters `[N]` cluster of each sample, integers from 0
 * @returns 1 for equal partitions whatever their numbering, about 0 for independent ones, at least -0.5; symmetric in its arguments
 * @throws as {@link contingency}
 * @see Hubert and Arabie, "Comparing partitions", Journal of Classification 2 (1985), eq. (5)
 */
export function ari(classes: Labels, clusters: Labels): number {
  const table = contingency(classes, clusters);
  const { rows, columns } = marginals(table);
  const together = sum(table.data, pairs);
  const sameClass = sum(rows, pairs);
  const sameCluster = sum(columns, pairs);
  const all = pairs(classes.length);
  const expected = all === 0 ? 0 : sameClass * (sameCluster / all);
  const largest = (sameClass + sameCluster) / 2;
  // They meet only where both partitions are all singletons or both one single group: equal partitions.
  return largest === expected ? 1 : (together - expected) / (largest - expected);
}

/**
 * Clustering accuracy: the share of samples in the right class, when clusters are named after classes as well as possible, each class at most once.
 *
 * @param classes `[N]` true class of each sample, integers from 0
 * @param clusters `[N]` cluster of each sample, integers from 0; their number may differ from that of the classes
 * @returns in (0, 1]; the samples of a cluster that no class is left for count as wrong
 * @throws as {@link contingency}; cost O(N + m^2 M), m the smaller and M the larger of the numbers of classes and clusters
 * @see {@link matchClusters}
 */
export function accuracy(classes: Labels, clusters: Labels): number {
  const table = contingency(classes, clusters);
  const columns = table.shape[1];
  const classOf = matchClusters(table);
  let right = 0;
  for (let k = 0; k < columns; k++) {
    if (classOf[k] >= 0) right += table.data[classOf[k] * columns + k];
  }
  return right / classes.length;
}

/**
 * Purity: the share of samples that belong to the commonest class of their cluster.
 *
 * @param classes `[N]` true class of each sample, integers from 0
 * @param clusters `[N]` cluster of each sample, integers from 0
 * @returns in (0, 1], never below {@link accuracy}; it grows with the number of clusters and is 1 for singletons
 * @throws as {@link contingency}
 */
export function purity(classes: Labels, clusters: Labels): number {
  const { data, shape } = contingency(classes, clusters);
  const [rows, columns] = shape;
  let commonest = 0;
  for (let k = 0; k < columns; k++) {
    let most = 0;
    for (let c = 0; c < rows; c++) most = Math.max(most, data[c * columns + k]);
    commonest += most;
  }
  return commonest / classes.length;
}

/**
 * Counts the clusters that hold at least one sample.
 *
 * @param clusters `[N]` cluster of each sample, integers from 0
 * @returns an integer from 1 to N
 * @throws as {@link contingency}
 */
export function usedClusters(clusters: Labels): number {
  countLabels('clusters', clusters);
  return new Set(clusters).size;
}

/**
 * Normalised conditional entropy, negated: how little a sample's cluster leaves open about its class, -H(class | cluster) / H(class, cluster).
 *
 * @param classes `[N]` true class of each sample, integers from 0
 * @param clusters `[N]` cluster of each sample, integers from 0
 * @returns in [-1, 0]; 0 when every cluster holds one class only (best), -1 when there is a single cluster
 * @throws as {@link contingency}
 * @see the metric "NCE" of the GEMINI papers' code, whose sign is kept: higher is better, as for all metrics here
 */
export function nce(classes: Labels, clusters: Labels): number {
  const table = contingency(classes, clusters);
  const { columns } = marginals(table);
  const n = classes.length;
  const joint = sum(table.data, (count) => entropyTerm(count / n));
  const conditional = joint - sum(columns, (count) => entropyTerm(count / n));
  // Rounding may leave the difference of two entropies just below its least value, 0.
  return conditional > 0 ? -conditional / joint : 0;
}

/**
 * Names clusters after classes, each class at most once, so that as many samples as possible are in the class of their cluster.
 *
 * @param table `[C, K]` counts of {@link contingency}
 * @returns `[K]` class of each cluster, -1 for the clusters left over when K > C
 * @see Kuhn, "The Hungarian method for the assignment problem", Naval Research Logistics Quarterly 2 (1955); here by
 *   shortest augmenting paths, O(m^2 M) with m the smaller and M the larger of C and K
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_OUT_OF_RANGE` for anything but such a table
 */
export function matchClusters(table: ContingencyTable): Int32Array {
  checkTable(table);
  const [rows, columns] = table.shape;
  const classOf = new Int32Array(columns).fill(-1);
  if (rows <= columns) {
    const clusterOf = assign(rows, columns, (c, k) => -table.data[c * columns + k]);
    for (let c = 0; c < rows; c++) classOf[clusterOf[c]] = c;
  } else {
    classOf.set(assign(columns, rows, (k, c) => -table.data[c * columns + k]));
  }
  return classOf;
}

function checkTable(table: ContingencyTable): void {
  const { data, shape } = Object(table) as Partial<ContingencyTable>;
  if (!isInt32(data) || !Array.isArray(shape)) {
    throw invalidType('table', 'a table { data, shape } as of contingency()', describe(table));
  }
  if (shape.length !== 2 || !shape.every((size) => Number.isInteger(size) && size >= 0)) {
    throw outOfRange('table.shape', '[classes, clusters], two sizes', describeList(shape));
  }
  const [rows, columns] = shape as [number, number];
  if (data.length !== rows * columns) {
    throw outOfRange('table.data', `${rows * columns} counts for a ${rows} x ${columns} table`, `${data.length}`);
  }
}

/** The column of each row in an assignment of least cost; m <= n. Dual potentials u, v keep all reduced costs at 0 or more. */
function assign(m: number, n: number, cost: (row: number, column: number) => number): Int32Array {
  const u = new Float64Array(m);
  const v = new Float64Array(n + 1);
  const rowOf = new Int32Array(n + 1).fill(-1); // column n is where the row being added waits
  for (let row = 0; row < m; row++) {
    rowOf[n] = row;
    const distance = new Float64Array(n + 1).fill(Infinity);
    const previous = new Int32Array(n + 1).fill(-1);
    const visited = new Uint8Array(n + 1);
    let column = n;
    while (rowOf[column] !== -1) {
      visited[column] = 1;
      const from = rowOf[column];
      let step = Infinity;
      let next = -1;
      for (let j = 0; j < n; j++) {
        if (visited[j]) continue;
        const reduced = cost(from, j) - u[from] - v[j];
        if (reduced < distance[j]) {
          distance[j] = reduced;
          previous[j] = column;
        }
        if (distance[j] < step) {
          step = distance[j];
          next = j;
        }
      }
      for (let j = 0; j <= n; j++) {
        if (visited[j]) {
          u[rowOf[j]] += step;
          v[j] -= step;
        } else {
          distance[j] -= step;
        }
      }
      column = next;
    }
    // A free column is reached: every row on the way moves over to the column after its own.
    for (; column !== n; column = previous[column]) rowOf[column] = rowOf[previous[column]];
  }
  const columnOf = new Int32Array(m);
  for (let j = 0; j < n; j++) if (rowOf[j] >= 0) columnOf[rowOf[j]] = j;
  return columnOf;
}

/** The largest label plus one, after a look at every label. */
function countLabels(argument: string, labels: Labels): number {
  const isList = isArray(argument, labels) || typedArrayName(labels) !== undefined;
  if (!isList) throw invalidType(argument, 'an array or typed array of integers', describe(labels));
  if (labels.length === 0) throw outOfRange(argument, 'at least one label', 'none');
  let largest = 0;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    if (typeof label !== 'number') throw invalidType(`${argument}[${i}]`, 'a number', describe(label));
    if (!Number.isInteger(label) || label < 0) throw outOfRange(`${argument}[${i}]`, 'an integer >= 0', `${label}`);
    largest = Math.max(largest, label);
  }
  return largest + 1;
}

function marginals({ data, shape }: ContingencyTable): { rows: Float64Array; columns: Float64Array } {
  const rows = new Float64Array(shape[0]);
  const columns = new Float64Array(shape[1]);
  data.forEach((count, index) => {
    rows[Math.floor(index / shape[1])] += count;
    columns[index % shape[1]] += count;
  });
  return { rows, columns };
}

function sum(counts: Int32Array | Float64Array, term: (count: number) => number): number {
  let total = 0;
  for (const count of counts) total += term(count);
  return total;
}

const pairs = (count: number): number => (count * (count - 1)) / 2;

const entropyTerm = (p: number): number => (p > 0 ? -p * Math.log(p) : 0);
