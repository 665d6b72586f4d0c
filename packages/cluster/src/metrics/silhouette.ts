/** Silhouettes: how much nearer samples are to their own cluster than to the next. */
import { Affinity, type Labels, type MatrixLike, type Metric } from 'genmi';
import { type Groups, groupsOf, groupsOfSamples } from '../base/labels.js';
import { readMatrix, takeRows } from '../base/matrix.js';
import { checkCount, checkOptions, checkSeed } from '../base/options.js';
import { Random } from '../base/random.js';
import { describe, invalidType, outOfRange } from '../errors.js';

/** Options of silhouettes. */
export interface SilhouetteOptions {
  /** The distance between features; default `'euclidean'`. */
  metric?: Metric | undefined;
  /** Take this number of random samples, and no others, as the data; default all samples. */
  sampleSize?: number | undefined;
  /** The seed of the random samples, an integer; default 0. */
  seed?: number | undefined;
}

/**
 * The mean of all silhouettes.
 *
 * Cost: O(N^2 d) time in the native core, 32 MB; with `sampleSize` m, O(m^2 d). Cost for distances in memory: O(N^2).
 *
 * @param x N x d features, finite; or a distance affinity over N samples
 * @param labels `[N]` cluster of each sample, integers from 0; at least 2 clusters, and at most N - 1
 * @returns in [-1, 1]; near 1 for dense clusters far apart, about 0 for clusters that overlap
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE
 * @see Rousseeuw, "Silhouettes", J. Comput. Appl. Math. 20 (1987); scikit-learn's `silhouette_score`
 */
export function silhouette(x: MatrixLike | Affinity, labels: Labels, options: SilhouetteOptions = {}): number {
  checkOptions(options, ['metric', 'sampleSize', 'seed']);
  const { sampleSize, seed = 0, metric } = options;
  const n = x instanceof Affinity ? x.size : readMatrix('x', x).shape[0];
  const size = sampleSize === undefined ? n : checkCount('sampleSize', sampleSize, 3);
  if (size > n) throw outOfRange('sampleSize', `at most the ${n} samples`, `${size}`);
  const all = groupsOfSamples(labels, n);
  const chosen = size === n ? undefined : new Random(checkSeed(seed)).permutation(n, size).sort();
  const groups = chosen
    ? groupsOf(
        'labels',
        Array.from(chosen, (i) => all.of[i]),
      )
    : all;
  const values = silhouettesOf(x, groups, metric, chosen);
  return values.reduce((sum, value) => sum + value, 0) / size;
}

/**
 * The silhouette of each sample: (b - a) / max(a, b), where a is the mean distance to the other samples of its cluster,
 * and b the least mean distance to the samples of another cluster.
 *
 * Cost and errors: as for `silhouette`.
 *
 * @param x N x d features, finite; or a distance affinity over N samples
 * @param labels `[N]` cluster of each sample, integers from 0
 * @returns `[N]` values in [-1, 1]; 0 for a sample alone in its cluster
 */
export function silhouetteSamples(
  x: MatrixLike | Affinity,
  labels: Labels,
  options: Pick<SilhouetteOptions, 'metric'> = {},
): Float64Array {
  checkOptions(options, ['metric']);
  const n = x instanceof Affinity ? x.size : readMatrix('x', x).shape[0];
  return silhouettesOf(x, groupsOfSamples(labels, n), options.metric);
}

/** @param chosen the samples that count, rising; default all */
function silhouettesOf(
  x: MatrixLike | Affinity,
  groups: Groups,
  metric: Metric | undefined,
  chosen?: Int32Array,
): Float64Array {
  const n = groups.of.length;
  const clusters = groups.sizes.length;
  if (clusters < 2 || clusters >= n) {
    throw outOfRange('labels', `2 to ${n - 1} clusters for ${n} samples`, `${clusters}`);
  }
  if (x instanceof Affinity) {
    if (x.kind !== 'distance') throw invalidType('x', 'features or a distance affinity', `a ${x.kind} affinity`);
    if (metric !== undefined) throw outOfRange('metric', 'none when x is an affinity', describe(metric));
    return fromSums(distanceSums(x, groups, chosen), groups);
  }
  const affinity = Affinity.distance(chosen ? takeRows(readMatrix('x', x), chosen) : readMatrix('x', x), {
    metric: metric ?? 'euclidean',
    storage: 'features',
    precision: 'float64',
  });
  try {
    return fromSums(distanceSums(affinity, groups), groups);
  } finally {
    affinity.dispose();
  }
}

/** Samples of one block of distances: two blocks at once are 32 MB. */
const BLOCK = 1024;

/** `[N, K]` sums of the distances from each sample to the members of each cluster, block by block. */
function distanceSums(affinity: Affinity, groups: Groups, chosen?: Int32Array): Float64Array {
  const { of, sizes } = groups;
  const [n, clusters] = [of.length, sizes.length];
  const rowsOf = (start: number, end: number) =>
    chosen ? chosen.slice(start, end) : Int32Array.from({ length: end - start }, (_, i) => start + i);
  const sums = new Float64Array(n * clusters);
  for (let first = 0; first < n; first += BLOCK) {
    const firstEnd = Math.min(n, first + BLOCK);
    for (let second = first; second < n; second += BLOCK) {
      const secondEnd = Math.min(n, second + BLOCK);
      const same = first === second;
      const rows = same
        ? rowsOf(first, firstEnd)
        : Int32Array.from([...rowsOf(first, firstEnd), ...rowsOf(second, secondEnd)]);
      const { data } = affinity.rows(rows);
      const [columns, width] = [same ? 0 : firstEnd - first, rows.length];
      for (let i = first; i < firstEnd; i++) {
        for (let j = same ? i + 1 : second; j < secondEnd; j++) {
          const distance = data[(i - first) * width + columns + j - second];
          sums[i * clusters + of[j]] += distance;
          sums[j * clusters + of[i]] += distance;
        }
      }
    }
  }
  return sums;
}

function fromSums(sums: Float64Array, { of, sizes }: Groups): Float64Array {
  const clusters = sizes.length;
  return Float64Array.from(of, (own, i) => {
    if (sizes[own] === 1) return 0;
    const inside = sums[i * clusters + own] / (sizes[own] - 1);
    let outside = Infinity;
    for (let k = 0; k < clusters; k++) {
      if (k !== own) outside = Math.min(outside, sums[i * clusters + k] / sizes[k]);
    }
    const larger = Math.max(inside, outside);
    return larger === 0 ? 0 : (outside - inside) / larger;
  });
}
