/** k-means: Lloyd's iterations from k-means++ centres, with restarts. */
import type { Matrix, MatrixLike, Precision } from 'genmi';
import { readFeatures, readMatrix } from '../base/matrix.js';
import { checkCount, checkNumber, checkOptions, checkSeed } from '../base/options.js';
import { type FitOptions, fitOptions, Pace } from '../base/pace.js';
import { Random } from '../base/random.js';
import { outOfRange } from '../errors.js';
import { checkSaved, type Estimator, fitted, type SavedModel } from './estimator.js';
import { type Nearest, nearest, squaredDistance } from './nearest.js';

/** Options of `KMeans`. */
export interface KMeansOptions {
  /** The number of clusters; default 8. */
  clusters?: number | undefined;
  /** Runs from different centres, of which the one with the smallest inertia is kept; default 10. */
  restarts?: number | undefined;
  /** The most iterations of a run; default 300. */
  maxIterations?: number | undefined;
  /** A run ends when the centres move less: sum of squares <= tolerance x mean variance of a feature; default 1e-4. */
  tolerance?: number | undefined;
  /** The seed of all random choices, an integer; default 0. */
  seed?: number | undefined;
  /** K x d centres to start from, instead of random ones and restarts. */
  start?: MatrixLike | undefined;
}

/** A fitted k-means as a plain object. */
export interface KMeansModel extends SavedModel {
  readonly estimator: 'k-means';
  readonly version: 1;
  readonly options: { clusters: number; restarts: number; maxIterations: number; tolerance: number; seed: number };
  readonly centers: number[][];
  readonly labels: number[];
  readonly inertia: number;
  readonly iterations: number;
}

interface Fit {
  readonly centers: Matrix<Float64Array>;
  readonly labels: Int32Array;
  readonly inertia: number;
  readonly iterations: number;
}

/**
 * k-means clustering: minimises the inertia, the sum of squared distances of samples to the centre of their cluster.
 *
 * A cluster that loses its last sample gets the sample farthest from its centre. Float32 and float64 features give
 * float64 centres. Cost of an iteration: O(N K d), less where the centres hardly move: bounds of distances (Hamerly)
 * then tell most samples' labels. Of `restarts` runs each needs about 10 to 50 iterations.
 *
 * @see Lloyd, IEEE Trans. Inf. Theory 28 (1982); Arthur and Vassilvitskii, SODA 2007; Hamerly, SDM 2010; scikit-learn's
 *   `KMeans`
 */
export class KMeans implements Estimator<KMeansModel> {
  readonly #options: KMeansModel['options'];
  readonly #start: Matrix | undefined;
  #fit: Fit | undefined;

  /** @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE */
  constructor(options: KMeansOptions = {}) {
    checkOptions(options, ['clusters', 'restarts', 'maxIterations', 'tolerance', 'seed', 'start']);
    const { clusters, restarts = 10, maxIterations = 300, tolerance = 1e-4, seed = 0, start } = options;
    this.#start = start === undefined ? undefined : readMatrix('start', start);
    const given = this.#start?.shape[0];
    this.#options = {
      clusters: checkCount('clusters', clusters ?? given ?? 8),
      restarts: checkCount('restarts', restarts),
      maxIterations: checkCount('maxIterations', maxIterations),
      tolerance: checkNumber('tolerance', tolerance, { min: 0 }),
      seed: checkSeed(seed),
    };
    if (given !== undefined && given !== this.#options.clusters) {
      throw outOfRange('start', `${this.#options.clusters} rows, one for each cluster`, `${given}`);
    }
  }

  get labels(): Int32Array {
    return fitted(this.#fit, 'KMeans').labels;
  }

  /** K x d centres of the clusters. */
  get centers(): Matrix<Float64Array> {
    return fitted(this.#fit, 'KMeans').centers;
  }

  /** The sum of squared distances of all samples to their centres. */
  get inertia(): number {
    return fitted(this.#fit, 'KMeans').inertia;
  }

  /** Iterations of the run that was kept. */
  get iterations(): number {
    return fitted(this.#fit, 'KMeans').iterations;
  }

  /** @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE, also for fewer samples than clusters */
  async fit(x: MatrixLike, options: FitOptions = {}): Promise<this> {
    checkOptions(options, fitOptions);
    const pace = new Pace(options);
    const matrix = readMatrix('x', x);
    const [n, d] = matrix.shape;
    const { clusters, seed } = this.#options;
    if (n < clusters) throw outOfRange('x', `at least ${clusters} rows for as many clusters`, `${n}`);
    if (this.#start && this.#start.shape[1] !== d) {
      throw outOfRange('start', `${d} columns, as x has`, `${this.#start.shape[1]}`);
    }
    const runs = this.#start ? 1 : this.#options.restarts;
    let best: Fit | undefined;
    for (let run = 0; run < runs && !(best && pace.stopped); run++) {
      const share = (done: number) => (run + done) / runs;
      const start = this.#start
        ? Float64Array.from(this.#start.data)
        : await plusPlus(matrix, clusters, new Random(seed, run), pace, share(0));
      const result = await lloyd(matrix, start, this.#options, pace, share);
      if (!best || result.inertia < best.inertia) best = result;
      pace.standing = { objective: -best.inertia, clusters };
    }
    await pace.end();
    this.#fit = best;
    return this;
  }

  async fitPredict(x: MatrixLike, options: FitOptions = {}): Promise<Int32Array> {
    return (await this.fit(x, options)).labels;
  }

  predict(x: MatrixLike): Int32Array {
    return this.#assign(x).labels;
  }

  /**
   * N x K probabilities of equal spherical normal densities about the centres, whose variance is that of the data of fit
   * about its centres, inertia / (N d). The likeliest cluster of a row is that of `predict`.
   */
  predictProba(x: MatrixLike): Matrix<Float64Array> {
    const { centers, inertia, labels: known } = fitted(this.#fit, 'KMeans');
    const [k, d] = centers.shape;
    const { data, shape } = readFeatures(x, d);
    const n = shape[0];
    const { labels, squared } = this.#assign({ data, shape });
    // Without any spread, all of the probability is at the nearest centre.
    const scale = Math.max(Number.MIN_VALUE, (2 * inertia) / (known.length * d));
    const probabilities = new Float64Array(n * k);
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let c = 0; c < k; c++) {
        const beyond = c === labels[i] ? 0 : squaredDistance(data, i * d, centers.data, c * d, d) - squared[i];
        sum += probabilities[i * k + c] = Math.exp(-Math.max(0, beyond) / scale);
      }
      for (let c = 0; c < k; c++) probabilities[i * k + c] /= sum;
    }
    return { data: probabilities, shape: [n, k] };
  }

  /** Minus the inertia of these samples. */
  score(x: MatrixLike): number {
    return -this.#assign(x).squared.reduce((sum, squared) => sum + squared, 0);
  }

  #assign(x: MatrixLike): Assignment {
    const { data, shape } = fitted(this.#fit, 'KMeans').centers;
    const matrix = readFeatures(x, shape[1]);
    const assignment = newAssignment(matrix.shape[0]);
    assign(matrix.data, data, shape[1], assignment, 0, matrix.shape[0]);
    return assignment;
  }

  save(): KMeansModel {
    const { centers, labels, inertia, iterations } = fitted(this.#fit, 'KMeans');
    const [k, d] = centers.shape;
    const rows = Array.from({ length: k }, (_, c) => Array.from(centers.data.subarray(c * d, (c + 1) * d)));
    const results = { centers: rows, labels: Array.from(labels), inertia, iterations };
    return { estimator: 'k-means', version: 1, options: { ...this.#options }, ...results };
  }

  /** The estimator that `save` wrote. @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE */
  static load(model: KMeansModel): KMeans {
    const { options, centers, labels, inertia, iterations } = checkSaved(model, 'k-means', 1);
    const loaded = new KMeans(options);
    const matrix = readMatrix('model.centers', centers) as Matrix<Float64Array>;
    loaded.#fit = { centers: matrix, labels: Int32Array.from(labels), inertia, iterations };
    return loaded;
  }
}

interface Assignment {
  readonly labels: Int32Array;
  readonly squared: Float64Array;
}

const newAssignment = (n: number): Assignment => ({ labels: new Int32Array(n), squared: new Float64Array(n) });

/** Finds the nearest centres of the rows from `first` to `end` - 1. `fit` ends with it too: `predict` gives its labels. */
function assign(
  data: Precision,
  centers: Float64Array,
  d: number,
  { labels, squared }: Assignment,
  first: number,
  end: number,
): void {
  const k = centers.length / d;
  const found: Nearest = { label: 0, squared: 0, second: 0 };
  for (let i = first; i < end; i++) {
    nearest(data, i * d, centers, k, d, found);
    labels[i] = found.label;
    squared[i] = found.squared;
  }
}

/** Rows between two looks at the clock: about a million numbers. */
const rowsOfPiece = (k: number, d: number): number => Math.max(1, Math.floor(2 ** 20 / (k * d)));

/**
 * Draws starting centres: each with a probability that grows with its squared distance to the ones before, and the best
 * of 2 + log K draws.
 */
async function plusPlus(
  { data, shape: [n, d] }: Matrix,
  k: number,
  random: Random,
  pace: Pace,
  done: number,
): Promise<Float64Array> {
  const centers = new Float64Array(k * d);
  const draws = 2 + Math.floor(Math.log(k));
  let nearestSquared = new Float64Array(n).fill(Infinity);
  let candidate = new Float64Array(n);
  let best = new Float64Array(n);
  let potential = Infinity;
  for (let c = 0; c < k; c++) {
    let [chosen, least] = [0, Infinity];
    for (let draw = 0; draw < (c === 0 ? 1 : draws); draw++) {
      const sample = c === 0 ? random.below(n) : drawIndex(nearestSquared, potential * random.uniform());
      const sum = closer(data, d, sample, nearestSquared, candidate);
      if (sum < least) {
        [chosen, least] = [sample, sum];
        [best, candidate] = [candidate, best];
      }
      if (pace.due) await pace.rest(done);
    }
    [nearestSquared, best] = [best, nearestSquared];
    potential = least;
    centers.set(data.subarray(chosen * d, (chosen + 1) * d), c * d);
  }
  return centers;
}

/** Writes each sample's squared distance to the nearest centre, `sample` included, and returns their sum. */
function closer(data: Precision, d: number, sample: number, before: Float64Array, after: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < before.length; i++) {
    after[i] = Math.min(before[i], squaredDistance(data, i * d, data, sample * d, d));
    sum += after[i];
  }
  return sum;
}

/** The first index at which the running sum of weights exceeds `target`. */
function drawIndex(weights: Float64Array, target: number): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    sum += weights[i];
    if (sum > target) return i;
  }
  return weights.length - 1;
}

/** Labels of samples, with bounds of distances that spare most of their computation. */
interface Bounded {
  readonly labels: Int32Array;
  /** At least the distance to the own centre. */
  readonly upper: Float64Array;
  /** At most the distance to every other centre. */
  readonly lower: Float64Array;
}

/** Bounds must differ by more than the rounding of the distances that they are made of. */
const MARGIN = 1 + 1e-9;

async function lloyd(
  matrix: Matrix,
  centers: Float64Array,
  { maxIterations, tolerance }: { maxIterations: number; tolerance: number },
  pace: Pace,
  share: (done: number) => number,
): Promise<Fit> {
  const { data, shape } = matrix;
  const [n, d] = shape;
  const k = centers.length / d;
  const least = tolerance === 0 ? 0 : tolerance * meanVariance(matrix);
  const bounded: Bounded = {
    labels: new Int32Array(n).fill(-1),
    upper: new Float64Array(n),
    lower: new Float64Array(n),
  };
  const piece = rowsOfPiece(k, d);
  let iterations = 0;
  for (let ended = false; !ended && iterations < maxIterations; iterations++) {
    const half = halfSeparations(centers, k, d);
    let changed = 0;
    for (let first = 0; first < n; first += piece) {
      changed += relabel(data, centers, d, half, bounded, first, Math.min(n, first + piece));
      if (pace.due) await pace.rest(share(iterations / maxIterations));
    }
    const moved = meansOf(matrix, bounded.labels, centers);
    const shifts = Float64Array.from({ length: k }, (_, c) => squaredDistance(moved, c * d, centers, c * d, d));
    centers = moved;
    loosen(bounded, shifts.map(Math.sqrt));
    ended = changed === 0 || shifts.reduce((sum, shift) => sum + shift, 0) <= least || pace.stopped;
  }
  const assignment = newAssignment(n);
  for (let first = 0; first < n; first += piece) {
    assign(data, centers, d, assignment, first, Math.min(n, first + piece));
    if (pace.due) await pace.rest(share(1));
  }
  const inertia = assignment.squared.reduce((sum, squared) => sum + squared, 0);
  return { centers: { data: centers, shape: [k, d] }, labels: assignment.labels, inertia, iterations };
}

/** Half the distance of each centre to the nearest other one: a sample closer than this has no nearer centre. */
function halfSeparations(centers: Float64Array, k: number, d: number): Float64Array {
  const half = new Float64Array(k).fill(Infinity);
  for (let a = 0; a < k; a++) {
    for (let b = 0; b < a; b++) {
      const separation = Math.sqrt(squaredDistance(centers, a * d, centers, b * d, d)) / 2;
      half[a] = Math.min(half[a], separation);
      half[b] = Math.min(half[b], separation);
    }
  }
  return half;
}

/** Finds the nearest centres of some rows, and returns the number of labels that changed. */
function relabel(
  data: Precision,
  centers: Float64Array,
  d: number,
  half: Float64Array,
  { labels, upper, lower }: Bounded,
  first: number,
  end: number,
): number {
  const k = centers.length / d;
  const found: Nearest = { label: 0, squared: 0, second: 0 };
  let changed = 0;
  for (let i = first; i < end; i++) {
    const label = labels[i];
    if (label >= 0) {
      const bound = Math.max(half[label], lower[i]);
      if (upper[i] * MARGIN < bound) continue;
      upper[i] = Math.sqrt(squaredDistance(data, i * d, centers, label * d, d));
      if (upper[i] * MARGIN < bound) continue;
    }
    nearest(data, i * d, centers, k, d, found);
    upper[i] = Math.sqrt(found.squared);
    lower[i] = Math.sqrt(found.second);
    if (found.label !== label) changed += 1;
    labels[i] = found.label;
  }
  return changed;
}

/** Keeps the bounds true after centres moved by these distances. */
function loosen({ labels, upper, lower }: Bounded, shifts: Float64Array): void {
  const largest = shifts.reduce((a, b) => Math.max(a, b), 0);
  for (let i = 0; i < labels.length; i++) {
    upper[i] += shifts[labels[i]];
    lower[i] -= largest;
  }
}

/** The means of the clusters; an empty cluster takes the sample farthest from its centre out of that one's cluster. */
function meansOf({ data, shape: [n, d] }: Matrix, labels: Int32Array, centers: Float64Array): Float64Array {
  const k = centers.length / d;
  const sums = new Float64Array(k * d);
  const counts = new Float64Array(k);
  for (let i = 0; i < n; i++) {
    const to = labels[i] * d;
    counts[labels[i]] += 1;
    for (let j = 0; j < d; j++) sums[to + j] += data[i * d + j];
  }
  const empty = [...counts.keys()].filter((c) => counts[c] === 0);
  if (empty.length > 0) {
    const far = farthest(data, labels, centers, d, empty.length);
    for (const [e, i] of far.entries()) {
      for (let j = 0; j < d; j++) {
        sums[labels[i] * d + j] -= data[i * d + j];
        sums[empty[e] * d + j] = data[i * d + j];
      }
      counts[labels[i]] -= 1;
      counts[empty[e]] = 1;
    }
  }
  // A cluster without samples, where there are fewer distinct samples than clusters, keeps its centre.
  return sums.map((sum, e) => {
    const count = counts[Math.floor(e / d)];
    return count === 0 ? centers[e] : sum / count;
  });
}

/** At most `count` samples, the farthest from their centres first; samples at their centres are none. */
function farthest(
  data: Precision,
  labels: Int32Array,
  centers: Float64Array,
  d: number,
  count: number,
): readonly number[] {
  const squared = Float64Array.from(labels, (label, i) => squaredDistance(data, i * d, centers, label * d, d));
  const order = Array.from(squared.keys()).sort((a, b) => squared[b] - squared[a] || a - b);
  return order.slice(0, count).filter((i) => squared[i] > 0);
}

/** The mean over features of their variance. */
function meanVariance({ data, shape: [n, d] }: Matrix): number {
  const means = new Float64Array(d);
  for (let e = 0; e < data.length; e++) means[e % d] += data[e] / n;
  let sum = 0;
  for (let e = 0; e < data.length; e++) sum += (data[e] - means[e % d]) ** 2;
  return sum / data.length;
}
