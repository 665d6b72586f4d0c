/** The GEMINI clusterer: a network that is trained to maximise a generalised mutual information. */
import { type Affinity, add, gemini, type Matrix, type MatrixLike, type Objective } from 'genmi';
import type { Network, Parameter } from 'genmi/networks';
import { largestOfRows } from '../base/labels.js';
import { readFeatures, readMatrix } from '../base/matrix.js';
import { checkOptions } from '../base/options.js';
import { type FitOptions, fitOptions, Pace } from '../base/pace.js';
import { describe, invalidType, outOfRange } from '../errors.js';
import { calibrated, doubtsOf, leastCertain, probabilitiesOf } from './certainty.js';
import { checkResumption, fingerprint } from './checkpoint.js';
import {
  checkSaved,
  type Estimator,
  fitted,
  type Resumption,
  resumptionOptions,
  type SavedModel,
} from './estimator.js';
import { affinityNow, affinityOf, checkAffinity } from './gemini-geometry.js';
import { inputsOf, type Remembered, type View, viewOf } from './gemini-inputs.js';
import { begin, featuresOf, type PlainParameters, plainNumbers, plainParameters } from './gemini-models.js';
import {
  type CustomParts,
  type GeminiClustererOptions,
  readSettings,
  type SavedOptions,
  type Settings,
} from './gemini-options.js';
import { batchSizeOf, type FitEpoch, type TrainingPlan, trainRestarts } from './gemini-training.js';
import type { EpochRecord } from './progress.js';

/** Options of `fit` of a GEMINI clusterer. */
export interface GeminiFitOptions extends FitOptions, Resumption {
  /** An affinity over the samples of x, instead of one with the estimator's kernel or metric. */
  affinity?: Affinity | undefined;
  /**
   * Called after each epoch; the fit waits for its promise. Two restarts run at a time: their epochs come in turns, and
   * both wait. Where it is false, the fit ends with what it has learned so far. An error that it throws rejects the call.
   */
  onEpoch?: ((epoch: FitEpoch) => unknown) | undefined;
}

/** A fitted GEMINI clusterer as a plain object. */
export interface GeminiClustererModel extends SavedModel {
  readonly estimator: 'gemini';
  readonly version: 1;
  readonly options: SavedOptions;
  readonly columns: number;
  readonly parameters: PlainParameters;
  /** N x K logits of the samples of `fit`, row by row. */
  readonly logits: number[];
  readonly temperature: number;
  readonly epochs: EpochRecord[];
  readonly restart: number;
  /** The samples of `fit`: all numbers for the model `'kernel-rim'`, a hash for `'categorical'`. */
  readonly samples?: NonNullable<Remembered>;
}

interface Fit {
  readonly columns: number;
  readonly network: Network;
  /** N x K logits of the samples of `fit`. */
  readonly logits: Matrix;
  readonly labels: Int32Array;
  readonly temperature: number;
  readonly epochs: readonly EpochRecord[];
  readonly restart: number;
  readonly view: View;
}

/** Default numbers of steps and epochs. */
const STEPS = 2000;
const EPOCHS = { least: 10, most: 400 } as const;
/** So many restarts run at a time, where the network has at most so many numbers as inputs. */
const BESIDE = { restarts: 2, inputs: 2 ** 25 } as const;
/** Default patience: epochs with this number of steps, but at least some. One step an epoch says too little. */
const PATIENCE = { steps: 100, least: 5 } as const;

/**
 * Clusters by a network whose predictions maximise a GEMINI, a generalised mutual information of samples and clusters.
 *
 * The network maps features to K logits; the likeliest cluster is a sample's label. Standardise features of different
 * units first: `fitFeatures` does. An affinity over all samples is made once; with the linear kernel and many samples it
 * keeps the features, N d numbers instead of N^2.
 *
 * The same seed gives the same bits. Cost of a step of n samples: three forward passes, and the objective: for
 * `'mmd_ova'` O(n^2 K), or O(n d K) with the linear kernel; see genmi's objectives.
 *
 * Probabilities are a softmax of logits / temperature. They say how far the network is from another choice; no labels
 * say that they are frequencies. `temperature: 'restarts'` calibrates them: with it they predict best, by log
 * likelihood, what the other restarts find.
 *
 * @see Ohl et al., "Generalised mutual information for discriminative clustering", NeurIPS 2022, arXiv:2210.06300;
 *   Krause, Perona and Gomes, "Discriminative clustering by regularized information maximization", NIPS 2010 (RIM)
 */
export class GeminiClusterer implements Estimator<GeminiClustererModel> {
  readonly #settings: Settings;
  /** The name of an objective that `load` was not given. */
  #missing: string | undefined;
  #fit: Fit | undefined;

  /** @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE */
  constructor(options: GeminiClustererOptions = {}) {
    this.#settings = readSettings(options);
  }

  get labels(): Int32Array {
    return fitted(this.#fit, 'GeminiClusterer').labels;
  }

  /** N x K probabilities of the clusters of the samples of `fit`. */
  get probabilities(): Matrix<Float64Array> {
    const { logits, temperature } = fitted(this.#fit, 'GeminiClusterer');
    return probabilitiesOf(logits, temperature);
  }

  /** The mean value of the objective over the steps of each epoch of the restart that was kept. */
  get history(): readonly number[] {
    return this.epochs.map(({ objective }) => objective);
  }

  /** What each epoch of the restart that was kept did. */
  get epochs(): readonly EpochRecord[] {
    return fitted(this.#fit, 'GeminiClusterer').epochs;
  }

  /** The restart that was kept, from 1. */
  get restart(): number {
    return fitted(this.#fit, 'GeminiClusterer').restart + 1;
  }

  /** The row numbers of the outliers among the samples of `fit`, the least certain first: floor(rate N) of them. */
  get outliers(): Int32Array {
    const { logits, temperature } = fitted(this.#fit, 'GeminiClusterer');
    return leastCertain(doubtsOf(logits, temperature), this.#settings.outliers);
  }

  /** 1 for each row that is at least as uncertain as an outlier of `fit`, 0 for the others. */
  predictOutliers(x: MatrixLike): Uint8Array {
    const { logits, temperature } = fitted(this.#fit, 'GeminiClusterer');
    const own = doubtsOf(logits, temperature);
    const least = leastCertain(own, this.#settings.outliers).reduce((low, i) => Math.min(low, own[i]), Infinity);
    return Uint8Array.from(doubtsOf(this.#logits(x), temperature), (doubt) => Number(doubt >= least));
  }

  /** The divisor of the logits: the one of the options, or the calibrated one. */
  get temperature(): number {
    return fitted(this.#fit, 'GeminiClusterer').temperature;
  }

  /** Copies of the network's parameters by their names, such as `head.weights`; `start` takes them. */
  get parameters(): Readonly<Record<string, Parameter>> {
    return fitted(this.#fit, 'GeminiClusterer').network.parameters();
  }

  /**
   * The features that the network uses, in rising order: all, unless a penalty set weights to 0. For the model
   * `'kernel-rim'` samples are features; `'categorical'` uses none.
   */
  get features(): number[] {
    return featuresOf(fitted(this.#fit, 'GeminiClusterer').network);
  }

  /** A copy of the network, such as for `toOnnx`. Its logits are not divided by the temperature. */
  get network(): Network {
    const { network, columns, labels } = fitted(this.#fit, 'GeminiClusterer');
    const copy = this.#make(columns, labels.length, 0);
    copy.load(network.parameters());
    return copy;
  }

  /**
   * Leave x as it is until the fit has ended.
   *
   * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE, also for fewer samples than clusters;
   *   ClusterError ERR_NOT_FINITE where no restart keeps its numbers finite, ERR_FILE and ERR_FORMAT of a checkpoint;
   *   GenmiError of the affinity, the objective and the network
   */
  async fit(x: MatrixLike, options: GeminiFitOptions = {}): Promise<this> {
    checkFitOptions(options);
    const pace = new Pace(options);
    const matrix = readMatrix('x', x);
    const [n, columns] = matrix.shape;
    const { clusters, lastPaired, model, kernel, precision } = this.#settings;
    if (n < clusters) throw outOfRange('x', `at least ${clusters} rows for as many clusters`, `${n}`);
    if (lastPaired >= n) throw outOfRange('pairs', `row numbers below ${n}`, `${lastPaired}`);
    const objective = await this.#objectiveOf(matrix, options);
    try {
      const { data, ...view } = await inputsOf(model, matrix, kernel, precision, pace);
      const plan = this.#plan(matrix, data, objective.total);
      const { signal, stop, onEpoch, checkpoint, resume = false, onProgress } = options;
      const { best, others } = await trainRestarts(plan, {
        pace,
        signal,
        stop,
        onEpoch,
        watched: [onEpoch, onProgress, checkpoint, plan.patience].some((hook) => hook !== undefined),
        checkpoint:
          checkpoint === undefined
            ? undefined
            : { file: checkpoint, fit: fingerprint(matrix, this.#settings.saved), resume },
      });
      const logits = await best.network.logitsAsync(plan.data, { signal });
      const temperature = await this.#temperatureOf(logits, others, pace);
      await pace.end();
      this.#fit = {
        columns,
        network: best.network,
        logits,
        labels: largestOfRows(logits.data, clusters),
        temperature,
        epochs: best.history,
        restart: best.restart,
        view,
      };
    } finally {
      objective.own?.dispose();
    }
    return this;
  }

  async #objectiveOf(
    x: Matrix,
    { affinity, signal }: GeminiFitOptions,
  ): Promise<{ total: Objective; own?: Affinity | undefined }> {
    const { objective, pairs, precision } = this.#settings;
    this.#checkObjective();
    const withPairs = (base: Objective) => (pairs ? add(base, pairs) : base);
    if (typeof objective !== 'string') return { total: withPairs(objective) };
    if (affinity) {
      checkAffinity(affinity, x.shape[0]);
      return { total: withPairs(gemini(objective, { affinity })) };
    }
    const own = await affinityOf(objective, x, this.#settings, precision, { signal });
    return { total: withPairs(gemini(objective, { affinity: own })), own };
  }

  #checkObjective(): void {
    if (this.#missing === undefined) return;
    const remedy = 'give it: load(model, { objective })';
    throw invalidType('objective', `the objective ${this.#missing} that the model was fitted with`, 'none', remedy);
  }

  #make(inputs: number, samples: number, seed: number): Network {
    const { clusters, model, precision } = this.#settings;
    return model.make({ inputs, outputs: clusters, samples, precision, seed });
  }

  #plan(x: Matrix, data: Matrix | undefined, objective: Objective): TrainingPlan {
    const { model, optimizer, penalty, vat, seed, restarts, patience, start } = this.#settings;
    const [samples, inputs] = x.shape;
    const make = (own: number) => {
      const network = this.#make(inputs, samples, own);
      if (start !== undefined) begin(network, start);
      return network;
    };
    const all = model.sees !== 'features';
    const batchSize = batchSizeOf(objective.name, samples, this.#settings.batchSize ?? (all ? samples : undefined));
    const steps = Math.ceil(samples / batchSize);
    const { epochs = usualEpochs(steps) } = this.#settings;
    return {
      make,
      data,
      objective,
      epochs,
      batchSize,
      optimizer,
      penalty,
      vat,
      seed,
      restarts,
      atATime: this.#atATime(data),
      patience: patience ?? (this.#settings.epochs === undefined ? usualPatience(steps) : undefined),
      keepLabels: this.#settings.temperature === 'restarts',
    };
  }

  /**
   * Restarts at a time. Transport problems start from the last solution of an objective, which two restarts would
   * share; and each restart copies the network's inputs.
   */
  #atATime(inputs: Matrix | undefined): number {
    const { objective } = this.#settings;
    const shares = typeof objective !== 'string' || objective.startsWith('wasserstein');
    return shares || (inputs?.data.length ?? 0) > BESIDE.inputs ? 1 : BESIDE.restarts;
  }

  async #temperatureOf(logits: Matrix, others: readonly Int32Array[], pace: Pace): Promise<number> {
    const { temperature } = this.#settings;
    if (temperature !== 'restarts') return temperature;
    return others.length === 0 ? 1 : calibrated(logits, others, pace);
  }

  async fitPredict(x: MatrixLike, options: GeminiFitOptions = {}): Promise<Int32Array> {
    return (await this.fit(x, options)).labels;
  }

  #logits(x: MatrixLike): Matrix {
    const { network, columns, logits, view } = fitted(this.#fit, 'GeminiClusterer');
    return view.logits(network, readFeatures(x, columns), logits);
  }

  /** The likeliest cluster of each row; of equally likely ones the first. */
  predict(x: MatrixLike): Int32Array {
    return largestOfRows(this.#logits(x).data, this.#settings.clusters);
  }

  /** N x K probabilities of the clusters; each row sums to 1. */
  predictProba(x: MatrixLike): Matrix<Float64Array> {
    return probabilitiesOf(this.#logits(x), this.temperature);
  }

  /**
   * The objective of these samples, without penalties and pairs.
   *
   * @param options `affinity`: one over the rows of x, instead of one with the estimator's kernel or metric
   */
  score(x: MatrixLike, options: Pick<GeminiFitOptions, 'affinity'> = {}): number {
    checkOptions(options, ['affinity']);
    this.#checkObjective();
    const logits = this.#logits(x);
    const { objective, precision } = this.#settings;
    if (typeof objective !== 'string') return objective.value(logits, { from: 'logits' });
    const { affinity } = options;
    checkAffinity(affinity, logits.shape[0]);
    const own = affinity ? undefined : affinityNow(objective, readMatrix('x', x), this.#settings, precision);
    try {
      return gemini(objective, { affinity: affinity ?? own }).value(logits, { from: 'logits' });
    } finally {
      own?.dispose();
    }
  }

  /** The fitted estimator as a plain object. A model that is a function, and an objective of your own, are named only. */
  save(): GeminiClustererModel {
    const { columns, network, logits, temperature, epochs, restart, view } = fitted(this.#fit, 'GeminiClusterer');
    return {
      estimator: 'gemini',
      version: 1,
      options: this.#settings.saved,
      columns,
      parameters: plainParameters(network),
      logits: plainNumbers(logits.data),
      temperature,
      epochs: [...epochs],
      restart,
      ...(view.remembered && { samples: view.remembered }),
    };
  }

  /**
   * The estimator that `save` wrote.
   *
   * @param custom the function and the objective of its options, where it had such
   * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE
   */
  static load(model: GeminiClustererModel, custom: CustomParts = {}): GeminiClusterer {
    const { options, columns, parameters, logits, temperature, epochs, restart, samples } = checkSaved(
      model,
      'gemini',
      1,
    );
    checkOptions(custom, ['model', 'objective'], 'custom');
    const { objective, model: choice, ...others } = options;
    if (choice === 'custom' && custom.model === undefined) {
      throw invalidType(
        'custom.model',
        'the function that makes its network',
        'none',
        'give it: load(model, { model })',
      );
    }
    const name = typeof objective === 'string' ? objective : undefined;
    const loaded = new GeminiClusterer({
      ...others,
      model: choice === 'custom' ? custom.model : choice,
      objective: name ?? custom.objective,
    });
    if (typeof objective !== 'string' && custom.objective === undefined) loaded.#missing = objective.custom;
    const { clusters, precision, kernel } = loaded.#settings;
    const n = logits.length / clusters;
    if (!Number.isInteger(n)) throw outOfRange('model.logits', `${clusters} numbers a sample`, `${logits.length}`);
    const network = loaded.#make(columns, n, 0);
    network.load(parameters);
    const data = (precision === 'float32' ? Float32Array : Float64Array).from(logits);
    loaded.#fit = {
      columns,
      network,
      logits: { data, shape: [n, clusters] },
      labels: largestOfRows(data, clusters),
      temperature,
      epochs,
      restart,
      view: viewOf(samples, columns, kernel),
    };
    return loaded;
  }
}

/** The default number of epochs of this number of steps. */
function usualEpochs(steps: number): number {
  return Math.min(EPOCHS.most, Math.max(EPOCHS.least, Math.ceil(STEPS / steps)));
}

/** The default patience; none where an epoch is one step. */
function usualPatience(steps: number): number | undefined {
  return steps > 1 ? Math.max(PATIENCE.least, Math.ceil(PATIENCE.steps / steps)) : undefined;
}

function checkFitOptions(options: GeminiFitOptions): void {
  checkOptions(options, [...fitOptions, ...resumptionOptions, 'affinity', 'onEpoch']);
  checkResumption(options);
  const { onEpoch } = options;
  if (onEpoch !== undefined && typeof onEpoch !== 'function')
    throw invalidType('onEpoch', 'a function', describe(onEpoch));
}
