/** The Douglas tree: a differentiable tree that maximises a GEMINI. */
import {
  Affinity,
  type GeminiName,
  gemini,
  geminiNames,
  type Kernel,
  type Matrix,
  type MatrixLike,
  type Metric,
  type ValueAndGrad,
} from 'genmi';
import { largestOfRows } from '../base/labels.js';
import { readFeatures, readMatrix } from '../base/matrix.js';
import { checkCount, checkNumber, checkOptions, checkSeed, oneOf } from '../base/options.js';
import { type FitOptions, fitOptions, Pace } from '../base/pace.js';
import { Random } from '../base/random.js';
import { describe, invalidType, outOfRange } from '../errors.js';
import { option } from '../messages.js';
import { Adam } from './adam.js';
import { checkSaved, type Estimator, fitted, type SavedModel } from './estimator.js';
import { checkAffinity } from './gemini-geometry.js';
import { SoftTree } from './soft-tree.js';

/** Options of `Douglas`. */
export interface DouglasOptions {
  /** The number of clusters; default 3. */
  clusters?: number | undefined;
  /** The objective; default `'wasserstein_ova'`. */
  objective?: GeminiName | undefined;
  /** The kernel of `'mmd_...'`; default `'linear'`. */
  kernel?: Kernel | undefined;
  /** The distance of `'wasserstein_...'`; default `'euclidean'`. */
  metric?: Metric | undefined;
  /** The cuts of each feature; default 1. */
  cuts?: number | undefined;
  /** The columns with cuts; default all. At most a million leaves: (cuts + 1)^columns. */
  features?: readonly number[] | undefined;
  /** The softness of bins, > 0; default 0.1. */
  temperature?: number | undefined;
  /** Passes over the data; default 100. */
  epochs?: number | undefined;
  /** The learning rate of Adam, > 0; default 1e-2. */
  learningRate?: number | undefined;
  /** Samples of a step; default all. */
  batchSize?: number | undefined;
  /** The seed of the first parameters and of the order of samples, an integer; default 0. */
  seed?: number | undefined;
  /** Parameters to start from instead of random ones: F x cuts cuts, and leaves x K scores. */
  start?: { readonly cutPoints: MatrixLike; readonly scores: MatrixLike } | undefined;
}

type Settings = {
  [name in Exclude<keyof DouglasOptions, 'features' | 'batchSize' | 'start'>]-?: NonNullable<DouglasOptions[name]>;
};

/** Options of `fit` of a Douglas tree. */
export interface DouglasFitOptions extends FitOptions {
  /** An affinity over the samples of x, instead of one with the estimator's kernel or metric. */
  affinity?: Affinity | undefined;
}

/** A fitted Douglas tree as a plain object. */
export interface DouglasModel extends SavedModel {
  readonly estimator: 'douglas';
  readonly version: 1;
  readonly options: DouglasOptions;
  readonly columns: number;
  readonly features: number[];
  readonly cutPoints: number[][];
  readonly scores: number[][];
  readonly labels: number[];
  readonly history: number[];
}

interface Fit {
  readonly columns: number;
  readonly tree: SoftTree;
  readonly labels: Int32Array;
  readonly history: readonly number[];
}

/** The objective of some rows' logits, and its gradient. */
type Evaluate = (logits: Matrix<Float64Array>, rows: Int32Array) => Promise<ValueAndGrad<Float64Array>>;

/** The cuts of one feature. */
export interface FeatureCuts {
  readonly feature: number;
  /** In rising order. */
  readonly cuts: readonly number[];
}

const MOST_LEAVES = 1e6;

/**
 * A soft decision tree: each feature is cut into soft bins, each combination of bins is a leaf with a score for each
 * cluster, and cuts and scores are trained to maximise a GEMINI.
 *
 * Cuts and scores start as N(0, 1): standardise the features. Cost of an epoch: O(N K (cuts + 1)^F) for F features, and
 * the objective.
 *
 * @see Yang, Morillo and Hospedales, "Deep neural decision trees", arXiv:1806.06988; `Douglas` of gemclus 1.1.1
 */
export class Douglas implements Estimator<DouglasModel> {
  readonly #settings: Settings;
  readonly #features: readonly number[] | undefined;
  readonly #batchSize: number | undefined;
  readonly #given: { readonly cutPoints: Matrix; readonly scores: Matrix } | undefined;
  #fit: Fit | undefined;

  /** @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE */
  constructor(options: DouglasOptions = {}) {
    checkOptions(options, [
      'clusters',
      'objective',
      'kernel',
      'metric',
      'cuts',
      'features',
      'temperature',
      'epochs',
      'learningRate',
      'batchSize',
      'seed',
      'start',
    ]);
    const { clusters = 3, objective = 'wasserstein_ova', kernel = 'linear', metric = 'euclidean', cuts = 1 } = options;
    const { temperature = 0.1, epochs = 100, learningRate = 1e-2, seed = 0, batchSize, features, start } = options;
    this.#settings = {
      clusters: checkCount('clusters', clusters),
      objective: oneOf('objective', objective, geminiNames),
      kernel,
      metric,
      cuts: checkCount('cuts', cuts),
      temperature: checkNumber('temperature', temperature, { min: 0, above: true }),
      epochs: checkCount('epochs', epochs),
      learningRate: checkNumber('learningRate', learningRate, { min: 0, above: true }),
      seed: checkSeed(seed),
    };
    this.#batchSize = batchSize === undefined ? undefined : checkCount('batchSize', batchSize);
    this.#features = features === undefined ? undefined : readColumns(features);
    if (start !== undefined) {
      checkOptions(start, ['cutPoints', 'scores'], 'start');
      const scores = readMatrix('start.scores', start.scores);
      this.#given = { cutPoints: readMatrix('start.cutPoints', start.cutPoints), scores };
    }
    // genmi knows the names of kernels and metrics: a trial says what is wrong with them.
    this.#affinityOf({ data: Float64Array.of(1, 2), shape: [2, 1] })?.dispose();
  }

  get labels(): Int32Array {
    return fitted(this.#fit, 'Douglas').labels;
  }

  /** The mean value of the objective over the steps of each epoch. */
  get history(): readonly number[] {
    return fitted(this.#fit, 'Douglas').history;
  }

  /** The cuts of each feature that has some. */
  get cutPoints(): readonly FeatureCuts[] {
    const { shape, cutPoints } = fitted(this.#fit, 'Douglas').tree;
    return shape.features.map((feature, f) => {
      const own = cutPoints.slice(f * shape.cuts, (f + 1) * shape.cuts);
      return { feature, cuts: Array.from(own.sort()) };
    });
  }

  /** leaves x K scores; the bins of the last feature change fastest. */
  get scores(): Matrix<Float64Array> {
    const { scores, shape } = fitted(this.#fit, 'Douglas').tree;
    return { data: scores, shape: [scores.length / shape.clusters, shape.clusters] };
  }

  /**
   * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE, also for more than a million leaves; GenmiError
   *   of the affinity and the objective
   */
  async fit(x: MatrixLike, options: DouglasFitOptions = {}): Promise<this> {
    checkOptions(options, [...fitOptions, 'affinity']);
    const pace = new Pace(options);
    const matrix = readMatrix('x', x);
    const [n, columns] = matrix.shape;
    const { clusters, seed } = this.#settings;
    if (n < clusters) throw outOfRange('x', `at least ${clusters} rows for as many clusters`, `${n}`);
    const own = options.affinity ? undefined : this.#affinityOf(matrix);
    const affinity = options.affinity ?? own;
    checkAffinity(affinity, n);
    try {
      const random = new Random(seed);
      const tree = this.#start(columns, random);
      const objective = gemini(this.#settings.objective, { affinity });
      const evaluate: Evaluate = (logits, rows) =>
        objective.valueAndGradAsync(logits, { from: 'logits', signal: options.signal, ...(affinity && { rows }) });
      const history = await this.#train(tree, matrix, evaluate, random, pace);
      await pace.end();
      this.#fit = { columns, tree, labels: largestOfRows(logitsOf(tree, matrix).data, clusters), history };
    } finally {
      own?.dispose();
    }
    return this;
  }

  #affinityOf(x: Matrix): Affinity | undefined {
    const { objective, kernel, metric } = this.#settings;
    if (objective.startsWith('mmd')) return Affinity.kernel(x, { kernel, precision: 'float64' });
    if (objective.startsWith('wasserstein')) return Affinity.distance(x, { metric, precision: 'float64' });
    return undefined;
  }

  #start(columns: number, random: Random): SoftTree {
    const { clusters, cuts, temperature } = this.#settings;
    const features = this.#features ?? Array.from({ length: columns }, (_, j) => j);
    const outside = features.find((feature) => feature >= columns);
    if (outside !== undefined) throw outOfRange('features', `columns below ${columns}`, `${outside}`);
    const shape = { features, cuts, clusters, temperature };
    const leaves = (cuts + 1) ** features.length;
    if (leaves > MOST_LEAVES) {
      const remedy = ['name fewer columns', [' by ', option('features')], [', or take fewer ', option('cuts')]];
      throw outOfRange('features', `at most ${MOST_LEAVES} leaves`, `${cuts + 1}^${features.length}`, remedy);
    }
    if (this.#given) {
      checkShape('start.cutPoints', this.#given.cutPoints, features.length, cuts);
      checkShape('start.scores', this.#given.scores, leaves, clusters);
      const { cutPoints, scores } = this.#given;
      return newTree(shape, Float64Array.from(cutPoints.data), Float64Array.from(scores.data));
    }
    const cutPoints = Float64Array.from({ length: features.length * cuts }, () => random.normal());
    const scores = Float64Array.from({ length: leaves * clusters }, () => random.normal());
    return newTree(shape, cutPoints, scores);
  }

  async #train(tree: SoftTree, x: Matrix, evaluate: Evaluate, random: Random, pace: Pace): Promise<number[]> {
    const n = x.shape[0];
    const { epochs, learningRate } = this.#settings;
    const size = Math.min(n, this.#batchSize ?? n);
    const adam = new Adam([tree.cutPoints, tree.scores], learningRate);
    const history: number[] = [];
    for (let epoch = 0; epoch < epochs && !pace.stopped; epoch++) {
      const order = random.permutation(n);
      let [sum, steps] = [0, 0];
      for (let first = 0; first < n && !(steps > 0 && pace.stopped); first += size) {
        const rows = order.slice(first, first + size);
        const { value, gradients } = await stepOf(tree, x, rows, evaluate);
        adam.step(gradients);
        tree.sort();
        sum += value;
        steps += 1;
        if (pace.due) await pace.rest((epoch + first / n) / epochs);
      }
      history.push(sum / steps);
      pace.standing = { objective: sum / steps, clusters: this.#settings.clusters };
    }
    return history;
  }

  async fitPredict(x: MatrixLike, options: DouglasFitOptions = {}): Promise<Int32Array> {
    return (await this.fit(x, options)).labels;
  }

  #logits(x: MatrixLike): Matrix<Float64Array> {
    const { tree, columns } = fitted(this.#fit, 'Douglas');
    return logitsOf(tree, readFeatures(x, columns));
  }

  /** The likeliest cluster of each row; of equally likely ones the first. */
  predict(x: MatrixLike): Int32Array {
    return largestOfRows(this.#logits(x).data, this.#settings.clusters);
  }

  /** N x K probabilities of the clusters; each row sums to 1. */
  predictProba(x: MatrixLike): Matrix<Float64Array> {
    const { data, shape } = this.#logits(x);
    const k = shape[1];
    for (let at = 0; at < data.length; at += k) {
      const row = data.subarray(at, at + k);
      const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
      for (let c = 0; c < k; c++) row[c] = Math.exp(row[c] - largest);
      const sum = row.reduce((a, b) => a + b, 0);
      for (let c = 0; c < k; c++) row[c] /= sum;
    }
    return { data, shape };
  }

  /**
   * The objective of these samples.
   *
   * @param options `affinity`: one over the rows of x, instead of one with the estimator's kernel or metric
   */
  score(x: MatrixLike, options: Pick<DouglasFitOptions, 'affinity'> = {}): number {
    checkOptions(options, ['affinity']);
    const logits = this.#logits(x);
    const own = options.affinity ? undefined : this.#affinityOf(readMatrix('x', x));
    try {
      return gemini(this.#settings.objective, { affinity: options.affinity ?? own }).value(logits, { from: 'logits' });
    } finally {
      own?.dispose();
    }
  }

  /** The features that decide something for these samples: all samples on one side of all cuts decide nothing. */
  findActivePoints(x: MatrixLike): number[] {
    const { data, shape } = readFeatures(x, fitted(this.#fit, 'Douglas').columns);
    const [n, d] = shape;
    return this.cutPoints.flatMap(({ feature, cuts }) => {
      const [least, most] = [cuts[0], cuts[cuts.length - 1]];
      let [above, below] = [false, false];
      for (let i = 0; i < n; i++) {
        above ||= data[i * d + feature] > least;
        below ||= data[i * d + feature] < most;
      }
      return above && below ? [feature] : [];
    });
  }

  save(): DouglasModel {
    const { columns, tree, labels, history } = fitted(this.#fit, 'Douglas');
    const { shape, cutPoints, scores } = tree;
    const rows = (values: Float64Array, width: number) =>
      Array.from({ length: values.length / width }, (_, i) => Array.from(values.subarray(i * width, (i + 1) * width)));
    return {
      estimator: 'douglas',
      version: 1,
      options: {
        ...this.#settings,
        ...(this.#features && { features: [...this.#features] }),
        ...(this.#batchSize !== undefined && { batchSize: this.#batchSize }),
      },
      columns,
      features: [...shape.features],
      cutPoints: rows(cutPoints, shape.cuts),
      scores: rows(scores, shape.clusters),
      labels: Array.from(labels),
      history: [...history],
    };
  }

  /** The estimator that `save` wrote. @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE */
  static load(model: DouglasModel): Douglas {
    const { options, columns, features, cutPoints, scores, labels, history } = checkSaved(model, 'douglas', 1);
    const loaded = new Douglas(options);
    const { cuts, clusters, temperature } = loaded.#settings;
    const [points, leaves] = [readMatrix('model.cutPoints', cutPoints), readMatrix('model.scores', scores)];
    checkShape('model.cutPoints', points, features.length, cuts);
    checkShape('model.scores', leaves, (cuts + 1) ** features.length, clusters);
    const shape = { features, cuts, clusters, temperature };
    const tree = newTree(shape, Float64Array.from(points.data), Float64Array.from(leaves.data));
    loaded.#fit = { columns, tree, labels: Int32Array.from(labels), history };
    return loaded;
  }
}

function readColumns(features: readonly number[]): readonly number[] {
  if (!Array.isArray(features)) throw invalidType('features', 'an array of column numbers', describe(features));
  if (features.length === 0) throw outOfRange('features', 'at least one column', 'none');
  for (const [i, feature] of features.entries()) checkCount(`features[${i}]`, feature, 0);
  if (new Set(features).size < features.length) throw outOfRange('features', 'each column once', 'one twice');
  return [...features];
}

function checkShape(argument: string, { shape }: Matrix, rows: number, columns: number): void {
  if (shape[0] === rows && shape[1] === columns) return;
  throw outOfRange(argument, `a ${rows} x ${columns} matrix`, `one of ${shape[0]} x ${shape[1]}`);
}

function newTree(shape: SoftTree['shape'], cutPoints: Float64Array, scores: Float64Array): SoftTree {
  const tree = new SoftTree(shape, cutPoints, scores);
  tree.sort();
  return tree;
}

/** The value of the objective for some rows, and the gradients of its negative with respect to cuts and scores. */
async function stepOf(
  tree: SoftTree,
  x: Matrix,
  rows: Int32Array,
  evaluate: Evaluate,
): Promise<{ value: number; gradients: [Float64Array, Float64Array] }> {
  const k = tree.shape.clusters;
  const logits = new Float64Array(rows.length * k);
  for (let i = 0; i < rows.length; i++) tree.forward(x, rows[i], logits, i * k);
  const { value, gradient } = await evaluate({ data: logits, shape: [rows.length, k] }, rows);
  const descent = gradient.data.map((g) => -g);
  const gradients: [Float64Array, Float64Array] = [
    new Float64Array(tree.cutPoints.length),
    new Float64Array(tree.scores.length),
  ];
  for (let i = 0; i < rows.length; i++) tree.backward(x, rows[i], descent, i * k, ...gradients);
  return { value, gradients };
}

function logitsOf(tree: SoftTree, x: Matrix): Matrix<Float64Array> {
  const [n, k] = [x.shape[0], tree.shape.clusters];
  const data = new Float64Array(n * k);
  for (let i = 0; i < n; i++) tree.forward(x, i, data, i * k);
  return { data, shape: [n, k] };
}
