/** The stability of clusters: whether other seeds and other samples of the data give the same ones. */
import { ari, type MatrixLike } from 'genmi';
import { countUpTo } from '../base/labels.js';
import { readMatrix, takeRows } from '../base/matrix.js';
import { checkCount, checkNumber, checkOptions, checkSeed } from '../base/options.js';
import { type FitOptions, Pace, wholeOptions } from '../base/pace.js';
import { Random } from '../base/random.js';
import { describe, invalidType, outOfRange } from '../errors.js';
import type { Estimator } from '../estimators/estimator.js';

/** Options of `stability`. */
export interface StabilityOptions extends Omit<FitOptions, 'stop'> {
  /** The number of runs on parts of the data, >= 2; default 10. */
  runs?: number | undefined;
  /** The share of the samples that each run gets, drawn without replacement, in (0.5, 1]; default 0.8. */
  share?: number | undefined;
  /** The seed of the parts; run r = 0, 1, … is made with `seed + r`, r = 0 being that on all samples. Default 0. */
  seed?: number | undefined;
}

/** How much the clusters of an estimator depend on chance. */
export interface Stability {
  /** `[N]` the clusters of the run on all samples, which the others are compared with. */
  readonly labels: Int32Array;
  /** The mean ARI of all pairs of runs on parts, on the samples that both had: 1 where all agree, about 0 by chance. */
  readonly meanAri: number;
  /** The least of these ARIs. */
  readonly leastAri: number;
  /**
   * `[K]` of each cluster of `labels`, the mean over runs of its largest Jaccard index with a cluster of the run, in
   * [0, 1]; NaN for a cluster that no part has a sample of. Above 0.75 a cluster is stable; below 0.5 it dissolves.
   */
  readonly jaccard: Float64Array;
}

/** A run on a part of the data. */
interface Part {
  /** The samples of the part, ascending. */
  readonly rows: Int32Array;
  /** Their clusters. */
  readonly labels: Int32Array;
}

/**
 * Fits an estimator again and again, with other seeds and on random parts of the samples, and compares the clusters.
 *
 * Cost: `runs + 1` fits, and O(runs^2 N) for the comparison.
 *
 * @param x N x d features
 * @param make makes an estimator that is not fitted, with the seed that it gets
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE, and the errors of `fit`
 * @see Hennig, "Cluster-wise assessment of cluster stability", 2007, section 3 (Jaccard, subsets)
 */
export async function stability(
  x: MatrixLike,
  make: (seed: number) => Estimator,
  options: StabilityOptions = {},
): Promise<Stability> {
  checkOptions(options, ['runs', 'share', 'seed', ...wholeOptions]);
  if (typeof make !== 'function') throw invalidType('make', 'a function that makes an estimator', describe(make));
  const runs = checkCount('runs', options.runs ?? 10, 2);
  const share = checkNumber('share', options.share ?? 0.8, { min: 0.5, max: 1, above: true });
  const seed = checkSeed(options.seed ?? 0);
  const matrix = readMatrix('x', x);
  const size = sizeOfParts(matrix.shape[0], share);
  const pace = new Pace(options);
  const fit = async (run: number, rows?: Int32Array) => {
    const done = (of: number) => (run + of) / (runs + 1);
    const { signal } = options;
    const onProgress = async (of: number) => pace.rest(done(of));
    return make(seed + run).fitPredict(rows ? takeRows(matrix, rows) : matrix, { signal, onProgress });
  };
  const labels = await fit(0);
  const parts: Part[] = [];
  for (let run = 1; run <= runs; run++) {
    const rows = new Random(seed, run).permutation(matrix.shape[0], size).sort();
    parts.push({ rows, labels: await fit(run, rows) });
  }
  await pace.end();
  const aris = parts.flatMap((part, r) => parts.slice(r + 1).map((other) => ariOnCommon(part, other)));
  return {
    labels,
    meanAri: aris.reduce((sum, each) => sum + each, 0) / aris.length,
    leastAri: Math.min(...aris),
    jaccard: meanJaccard(labels, parts),
  };
}

/** Any two parts have at least two samples in common. */
function sizeOfParts(n: number, share: number): number {
  const size = Math.round(share * n);
  if (2 * size - n >= 2) return size;
  throw outOfRange('share', `a share of the ${n} rows such that two parts have two in common`, `${share}`);
}

function ariOnCommon(first: Part, second: Part): number {
  const [a, b]: [number[], number[]] = [[], []];
  for (let i = 0, j = 0; i < first.rows.length && j < second.rows.length; ) {
    const difference = first.rows[i] - second.rows[j];
    if (difference === 0) {
      a.push(first.labels[i]);
      b.push(second.labels[j]);
    }
    if (difference <= 0) i++;
    if (difference >= 0) j++;
  }
  return ari(a, b);
}

function meanJaccard(labels: Int32Array, parts: readonly Part[]): Float64Array {
  const clusters = countUpTo(labels);
  const [sums, counts] = [new Float64Array(clusters), new Float64Array(clusters)];
  for (const part of parts) {
    for (const [k, jaccard] of largestJaccard(labels, clusters, part).entries()) {
      if (Number.isNaN(jaccard)) continue;
      sums[k] += jaccard;
      counts[k] += 1;
    }
  }
  return sums.map((sum, k) => sum / counts[k]);
}

/** Of each cluster, the largest Jaccard index with a cluster of the part; NaN where the part has none of its samples. */
function largestJaccard(labels: Int32Array, clusters: number, { rows, labels: found }: Part): Float64Array {
  const others = countUpTo(found);
  const common = new Float64Array(clusters * others);
  const [sizes, otherSizes] = [new Float64Array(clusters), new Float64Array(others)];
  for (const [i, row] of rows.entries()) {
    common[labels[row] * others + found[i]] += 1;
    sizes[labels[row]] += 1;
    otherSizes[found[i]] += 1;
  }
  return sizes.map((size, k) => {
    const shared = common.subarray(k * others, (k + 1) * others);
    return size === 0 ? Number.NaN : Math.max(...shared.map((both, o) => both / (size + otherSizes[o] - both)));
  });
}
