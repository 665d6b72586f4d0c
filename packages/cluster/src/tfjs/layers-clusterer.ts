/** The GEMINI clusterer of a TensorFlow.js model: convolutions, and any other layers. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type Affinity, type GeminiName, gemini, geminiNames, type Matrix, type MatrixLike } from 'genmi';
import { geminiLoss } from 'genmi/tfjs';
import { largestOfRows } from '../base/labels.js';
import { readFeatures, readMatrix } from '../base/matrix.js';
import { checkCount, checkNumber, checkOptions, checkSeed, oneOf } from '../base/options.js';
import { type FitOptions, fitOptions, Pace } from '../base/pace.js';
import { describe, invalidType, outOfRange } from '../errors.js';
import { probabilitiesOf } from '../estimators/certainty.js';
import { checkResumption, fingerprint } from '../estimators/checkpoint.js';
import {
  checkSaved,
  type Estimator,
  fitted,
  type Resumption,
  resumptionOptions,
  type SavedModel,
} from '../estimators/estimator.js';
import {
  affinityNow,
  affinityOf,
  checkAffinity,
  checkGeometry,
  type MetricChoice,
} from '../estimators/gemini-geometry.js';
import { plainNumbers } from '../estimators/gemini-models.js';
import { batchSizeOf } from '../estimators/gemini-training.js';
import type { KernelChoice } from '../estimators/kauri.js';
import { batchOf, type LayersPlan, type LayersTensorFlow, sampleShapeOf, trainLayers } from './layers-training.js';

/** The sizes of a model for some data. */
export interface LayersShape {
  /** The number of clusters: the units of the last layer, which has no activation. */
  readonly outputs: number;
  /** The seed of the initial values: another one for each restart. */
  readonly seed: number;
}

/** Makes a model from samples to logits, N x K; its first layer says the shape of a sample. */
export type MakeLayers = (shape: LayersShape) => LayersModel;

/** Options of `LayersClusterer`. */
export interface LayersClustererOptions {
  /** The most clusters, K; default 3. */
  clusters?: number | undefined;
  /** What is maximised; default `'mmd_ova'`. */
  objective?: GeminiName | undefined;
  /** The kernel of `'mmd_…'`; default `'linear'`. */
  kernel?: KernelChoice | undefined;
  /** The distance of `'wasserstein_…'`; default `'euclidean'`. */
  metric?: MetricChoice | undefined;
  /** Passes over the data; default 50. */
  epochs?: number | undefined;
  /** Samples of a step; default 500, `'wasserstein_…'` 200. */
  batchSize?: number | undefined;
  /** The learning rate of Adam, > 0; default 1e-3. */
  learningRate?: number | undefined;
  /** The seed of all random choices, an integer; default 0. */
  seed?: number | undefined;
  /** Trainings from other initial values, of which the one with the largest objective in its last epoch is kept; default 1. */
  restarts?: number | undefined;
}

type Settings = {
  [name in Exclude<keyof LayersClustererOptions, 'batchSize'>]-?: NonNullable<LayersClustererOptions[name]>;
};

/** Options of `fit` of a LayersClusterer. */
export interface LayersFitOptions extends FitOptions, Resumption {
  /** An affinity over the samples of x, instead of one with the estimator's kernel or metric. */
  affinity?: Affinity | undefined;
}

/** A fitted clusterer as a plain object. */
export interface LayersClustererModel extends SavedModel {
  readonly estimator: 'layers';
  readonly version: 1;
  readonly options: LayersClustererOptions;
  readonly columns: number;
  /** The layers, as TensorFlow.js writes them. */
  readonly layers: unknown;
  readonly weights: readonly { readonly data: number[]; readonly shape: readonly number[] }[];
  readonly labels: number[];
  readonly history: number[];
}

interface Fit {
  readonly columns: number;
  readonly model: LayersModel;
  readonly labels: Int32Array;
  readonly history: readonly number[];
}

const clustererOptions = [
  'clusters',
  'objective',
  'kernel',
  'metric',
  'epochs',
  'batchSize',
  'learningRate',
  'seed',
  'restarts',
] as const;

/** Samples whose logits are found at once. */
const PREDICTED = 500;

/**
 * Clusters by a TensorFlow.js model whose predictions maximise a GEMINI: as `GeminiClusterer`, for layers that
 * `genmi/networks` does not have, such as convolutions. `leNet5` and `smallResNet` make two.
 *
 * A row of x is one sample, with the numbers of its tensor in order: an image of 28 x 28 x 1 has 784 columns. Steps run on
 * this thread, and let other work run in between. The same seed gives the same bits where the engine, and all that is
 * random in the model, do; so does a fit that goes on from its checkpoint.
 *
 * @see Ohl et al., "Generalised mutual information for discriminative clustering", NeurIPS 2022, arXiv:2210.06300
 */
export class LayersClusterer implements Estimator<LayersClustererModel> {
  readonly #tf: LayersTensorFlow;
  readonly #make: MakeLayers;
  readonly #settings: Settings;
  readonly #batchSize: number | undefined;
  #fit: Fit | undefined;

  /**
   * @param tf the TensorFlow.js module of the models, with any engine
   * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE
   */
  constructor(tf: LayersTensorFlow, make: MakeLayers, options: LayersClustererOptions = {}) {
    if (typeof Object(tf).models?.modelFromJSON !== 'function') {
      throw invalidType('tf', 'the module @tensorflow/tfjs, or tfjs-node', describe(tf));
    }
    if (typeof make !== 'function') throw invalidType('make', 'a function that makes a LayersModel', describe(make));
    checkOptions(options, clustererOptions);
    const { clusters = 3, objective = 'mmd_ova', kernel = 'linear', metric = 'euclidean', epochs = 50 } = options;
    const { learningRate = 1e-3, seed = 0, restarts = 1, batchSize } = options;
    checkGeometry({ kernel, metric });
    this.#tf = tf;
    this.#make = make;
    this.#settings = {
      clusters: checkCount('clusters', clusters),
      objective: oneOf('objective', objective, geminiNames),
      kernel,
      metric,
      epochs: checkCount('epochs', epochs),
      learningRate: checkNumber('learningRate', learningRate, { min: 0, above: true }),
      seed: checkSeed(seed),
      restarts: checkCount('restarts', restarts),
    };
    this.#batchSize = batchSize === undefined ? undefined : checkCount('batchSize', batchSize);
  }

  get #options(): LayersClustererOptions {
    return { ...this.#settings, ...(this.#batchSize !== undefined && { batchSize: this.#batchSize }) };
  }

  get labels(): Int32Array {
    return fitted(this.#fit, 'LayersClusterer').labels;
  }

  /** The mean value of the objective over the steps of each epoch of the restart that was kept. */
  get history(): readonly number[] {
    return fitted(this.#fit, 'LayersClusterer').history;
  }

  /** The trained model, for `save` and the like; the next `fit` makes another one. */
  get model(): LayersModel {
    return fitted(this.#fit, 'LayersClusterer').model;
  }

  /**
   * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE, also for a model of another shape; ClusterError
   *   ERR_NOT_FINITE for a training whose numbers are no longer finite, ERR_FILE and ERR_FORMAT of a checkpoint;
   *   GenmiError of the affinity and the objective
   */
  async fit(x: MatrixLike, options: LayersFitOptions = {}): Promise<this> {
    checkOptions(options, [...fitOptions, ...resumptionOptions, 'affinity']);
    checkResumption(options);
    const pace = new Pace(options);
    const matrix = readMatrix('x', x);
    const n = matrix.shape[0];
    const { clusters, objective } = this.#settings;
    if (n < clusters) throw outOfRange('x', `at least ${clusters} rows for as many clusters`, `${n}`);
    checkAffinity(options.affinity, n);
    const { signal } = options;
    const own = options.affinity
      ? undefined
      : await affinityOf(objective, matrix, this.#settings, 'float32', { signal });
    try {
      const best = await this.#train(matrix, options.affinity ?? own, pace, options);
      await pace.end();
      this.#fit?.model.dispose();
      this.#fit = best;
    } finally {
      own?.dispose();
    }
    return this;
  }

  async #train(
    x: Matrix,
    affinity: Affinity | undefined,
    pace: Pace,
    { checkpoint, resume = false }: Resumption,
  ): Promise<Fit> {
    const { objective, clusters, ...settings } = this.#settings;
    const [n, columns] = x.shape;
    const loss = geminiLoss(this.#tf, gemini(objective, { affinity }), { from: 'logits' });
    const plan: LayersPlan = {
      ...settings,
      clusters,
      tf: this.#tf,
      make: (seed) => this.#made(columns, seed),
      x,
      loss: (logits, rows) => (affinity ? loss(logits, rows) : loss(logits)),
      batchSize: batchSizeOf(objective, n, this.#batchSize),
    };
    const file = checkpoint === undefined ? undefined : { file: checkpoint, fit: this.#fingerprint(x), resume };
    const { model, history } = await trainLayers(plan, pace, file);
    return { columns, model, labels: largestOfRows(this.#logitsOf(model, x).data, clusters), history };
  }

  /** What tells this fit from others: its data, its options and its layers. */
  #fingerprint(x: Matrix): string {
    const model = this.#made(x.shape[1], 0);
    const layers = model.layers.map((layer) => [layer.getClassName(), layer.getConfig()]);
    model.dispose();
    // TensorFlow.js counts the layers of a process in their names, and each restart has a seed of its own.
    const described = JSON.stringify(layers, (key, value) => (key === 'name' || key === 'seed' ? undefined : value));
    return fingerprint(x, { ...this.#options, layers: described });
  }

  /** A new model, whose shapes are checked. */
  #made(columns: number, seed: number): LayersModel {
    const { clusters } = this.#settings;
    const model = this.#make({ outputs: clusters, seed });
    if (typeof Object(model).trainableWeights !== 'object') {
      throw invalidType('make()', 'a LayersModel', describe(model));
    }
    const sample = sampleShapeOf(model);
    const numbers = sample.reduce((product, size) => product * size, 1);
    const outputs = model.outputs[0]?.shape.slice(1) ?? [];
    const ours = String(outputs) === String([clusters]);
    if (numbers === columns && ours) return model;
    model.dispose();
    if (!ours) throw outOfRange('make()', `a model of ${clusters} outputs`, `${outputs.join(' x ')}`);
    throw outOfRange('x', `${numbers} columns, the numbers of a sample of ${sample.join(' x ')}`, `${columns}`);
  }

  #logitsOf(model: LayersModel, x: Matrix): Matrix<Float32Array> {
    const [n, k] = [x.shape[0], this.#settings.clusters];
    const logits = new Float32Array(n * k);
    for (let first = 0; first < n; first += PREDICTED) {
      const rows = Int32Array.from({ length: Math.min(PREDICTED, n - first) }, (_, i) => first + i);
      const found = this.#tf.tidy(() => (model.apply(batchOf(this.#tf, model, x, rows)) as Tensor).dataSync());
      logits.set(found, first * k);
    }
    return { data: logits, shape: [n, k] };
  }

  #logits(x: MatrixLike): Matrix<Float32Array> {
    const { model, columns } = fitted(this.#fit, 'LayersClusterer');
    return this.#logitsOf(model, readFeatures(x, columns));
  }

  async fitPredict(x: MatrixLike, options: LayersFitOptions = {}): Promise<Int32Array> {
    return (await this.fit(x, options)).labels;
  }

  /** The likeliest cluster of each row; of equally likely ones the first. */
  predict(x: MatrixLike): Int32Array {
    return largestOfRows(this.#logits(x).data, this.#settings.clusters);
  }

  /** N x K probabilities of the clusters; each row sums to 1. */
  predictProba(x: MatrixLike): Matrix<Float64Array> {
    return probabilitiesOf(this.#logits(x), 1);
  }

  /**
   * The objective of these samples.
   *
   * @param options `affinity`: one over the rows of x, instead of one with the estimator's kernel or metric
   */
  score(x: MatrixLike, options: Pick<LayersFitOptions, 'affinity'> = {}): number {
    checkOptions(options, ['affinity']);
    const logits = this.#logits(x);
    checkAffinity(options.affinity, logits.shape[0]);
    const { objective } = this.#settings;
    const own = options.affinity ? undefined : affinityNow(objective, readMatrix('x', x), this.#settings, 'float32');
    try {
      return gemini(objective, { affinity: options.affinity ?? own }).value(logits, { from: 'logits' });
    } finally {
      own?.dispose();
    }
  }

  save(): LayersClustererModel {
    const { columns, model, labels, history } = fitted(this.#fit, 'LayersClusterer');
    const weights = model.getWeights().map((weight) => ({
      data: plainNumbers(weight.dataSync<'float32'>()),
      shape: weight.shape,
    }));
    const layers: unknown = model.toJSON(null, false);
    return {
      estimator: 'layers',
      version: 1,
      options: this.#options,
      columns,
      layers,
      weights,
      labels: Array.from(labels),
      history: [...history],
    };
  }

  /**
   * The estimator that `save` wrote; another `fit` begins with new values of the same layers.
   *
   * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE, and errors of TensorFlow.js for layers that it
   *   does not know
   */
  static async load(tf: LayersTensorFlow, make: MakeLayers, saved: LayersClustererModel): Promise<LayersClusterer> {
    const { options, columns, layers, weights, labels, history } = checkSaved(saved, 'layers', 1);
    const loaded = new LayersClusterer(tf, make, options);
    const model = await tf.models.modelFromJSON(layers as never);
    tf.tidy(() => {
      model.setWeights(weights.map(({ data, shape }) => tf.tensor(Float32Array.from(data), [...shape])));
    });
    loaded.#fit = { columns, model, labels: Int32Array.from(labels), history };
    return loaded;
  }

  /** Frees the model's tensors. */
  dispose(): void {
    this.#fit?.model.dispose();
    this.#fit = undefined;
  }
}
