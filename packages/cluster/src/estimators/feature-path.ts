/** The path of a sparse model: a penalty that grows step by step, and the features that are left in each step. */
import { type Affinity, type GeminiName, gemini, type Matrix, type MatrixLike, type Objective } from 'genmi';
import { type FeatureGroups, type Network, type Optimizer, type Penalties, type Run, sgd, train } from 'genmi/networks';
import { readMatrix } from '../base/matrix.js';
import { checkCount, checkNumber, checkOptions, oneOf } from '../base/options.js';
import { type FitOptions, fitOptions, Pace } from '../base/pace.js';
import { describe, invalidType, outOfRange } from '../errors.js';
import { GeminiClusterer } from './gemini-clusterer.js';
import { affinityOf } from './gemini-geometry.js';
import { featuresOf, type PlainParameters, plainNumbers, plainParameters } from './gemini-models.js';
import { geminiOptions } from './gemini-options.js';
import { type LassoNetOptions, lassoNet, sparseLinear } from './gemini-shorthands.js';
import { batchSizeOf } from './gemini-training.js';

type Unused = 'start' | 'pairs' | 'vat' | 'optimizer' | 'temperature';

/** Options of `featurePath`. The others are those of the model without a penalty, which the path starts from. */
export interface FeaturePathOptions extends Omit<LassoNetOptions, Unused | 'alpha' | 'objective'> {
  /** The model; default `'linear'`. */
  model?: 'linear' | 'lassonet' | undefined;
  /** What is maximised; default `'mmd_ova'`. */
  objective?: GeminiName | undefined;
  /** The first weight of the penalty, > 0; default 1e-2. */
  alpha?: number | undefined;
  /** The factor from one weight to the next, > 1; default 1.05. */
  multiplier?: number | undefined;
  /** The path ends where at most this number of features is left; default 2. */
  leastFeatures?: number | undefined;
  /** The share of the best objective that the chosen features must keep, in (0, 1]; default 0.9. */
  keep?: number | undefined;
  /** The most epochs with one weight; default 1000. */
  stepEpochs?: number | undefined;
  /** A weight's training ends after this number of epochs without 1 % of progress; default 10. */
  stepPatience?: number | undefined;
  /** Compare samples by the features that are left, instead of all. Default false. */
  dynamic?: boolean | undefined;
}

/** What is left with one weight of the penalty. */
export interface FeaturePathStep {
  /** The weight of the penalty. */
  readonly alpha: number;
  /** The objective, without the penalty. */
  readonly objective: number;
  /** The penalty, alpha included. */
  readonly penalty: number;
  /** The features that are left, in rising order. */
  readonly features: readonly number[];
  readonly epochs: number;
}

/** The path of a sparse model. */
export interface FeaturePath {
  readonly steps: readonly FeaturePathStep[];
  /** The model of the last step whose objective is at least `keep` times the best one, or that without a penalty. */
  readonly best: GeminiClusterer;
  /** The features that the best model uses. */
  readonly features: readonly number[];
}

/** The options that are the path's own. */
const pathOptions: readonly string[] = [
  ...(['model', 'alpha', 'multiplier', 'leastFeatures', 'keep', 'stepEpochs', 'stepPatience', 'dynamic'] as const),
  ...(['groups', 'm', 'width'] as const),
];
/** The options of the model that the path starts from. */
const startOptions = geminiOptions.filter(
  (name) => !['model', 'penalty', 'start', 'pairs', 'vat', 'optimizer', 'temperature'].includes(name),
);

interface PathSettings {
  readonly linear: boolean;
  readonly alpha: number;
  readonly multiplier: number;
  readonly leastFeatures: number;
  readonly keep: number;
  readonly stepEpochs: number;
  readonly stepPatience: number;
  readonly dynamic: boolean;
  readonly groups: FeatureGroups | undefined;
  readonly m: number | undefined;
}

/** @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE */
function readPathSettings(options: FeaturePathOptions): PathSettings {
  const { model = 'linear', alpha = 1e-2, multiplier = 1.05, leastFeatures = 2, keep = 0.9, dynamic = false } = options;
  const { stepEpochs = 1000, stepPatience = 10, groups, m, width, objective = 'mmd_ova' } = options;
  const linear = oneOf('model', model, ['linear', 'lassonet']) === 'linear';
  for (const [name, value] of Object.entries({ m, width })) {
    if (!linear || value === undefined) continue;
    throw outOfRange(name, "none for the model 'linear'", describe(value), "take model: 'lassonet'");
  }
  if (typeof objective !== 'string') throw invalidType('objective', "a name such as 'mi'", describe(objective));
  if (typeof dynamic !== 'boolean') throw invalidType('dynamic', 'a boolean', describe(dynamic));
  return {
    linear,
    alpha: checkNumber('alpha', alpha, { min: 0, above: true }),
    multiplier: checkNumber('multiplier', multiplier, { min: 1, above: true }),
    leastFeatures: checkCount('leastFeatures', leastFeatures, 0),
    keep: checkNumber('keep', keep, { min: 0, above: true, max: 1 }),
    stepEpochs: checkCount('stepEpochs', stepEpochs),
    stepPatience: checkCount('stepPatience', stepPatience),
    dynamic,
    groups,
    m,
  };
}

/** The model without a penalty. */
function beginning(options: FeaturePathOptions): GeminiClusterer {
  const { groups, m, width } = options;
  const others = Object.fromEntries(Object.entries(options).filter(([name]) => !pathOptions.includes(name)));
  const sparse = { ...others, optimizer: 'adam', alpha: 0, groups } as const;
  return options.model === 'lassonet' ? lassoNet({ ...sparse, m, width }) : sparseLinear(sparse);
}

/**
 * Chooses features: trains a model without a penalty, then goes on with a penalty that grows from step to step, until few
 * features are left. The steps show how the objective falls with the number of features.
 *
 * A step trains by stochastic gradients with Nesterov's momentum 0.9. It ends when for `stepPatience` epochs neither the
 * objective has risen by 1 % nor the penalty has fallen by 1 %. Each epoch is judged by the objective of consecutive
 * batches. Cost: that of the model's `fit`, and for each step that of its epochs; about 100 steps.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE, and as `fit`
 * @see Ohl et al., "Sparse GEMINI for joint discriminative clustering and feature selection", Statistics and Computing 34
 *   (2024); `path` of gemclus 1.1.1
 */
export async function featurePath(
  x: MatrixLike,
  options: FeaturePathOptions = {},
  fit: FitOptions = {},
): Promise<FeaturePath> {
  checkOptions(options, [...pathOptions, ...startOptions]);
  const settings = readPathSettings(options);
  const start = beginning(options);
  checkOptions(fit, fitOptions);
  const pace = new Pace(fit);
  const matrix = readMatrix('x', x);
  await start.fit(matrix, { signal: fit.signal, stop: fit.stop });
  const walk = new Walk(matrix, start, settings, fit.signal);
  try {
    const path = await walk.toEnd(pace);
    await pace.end();
    return path;
  } finally {
    walk.dispose();
  }
}

/** An epoch makes progress by this factor. */
const PROGRESS = 0.99;

/** Tells when a step ends: after `patience` epochs in which neither the objective rose nor the penalty fell. */
class StepJudge {
  readonly #patience: number;
  #most = -Infinity;
  #lowest = Infinity;
  #idle = 0;
  /** The objective and the penalty after the last epoch. */
  value = 0;
  penalty = 0;

  constructor(patience: number) {
    this.#patience = patience;
  }

  take(value: number, penalty: number): void {
    this.value = value;
    this.penalty = penalty;
    const rises = this.#most === -Infinity || value > this.#most + (1 - PROGRESS) * Math.abs(this.#most);
    const falls = penalty < PROGRESS * this.#lowest;
    if (rises) this.#most = value;
    if (falls) this.#lowest = penalty;
    this.#idle = rises || falls ? 0 : this.#idle + 1;
  }

  get stalled(): boolean {
    return this.#idle >= this.#patience;
  }

  /** The least number of epochs until the step can end; the first epoch of a step counts as progress. */
  get least(): number {
    return this.#patience - this.#idle + Number(this.#most === -Infinity);
  }
}

/** The parameters of a step, and the penalty that they were trained with. */
interface Chosen {
  readonly parameters: PlainParameters;
  readonly penalty: Penalties;
}

class Walk {
  readonly #x: Matrix;
  readonly #start: GeminiClusterer;
  readonly #settings: PathSettings;
  readonly #signal: AbortSignal | undefined;
  readonly #network: Network;
  readonly #optimizer: Optimizer;
  readonly #batchSize: number;
  readonly #saved: ReturnType<GeminiClusterer['save']>;
  #snapshot: Uint8Array | undefined;
  #epochs = 0;
  /** The features that samples are compared by. */
  #compared = '';
  #affinity: Affinity | undefined;
  #objective: Objective | undefined;

  constructor(x: Matrix, start: GeminiClusterer, settings: PathSettings, signal: AbortSignal | undefined) {
    this.#x = x;
    this.#start = start;
    this.#settings = settings;
    this.#signal = signal;
    this.#network = start.network;
    this.#saved = start.save();
    const { learningRate, batchSize } = this.#saved.options;
    this.#optimizer = sgd({ learningRate });
    this.#batchSize = batchSizeOf(this.#name, x.shape[0], batchSize);
  }

  get #name(): GeminiName {
    return this.#saved.options.objective as GeminiName;
  }

  async toEnd(pace: Pace): Promise<FeaturePath> {
    const { leastFeatures, multiplier, keep } = this.#settings;
    const steps: FeaturePathStep[] = [];
    const columns = this.#x.shape[1];
    let features: readonly number[] = featuresOf(this.#network);
    let best: number | undefined;
    let chosen: Chosen | undefined;
    for (let { alpha } = this.#settings; features.length > leastFeatures && !pace.stopped; alpha *= multiplier) {
      await this.#compareBy(features);
      best ??= this.#value();
      const step = await this.#step(alpha);
      if (step === undefined) break;
      steps.push(step);
      features = step.features;
      if (features.length === columns) best = Math.max(best, step.objective);
      if (step.objective >= keep * best) {
        chosen = { parameters: plainParameters(this.#network), penalty: this.#penalty(alpha) };
      }
      await pace.rest((columns - features.length) / (columns - leastFeatures));
    }
    const model = chosen ? this.#model(chosen) : this.#start;
    return { steps, best: model, features: model.features };
  }

  dispose(): void {
    this.#affinity?.dispose();
  }

  /** Makes the objective: over all features once, or where it is dynamic over those that are left. */
  async #compareBy(features: readonly number[]): Promise<void> {
    const { dynamic } = this.#settings;
    const compared = dynamic ? features.join() : 'all';
    if (compared === this.#compared) return;
    this.#compared = compared;
    this.#affinity?.dispose();
    const x = dynamic ? columnsOf(this.#x, features) : this.#x;
    const { precision = 'float32', kernel = 'linear', metric = 'euclidean' } = this.#saved.options;
    this.#affinity = await affinityOf(this.#name, x, { kernel, metric }, precision, { signal: this.#signal });
    this.#objective = gemini(this.#name, { affinity: this.#affinity });
  }

  #penalty(alpha: number): Penalties {
    const { linear, groups, m } = this.#settings;
    if (linear) return { groupLasso: { alpha, groups } };
    return { hierarchical: { alpha, groups, ...(m !== undefined && { m }) } };
  }

  /** Trains with one weight of the penalty; undefined where numbers are no longer finite. */
  async #step(alpha: number): Promise<FeaturePathStep | undefined> {
    const { stepEpochs, stepPatience } = this.#settings;
    const begun = this.#epochs;
    const judge = new StepJudge(stepPatience);
    const end = begun + stepEpochs;
    while (this.#epochs < end && !judge.stalled) {
      const last = this.#together ? Math.min(end, this.#epochs + judge.least) : end;
      const { stopped } = await this.#train(alpha, last, judge);
      if (stopped === 'non-finite') return undefined;
    }
    const features = featuresOf(this.#network);
    return { alpha, objective: judge.value, penalty: judge.penalty, features, epochs: this.#epochs - begun };
  }

  /** Whether a batch is all samples: an epoch's objective is then the value before its step, and needs no `onEpoch`. */
  get #together(): boolean {
    return this.#batchSize >= this.#x.shape[0];
  }

  /** Trains up to the epoch of this number, or until the judge ends the step. */
  async #train(alpha: number, epochs: number, judge: StepJudge): Promise<Run> {
    const run = await train(this.#network, {
      data: this.#x,
      objective: this.#objective as Objective,
      epochs,
      batchSize: this.#batchSize,
      optimizer: this.#optimizer,
      penalty: this.#penalty(alpha),
      signal: this.#signal,
      ...(this.#snapshot && { resume: this.#snapshot }),
      ...(!this.#together && {
        onEpoch: ({ penalty }) => {
          judge.take(this.#value(), penalty);
          return !judge.stalled;
        },
      }),
    });
    this.#signal?.throwIfAborted();
    if (run.stopped === 'non-finite') return run;
    if (this.#together) {
      const values = [...run.history.slice(1).map(({ objective }) => objective), this.#value()];
      for (const [i, { penalty }] of run.history.entries()) judge.take(values[i] as number, penalty);
    }
    this.#epochs += run.history.length;
    this.#snapshot = run.snapshot();
    return run;
  }

  /** The mean objective of consecutive batches, weighted by their samples. */
  #value(): number {
    const { data, shape } = this.#network.logits(this.#x);
    const [n, k] = shape;
    const objective = this.#objective as Objective;
    let sum = 0;
    for (let first = 0; first < n; first += this.#batchSize) {
      const size = Math.min(this.#batchSize, n - first);
      const batch = { data: data.subarray(first * k, (first + size) * k), shape: [size, k] as const };
      const rows = Int32Array.from({ length: size }, (_, i) => first + i);
      sum += size * objective.value(batch, { from: 'logits', ...(this.#affinity && { rows }) });
    }
    return sum / n;
  }

  #model({ parameters, penalty }: Chosen): GeminiClusterer {
    const network = this.#start.network;
    network.load(parameters);
    const logits = plainNumbers(network.logits(this.#x).data);
    const options = { ...this.#saved.options, penalty };
    return GeminiClusterer.load({ ...this.#saved, options, parameters, logits, epochs: [], restart: 0 });
  }
}

/** Some columns of a matrix. */
function columnsOf({ data, shape: [n, d] }: Matrix, columns: readonly number[]): Matrix {
  const width = columns.length;
  const chosen = data instanceof Float32Array ? new Float32Array(n * width) : new Float64Array(n * width);
  for (let i = 0; i < n; i++) for (let j = 0; j < width; j++) chosen[i * width + j] = data[i * d + columns[j]];
  return { data: chosen, shape: [n, width] };
}
