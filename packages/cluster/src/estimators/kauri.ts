/** The Kauri tree: clusters by rules on single features, grown for a kernel k-means objective. */
import { Affinity, type Kernel, type KernelOptions, type Matrix, type MatrixLike } from 'genmi';
import { countUpTo } from '../base/labels.js';
import { readFeatures, readMatrix } from '../base/matrix.js';
import { checkCount, checkOptions, checkSeed } from '../base/options.js';
import { type FitOptions, fitOptions, Pace } from '../base/pace.js';
import { Random } from '../base/random.js';
import { invalidType, outOfRange } from '../errors.js';
import { checkSaved, type Estimator, fitted, type SavedModel } from './estimator.js';
import { checkAffinity, kernelOptions } from './gemini-geometry.js';
import { KauriGrowth } from './kauri-growth.js';
import { DenseKernelSums, type KernelSums, LinearKernelSums } from './kernel-sums.js';
import { describeTree, predictTree, type RuleFeature, type Tree } from './tree.js';

/** A kernel with its parameters. */
export type KernelChoice = Kernel | Pick<KernelOptions, 'kernel' | 'gamma' | 'degree' | 'coef0'>;

/** Options of `Kauri`. */
export interface KauriOptions {
  /** The most clusters; default 3. */
  maxClusters?: number | undefined;
  /** The most rules on a path; default no limit. */
  maxDepth?: number | undefined;
  /** The least samples of a leaf that is split; default 2, at least 2 `minSamplesLeaf`. */
  minSamplesSplit?: number | undefined;
  /** The least samples of a leaf; default 1. */
  minSamplesLeaf?: number | undefined;
  /** Look only at this number of random features in each step; default all. */
  maxFeatures?: number | undefined;
  /** The most leaves, >= 2; default no limit. */
  maxLeaves?: number | undefined;
  /** The kernel; default `'linear'`, with which the objective is that of k-means. */
  kernel?: KernelChoice | undefined;
  /** The seed of the random features, an integer; default 0. */
  seed?: number | undefined;
}

/** Options of `fit` and `score` of a Kauri tree. */
export interface KauriFitOptions extends FitOptions {
  /** A kernel affinity over the samples of x, instead of the estimator's kernel; rules are on the features of x. */
  affinity?: Affinity | undefined;
}

/** A fitted Kauri tree as a plain object. */
export interface KauriModel extends SavedModel {
  readonly estimator: 'kauri';
  readonly version: 1;
  readonly options: KauriOptions;
  readonly columns: number;
  readonly tree: Tree;
  readonly labels: number[];
  readonly objective: number;
}

interface Fit {
  readonly columns: number;
  readonly tree: Tree;
  readonly labels: Int32Array;
  readonly objective: number;
}

/**
 * A decision tree without labels. It maximises L = sum_k sigma(C_k, C_k) / |C_k|, where sigma(A, B) is the sum of kernel
 * entries between A and B: N times the squared one-vs-all MMD, plus a constant.
 *
 * Each step makes the split with the largest gain of all leaves, features and thresholds: a child becomes a new cluster,
 * or both do, or a child joins another cluster, or both join different ones. A rule is x <= the value of the left
 * child's last sample; equal values stay together. Gains within 1e-12 of the kernel's size are equal: the first of them,
 * by leaf, feature, threshold and clusters, is taken. Without a gain the tree is ready.
 *
 * Cost: O(N d K) a step, and once for each leaf of n samples O(n d^2) for the linear kernel, O(n^2 d) for others, which
 * need N^2 numbers of memory.
 *
 * @see Ohl et al., "Kernel KMeans clustering splits for end-to-end unsupervised decision trees", arXiv:2402.12232
 */
export class Kauri implements Estimator<KauriModel> {
  readonly #options: KauriOptions;
  #fit: Fit | undefined;

  /** @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE */
  constructor(options: KauriOptions = {}) {
    checkOptions(options, [
      'maxClusters',
      'maxDepth',
      'minSamplesSplit',
      'minSamplesLeaf',
      'maxFeatures',
      'maxLeaves',
      'kernel',
      'seed',
    ]);
    const { maxClusters = 3, maxDepth, minSamplesLeaf = 1, minSamplesSplit = 2 } = options;
    const { maxFeatures, maxLeaves, seed = 0, kernel = 'linear' } = options;
    checkCount('maxClusters', maxClusters);
    checkCount('minSamplesLeaf', minSamplesLeaf);
    checkCount('minSamplesSplit', minSamplesSplit, Math.max(2, 2 * minSamplesLeaf));
    if (maxDepth !== undefined) checkCount('maxDepth', maxDepth);
    if (maxFeatures !== undefined) checkCount('maxFeatures', maxFeatures);
    if (maxLeaves !== undefined) checkCount('maxLeaves', maxLeaves, 2);
    const copied = typeof kernel === 'object' ? { ...kernel } : kernel;
    const given = { maxClusters, minSamplesSplit, minSamplesLeaf, kernel: copied, seed: checkSeed(seed) };
    this.#options = {
      ...given,
      ...(maxDepth !== undefined && { maxDepth }),
      ...(maxFeatures !== undefined && { maxFeatures }),
      ...(maxLeaves !== undefined && { maxLeaves }),
    };
    // genmi knows the names and parameters of kernels: a trial says what is wrong with them.
    if (kernel !== 'linear') Affinity.kernel([[1]], kernelOptions(kernel)).dispose();
  }

  get labels(): Int32Array {
    return fitted(this.#fit, 'Kauri').labels;
  }

  /** The nodes of the tree, the root first. */
  get tree(): Tree {
    return fitted(this.#fit, 'Kauri').tree;
  }

  /** The objective L of the samples of `fit`. */
  get objective(): number {
    return fitted(this.#fit, 'Kauri').objective;
  }

  /** The number of clusters that the tree uses. */
  get clusters(): number {
    return new Set(this.labels).size;
  }

  /**
   * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE; GenmiError ERR_OUT_OF_MEMORY for a kernel that
   *   does not fit
   */
  async fit(x: MatrixLike, options: KauriFitOptions = {}): Promise<this> {
    checkOptions(options, [...fitOptions, 'affinity']);
    const pace = new Pace(options);
    const matrix = readMatrix('x', x);
    const [n, d] = matrix.shape;
    const { maxClusters = 3, maxDepth = Infinity, minSamplesLeaf = 1, minSamplesSplit = 2, seed = 0 } = this.#options;
    const { maxFeatures = d, maxLeaves = n } = this.#options;
    const sums = await this.#sums(matrix, options);
    const growth = new KauriGrowth(matrix, sums, {
      maxClusters: Math.min(n, maxClusters),
      maxDepth,
      minSamplesLeaf,
      minSamplesSplit,
      maxFeatures: Math.min(d, maxFeatures),
      maxLeaves,
    });
    await growth.grow(new Random(seed), pace);
    await pace.end();
    this.#fit = { columns: d, tree: growth.nodes, labels: growth.labels, objective: growth.objective };
    return this;
  }

  async #sums(matrix: Matrix, { affinity, signal }: KauriFitOptions): Promise<KernelSums> {
    if (affinity) return new DenseKernelSums(inFloat64(kernelOf(affinity, matrix.shape[0])));
    const options = kernelOptions(this.#options.kernel);
    if (options.kernel === 'linear') return new LinearKernelSums(matrix);
    const dense = { ...options, storage: 'dense', precision: 'float64' } as const;
    const [n, d] = matrix.shape;
    // Another thread costs more than the entries of a small kernel, which take less than 10 ms.
    const made =
      n * n * d > SMALL ? await Affinity.kernelAsync(matrix, { ...dense, signal }) : Affinity.kernel(matrix, dense);
    try {
      return new DenseKernelSums(made.toMatrix());
    } finally {
      made.dispose();
    }
  }

  async fitPredict(x: MatrixLike, options: KauriFitOptions = {}): Promise<Int32Array> {
    return (await this.fit(x, options)).labels;
  }

  predict(x: MatrixLike): Int32Array {
    const { tree, columns } = fitted(this.#fit, 'Kauri');
    return predictTree(tree, readFeatures(x, columns));
  }

  /**
   * The objective L of these samples in the clusters that the tree predicts.
   *
   * @param options `affinity`: a kernel affinity over the rows of x, instead of the estimator's kernel
   */
  score(x: MatrixLike, options: Pick<KauriFitOptions, 'affinity'> = {}): number {
    checkOptions(options, ['affinity']);
    const matrix = readFeatures(x, fitted(this.#fit, 'Kauri').columns);
    const labels = this.predict(matrix);
    if (options.affinity) return objectiveOf(kernelOf(options.affinity, matrix.shape[0]), labels);
    const kernel = kernelOptions(this.#options.kernel);
    if (kernel.kernel === 'linear') return linearObjective(matrix, labels);
    const made = Affinity.kernel(matrix, { ...kernel, precision: 'float64' });
    try {
      return objectiveOf(made.toMatrix(), labels);
    } finally {
      made.dispose();
    }
  }

  /**
   * The rules as text: indented lines, with the cluster and the number of samples of each leaf.
   *
   * @param features the features, or their names; default `x0`, `x1`, ...
   */
  rules(features?: readonly (string | RuleFeature)[]): string {
    const { tree, columns } = fitted(this.#fit, 'Kauri');
    if (features !== undefined && features.length !== columns) {
      throw outOfRange('features', `${columns}, one for each column`, `${features.length}`);
    }
    return describeTree(tree, features);
  }

  save(): KauriModel {
    const { columns, tree, labels, objective } = fitted(this.#fit, 'Kauri');
    const options = { ...this.#options };
    return { estimator: 'kauri', version: 1, options, columns, tree, labels: Array.from(labels), objective };
  }

  /** The estimator that `save` wrote. @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE */
  static load(model: KauriModel): Kauri {
    const { options, columns, tree, labels, objective } = checkSaved(model, 'kauri', 1);
    const loaded = new Kauri(options);
    loaded.#fit = { columns, tree, labels: Int32Array.from(labels), objective };
    return loaded;
  }
}

/** Products of a kernel that is computed on this thread. */
const SMALL = 2 ** 21;

function kernelOf(affinity: Affinity, n: number): Matrix {
  if (affinity.kind !== 'kernel') throw invalidType('affinity', 'a kernel', `a ${affinity.kind}`);
  checkAffinity(affinity, n);
  return affinity.toMatrix();
}

function inFloat64({ data, shape }: Matrix): Matrix {
  return { data: Float64Array.from(data), shape };
}

function objectiveOf({ data, shape: [n] }: Matrix, labels: Int32Array): number {
  const k = countUpTo(labels);
  const [sizes, sums] = [new Float64Array(k), new Float64Array(k)];
  for (let i = 0; i < n; i++) {
    sizes[labels[i]] += 1;
    for (let j = 0; j < n; j++) if (labels[i] === labels[j]) sums[labels[i]] += data[i * n + j];
  }
  return sums.reduce((total, sum, c) => total + (sizes[c] === 0 ? 0 : sum / sizes[c]), 0);
}

function linearObjective({ data, shape: [n, d] }: Matrix, labels: Int32Array): number {
  const k = countUpTo(labels);
  const [sizes, sums] = [new Float64Array(k), new Float64Array(k * d)];
  for (let i = 0; i < n; i++) {
    sizes[labels[i]] += 1;
    for (let j = 0; j < d; j++) sums[labels[i] * d + j] += data[i * d + j];
  }
  return sums.reduce((total, sum, e) => total + (sum === 0 ? 0 : (sum * sum) / sizes[Math.floor(e / d)]), 0);
}
