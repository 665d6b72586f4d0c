/** Comparison of estimators on one data set: a ranking without labels, and agreement with labels where they are known. */
import { accuracy, ari, type Labels, type MatrixLike, usedClusters } from 'genmi';
import { groupsOfSamples } from '../base/labels.js';
import { readMatrix, takeRows } from '../base/matrix.js';
import { checkCount, checkOptions, checkSeed } from '../base/options.js';
import { type FitOptions, Pace, wholeOptions } from '../base/pace.js';
import { Random } from '../base/random.js';
import { describe, invalidType, outOfRange } from '../errors.js';
import type { Estimator } from '../estimators/estimator.js';
import { silhouette } from '../metrics/index.js';
import { type ConsensusDistance, rankByConsensus } from './consensus.js';

/** What is compared: a name, and an estimator that is not fitted. */
export interface Candidate {
  readonly name: string;
  readonly estimator: Pick<Estimator, 'fitPredict'>;
}

/** Options of `compare`. */
export interface CompareOptions extends Omit<FitOptions, 'stop'> {
  /** `[N]` known classes, integers from 0: the comparison gets ARI and accuracy. They change no rank. */
  labels?: Labels | undefined;
  /** The distance of the ranking by consensus; default `'kl'`. */
  distance?: ConsensusDistance | undefined;
  /** Consensus and silhouettes are of at most this number of random samples; default 5,000. */
  sampleSize?: number | undefined;
  /** The seed of these samples, an integer; default 0. */
  seed?: number | undefined;
}

/** A candidate and what it found. */
export interface Compared {
  readonly name: string;
  /** `[N]` its clusters. */
  readonly labels: Int32Array;
  /** The number of clusters that have samples. */
  readonly clusters: number;
  /** The mean distance to the consensus of all candidates, >= 0; the least one is the best. */
  readonly consensus: number;
  /** The mean silhouette, in [-1, 1]; undefined where it has no meaning: one cluster, or each sample its own. */
  readonly silhouette?: number;
  /** Agreement with the known classes, where they were given. */
  readonly agreement?: { readonly ari: number; readonly accuracy: number };
  /** Seconds of the fit. */
  readonly seconds: number;
}

/** The samples of which a silhouette of all takes a second or less. */
const SAMPLES = 5000;

/**
 * Fits candidates to the same data, and ranks them without labels: by their distance to the consensus of all (DISCOTEC).
 *
 * A candidate that agrees with most others comes first. The ranking is as good as the candidates are varied: many that
 * make the same mistake agree, too. Cost: all fits, one after the other.
 *
 * @param x N x d features
 * @param candidates two or more, with different names
 * @returns the candidates, the best first
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE, and the errors of `fit`
 * @see `rankByConsensus`
 */
export async function compare(
  x: MatrixLike,
  candidates: readonly Candidate[],
  options: CompareOptions = {},
): Promise<readonly Compared[]> {
  checkOptions(options, ['labels', 'distance', 'sampleSize', 'seed', ...wholeOptions]);
  checkCandidates(candidates);
  const pace = new Pace(options);
  const matrix = readMatrix('x', x);
  const n = matrix.shape[0];
  const { labels: classes, signal, distance, seed = 0 } = options;
  if (classes !== undefined) groupsOfSamples(classes, n);
  const size = Math.min(n, checkCount('sampleSize', options.sampleSize ?? SAMPLES, 3));
  const rows = new Random(checkSeed(seed)).permutation(n, size).sort();
  const found: { labels: Int32Array; seconds: number }[] = [];
  for (const [c, { estimator }] of candidates.entries()) {
    const started = performance.now();
    const onProgress = (done: number) => pace.rest((c + done) / candidates.length);
    const labels = await estimator.fitPredict(matrix, { signal, onProgress });
    found.push({ labels, seconds: (performance.now() - started) / 1000 });
  }
  const judged = found.map(({ labels }) => rows.map((row) => labels[row]));
  const { scores, order } = rankByConsensus(judged, { distance });
  const sample = takeRows(matrix, rows);
  const compared = found.map(({ labels, seconds }, c): Compared => {
    const clusters = usedClusters(judged[c]);
    return {
      name: candidates[c].name,
      labels,
      clusters: usedClusters(labels),
      consensus: scores[c],
      ...(clusters > 1 && clusters < size && { silhouette: silhouette(sample, judged[c]) }),
      ...(classes && { agreement: { ari: ari(classes, labels), accuracy: accuracy(classes, labels) } }),
      seconds,
    };
  });
  await pace.end();
  return order.map((c) => compared[c]);
}

function checkCandidates(candidates: readonly Candidate[]): void {
  if (!Array.isArray(candidates)) throw invalidType('candidates', 'an array', describe(candidates));
  if (candidates.length < 2) throw outOfRange('candidates', 'at least two', `${candidates.length}`);
  const names = new Set<string>();
  for (const [c, candidate] of candidates.entries()) {
    const { name, estimator } = Object(candidate);
    if (typeof name !== 'string') throw invalidType(`candidates[${c}].name`, 'a string', describe(name));
    if (typeof estimator?.fitPredict !== 'function') {
      throw invalidType(`candidates[${c}].estimator`, 'an estimator', describe(estimator));
    }
    if (names.has(name)) throw outOfRange(`candidates[${c}].name`, 'another name for each', describe(name));
    names.add(name);
  }
}
