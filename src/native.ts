/** The native addon, and its contract with `native/node`. */
import { fromNative } from './errors.js';
import { load } from './loader.js';
import type { Precision } from './matrix.js';
import { findPlugin } from './plugin.js';

/** A handle on a running computation: cancels it, and reads its progress. */
export interface NativeJob {
  cancel(): void;
  /** The completed share, in [0, 1]. */
  readonly progress: number;
  /** The steps that are done, of a training. */
  readonly steps: number;
}

export interface NativeAffinity {
  readonly size: number;
  readonly kind: 'kernel' | 'distance';
  readonly metric: boolean;
  readonly storage: 'dense' | 'features';
  readonly precision: 'float32' | 'float64';
  readonly bytes: number;
  submatrix(rows: Int32Array | null, out: Precision): void;
  dispose(): void;
}

export interface NativeMeasure {
  kind: 'kernel' | 'distance';
  name: string;
  gamma?: number | undefined;
  medianGamma?: boolean;
  degree?: number | undefined;
  coef0?: number | undefined;
  storage: 'dense' | 'features';
  precision: 'float32' | 'float64';
  /** Bytes stand for scale * byte + offset; default 1 and 0. */
  scale?: number;
  offset?: number;
}

export interface NativeHops {
  quantile?: number | undefined;
  threshold?: number | undefined;
  neighbors?: number | undefined;
  disconnected?: number | undefined;
}

export interface NativeHopResult {
  affinity: NativeAffinity;
  threshold: number;
  edges: number;
  longest: number;
  connected: boolean;
}

/**
 * How predictions are read: as logits or as probabilities, with a clip of 'mask' or 'fused', and with which epsilon.
 */
export type NativeReading = [logits: boolean, mask: boolean, epsilon: number];
/** n x k predictions, and the rows of the affinity that they are of; null: all. */
export type NativeEvaluation = [
  predictions: Precision,
  n: number,
  k: number,
  ...reading: NativeReading,
  rows: Int32Array | null,
];

export interface NativeObjective {
  /** Returns the value, and fills `gradient` unless it is null. */
  evaluate(...args: [...NativeEvaluation, gradient: Precision | null]): number;
  /** As `evaluate`, but without random draws: for timing. */
  rehearse(...args: [...NativeEvaluation, gradient: Precision | null]): number;
  /**
   * As `evaluate`. `gradient` must be new: another thread writes it, and memory that is transferred meanwhile would be
   * lost. `out` is only checked: it must not share memory with the inputs.
   */
  evaluateAsync(
    ...args: [...NativeEvaluation, gradient: Precision | null, out: Precision | null, job: NativeJob]
  ): Promise<number>;
  affinityGradient(...args: [...NativeEvaluation, out: Precision]): void;
  cost(n: number, k: number): { operations: number; bytes: number };
}

/** A parameter of an objective's constructor, which finds it by name. */
export type NativeParameter =
  | number
  | boolean
  | string
  | Int32Array
  | NativeAffinity
  | readonly { objective: NativeObjective; factor: number }[];

/** A loss by its name, with its number; whether the views are logits; both views, row by row. */
export type NativePairCall = [
  name: string,
  parameter: number,
  logits: boolean,
  a: Precision,
  rowsOfA: number,
  columnsOfA: number,
  b: Precision,
  rowsOfB: number,
  columnsOfB: number,
];
type PairGradients = [byA: Precision | null, byB: Precision | null];

/** A random map by its name, with its numbers in the order of `native/include/genmi/perturbation.h`. */
export type NativeMap = readonly [name: 'affine' | 'elastic', ...numbers: number[]];
/** Images: bytes stand for scale * byte + offset. */
export type NativeImages = readonly [
  data: Float32Array | Uint8Array,
  count: number,
  height: number,
  width: number,
  channels: number,
  scale: number,
  offset: number,
];
/** The reach of plans in pixels, the largest mean of squared distances, and lambda: see `native/include/genmi/projection.h`. */
export type NativeBalls = readonly [reach: number, cost: number, lambda: number];
/** Masses of centers and of images, channel by channel, with their sizes. */
export type NativeProjection = readonly [
  centers: Float64Array,
  images: Float64Array,
  count: number,
  channels: number,
  height: number,
  width: number,
  ...NativeBalls,
  tolerance: number | null,
  iterations: number | null,
  out: Float64Array,
];
/** Masses of pairs of images, their sizes, and when entropic transport ends: see `native/include/genmi/image_transport.h`. */
export type NativeImageTransport = readonly [
  a: Float64Array,
  b: Float64Array,
  count: number,
  height: number,
  width: number,
  tolerance: number | null,
  iterations: number | null,
  potentials: boolean,
  out: Float64Array,
];
/** Which images are perturbed, how often, what lies outside of them (null: the nearest pixel), and the seed. */
export type NativeDraws = readonly [rows: Int32Array | null, probability: number, outside: number | null, seed: number];

/**
 * Parameters: the means of all components, their factors and their constants. `sums`: receives the sums of each component,
 * then the log density and the entropy. `responsibilities`: n x count, read where they are `given`, else filled. `done`:
 * the share of the job that is done afterwards.
 */
export type NativeMixturePass = [
  samples: NativeSamples,
  parameters: Float64Array,
  count: number,
  diagonal: boolean,
  given: boolean,
  sums: Float64Array | null,
  responsibilities: Float64Array | null,
  done: number,
];

export interface NativeSolveOptions {
  maxPivots?: number | undefined;
  warmStart?: boolean;
  threads?: number | undefined;
}

/** The positive entries of a transport plan: `mass[i]` moves from `source[i]` to `target[i]`. */
export interface TransportPlan {
  /** The source of each entry, from 0 to N1 - 1. */
  source: Int32Array;
  /** The target of each entry, from 0 to N2 - 1. */
  target: Int32Array;
  /** The mass of each entry, > 0. */
  mass: Float64Array;
}

/**
 * The proof of a cost, measured on the caller's numbers in float64 after the solve.
 *
 * The optimum lies in [cost - gap, cost] up to rounding, whatever the status.
 */
export interface TransportCertificate {
  /** The plan's cost minus the cost of the potentials, u p + v q. */
  gap: number;
  /** The largest u_i + v_j - D_ij above 0. */
  infeasibility: number;
  /** The largest D_ij - u_i - v_j where mass flows. */
  slackness: number;
}

/** The result of a transport problem without potentials, for `potentials: false`. */
export interface TransportCost {
  /** The least total cost of moving the mass of p; at an iteration limit, the cost of the best plan found. */
  cost: number;
  /**
   * 'optimal': proven by the certificate, up to rounding. 'iteration-limit': stopped at `maxPivots`. 'unproven': no
   * pivot improves the plan, yet the gap is larger than rounding explains. The bounds of the certificate hold for all
   * three.
   */
  status: 'optimal' | 'iteration-limit' | 'unproven';
  /** Pivots of the network simplex, an integer >= 0. */
  pivots: number;
  /** The proof of the cost. */
  certificate: TransportCertificate;
  /** The transport plan, with `plan: true`. */
  plan?: TransportPlan;
}

/** The result of a transport problem. */
export interface TransportResult extends TransportCost {
  /**
   * Dual potentials of the sources, N1 numbers: u_i + v_j <= D_ij, and u p + v q = cost. Where they are not unique,
   * this is one choice. The arrays of one call's results are views of one buffer: `slice()` an array that shall outlive
   * the others.
   */
  u: Float64Array;
  /** Dual potentials of the targets, N2 numbers. */
  v: Float64Array;
}

/** The numbers of a result. */
export type ResultNumber = 'cost' | 'outcome' | 'pivots' | 'gap' | 'infeasibility' | 'slackness' | 'planEntries';

export interface NativeProblems {
  problems: [p: Precision, q: Precision, count: number, sharedDemand: boolean, options: NativeSolveOptions];
  /**
   * Arrays for the results of all problems, one problem after the other. `numbers`: the `Native.resultNumbers` of each.
   * `potentials`: u and v of each, or null. `plans`: a function that makes arrays for the entries of all plans, or
   * null.
   */
  results: [numbers: Float64Array, potentials: Float64Array | null, plans: ((entries: number) => TransportPlan) | null];
}

export interface NativeSolver {
  dispose(): void;
  solveMany(...args: [...NativeProblems['problems'], ...NativeProblems['results']]): void;
  /** The arrays of the results must be new, as for `evaluateAsync`. */
  solveManyAsync(...args: [...NativeProblems['problems'], ...NativeProblems['results'], job: NativeJob]): Promise<void>;
}

export interface NativeLayer {
  width: number;
  activation: 'relu' | 'tanh' | 'identity';
  normalization: boolean;
}

export interface NativeNetworkDescription {
  precision: 'float32' | 'float64';
  inputs: number;
  outputs: number;
  /** The samples of a table of logits; 0 for networks of layers. */
  samples: number;
  layers: readonly NativeLayer[];
  skip: boolean;
  init: 'uniform' | 'he' | 'normal';
  headScale: number;
  seed: number;
}

/** A matrix of a network. */
export interface NativeArray {
  name: string;
  rows: number;
  columns: number;
  /** Whether training changes it along a gradient; otherwise it is a statistic. */
  learned: boolean;
}

/** The features of samples: bytes stand for scale * byte + offset. */
export type NativeData = [
  data: Precision | Uint8Array | NativeSamples,
  rows: number,
  columns: number,
  scale: number,
  offset: number,
];
/** The same, and the numbers of the samples for a network that knows these one by one. */
export type NativeNumbered = [...data: NativeData, numbers: Int32Array | null];

export interface NativeSamples {
  readonly type: 'float32' | 'float64' | 'uint8';
  /** Takes the memory of large samples from the system, on another thread. */
  prepareAsync(job: NativeJob): Promise<void>;
  /** Copies the next `count` numbers of the array with all of them. */
  append(data: Precision | Uint8Array, count: number): void;
}

export type NativeAnswer = 'logits' | 'probabilities' | 'labels';

export interface NativeNetwork {
  /** Bytes of native memory; 0 after `dispose`. */
  readonly bytes: number;
  /** The matrices, in the order in which `read` and `write` take their entries, row by row. */
  arrays(): NativeArray[];
  /** Copies all values into `out`, or the gradients of what is learned. */
  read(gradients: boolean, out: Precision): void;
  write(values: Precision): void;
  predict(answer: NativeAnswer, out: Precision | Int32Array, ...data: NativeData): void;
  /** `out` must be new, as for `evaluateAsync`. */
  predictAsync(
    answer: NativeAnswer,
    out: Precision | Int32Array,
    samples: NativeSamples,
    job: NativeJob,
  ): Promise<void>;
  /** Keeps the pass for `backward`. */
  forward(mode: 'training' | 'frozen' | 'prediction', out: Precision, ...samples: NativeNumbered): void;
  /** From the gradient of a value; adds to the gradients of its negative, and fills `byInput` with that of the value. */
  backward(gradient: Precision, learn: boolean, byInput: Precision | null): void;
  dispose(): void;
}

export interface NativeOptimizerOptions {
  rule: 'adam' | 'sgd' | 'rmsprop';
  rate: number;
  first: number;
  second: number;
  epsilon: number;
  correctedEpsilon: boolean;
  decay: number;
  largestNorm: number;
}

export interface NativeOptimizer {
  /** Takes a step with `share` times the learning rate, and clears the gradients. */
  step(share: number): void;
}

export interface NativePenalty {
  /** Factors; 0 stands for no such penalty. */
  groupLasso: number;
  hierarchical: number;
  kernel: number;
  /** How much larger hidden weights may be than those of the skip connection. */
  m: number;
  groups: readonly Int32Array[];
}

export interface NativeVat {
  weight: number;
  epsilon: number;
  /** A length for each sample instead. */
  epsilons: Float64Array | undefined;
  /** The same, found before the first step. */
  fromNeighbors: boolean;
  xi: number;
  power: number;
  normalization: 'additive' | 'exact';
}

export interface NativeTrainingOptions {
  epochs: number;
  /** 0: all samples. */
  batchSize: number;
  seed: number;
  schedule: 'constant' | 'linear';
  threads: number | undefined;
  optimizer: NativeOptimizerOptions;
  penalty: NativePenalty | undefined;
  vat: NativeVat | undefined;
  pairs: NativePairs | undefined;
}

/** A loss on pairs of views, and the heads that it has. */
export interface NativePairs {
  loss: string;
  parameter: number;
  /** Of an epoch. */
  samples: number;
  /** Pairs of each sample in a step. */
  copies: number;
  /** Of each head the number of its columns, and its weight. */
  heads: Float64Array;
}

/** The numbers of an epoch. */
export type EpochNumber =
  | 'epoch'
  | 'loss'
  | 'objective'
  | 'vat'
  | 'penalty'
  | 'networkSeconds'
  | 'objectiveSeconds'
  | 'updateSeconds'
  | HeadNumber;

/** The numbers of a head in an epoch. */
export type HeadNumber = 'value' | 'clusters' | 'proportions' | 'predictions';

export interface NativeTraining {
  /**
   * Trains for at most so many epochs. On pairs: takes one step, for the views that `next` asks for; the first call has
   * no views, and takes none.
   */
  run(samples: NativeSamples | null, epochs: number, job: NativeJob): Promise<void>;
  /**
   * The seeds of both views of the next step on pairs, and its samples, none after the last step, in an array that `room`
   * makes.
   */
  next(room: (length: number) => Float64Array): Float64Array;
  /**
   * The `Native.epochNumbers` of each epoch since the last call, in an array that `room` makes; those from `value` on as
   * many times as there are heads.
   */
  results(room: (length: number) => Float64Array): Float64Array;
  /** Where a number was not finite. */
  failure(): string | undefined;
  /** All that has been learned, in an array that `room` makes; undefined before the training has begun. */
  snapshot(room: (length: number) => Uint8Array): Uint8Array | undefined;
  /** Lets others change the network. */
  end(): void;
}

type NativeFeatures = [features: NativeData[0], rows: number, columns: number, options: NativeMeasure];
export type NativeEntries = [
  matrix: Precision,
  rows: number,
  columns: number,
  options: { kind: string; metric: boolean; precision: string },
];

/** Settings as `info` returns them. */
export interface NativeSettings {
  isa: string;
  threads: number;
  device: 'cpu' | 'cuda';
  deviceReason: string;
  /** Bytes that are held. */
  deviceMemory: number;
}

export interface Native {
  /** Returns the settings of this environment. Changes those that are given first: all of them, or none. */
  settings(isa?: string, threads?: number, device?: string, deviceMemory?: number): NativeSettings;
  /** Frees the native memory of all objects that nobody can reach any more; runs a collection of garbage. */
  reclaim(): void;
  Job: new () => NativeJob;
  measure(...args: NativeFeatures): NativeAffinity;
  measureAsync(...args: [...NativeFeatures, job: NativeJob]): Promise<NativeAffinity>;
  precomputed(...args: NativeEntries): NativeAffinity;
  precomputedAsync(...args: [...NativeEntries, job: NativeJob]): Promise<NativeAffinity>;
  hops(distances: NativeAffinity, options: NativeHops): NativeHopResult;
  hopsAsync(distances: NativeAffinity, options: NativeHops, job: NativeJob): Promise<NativeHopResult>;
  /** As `hops`, over the distances between features. */
  featureHops(...args: [...NativeFeatures, options: NativeHops]): NativeHopResult;
  featureHopsAsync(...args: [...NativeFeatures, options: NativeHops, job: NativeJob]): Promise<NativeHopResult>;
  Objective: new (name: string, parameters: Record<string, NativeParameter>) => NativeObjective;
  /** Returns the loss, and fills the gradients unless they are null. */
  pairLoss(...args: [...NativePairCall, ...PairGradients]): number;
  /** As `pairLoss`; gradients and `out` as for `evaluateAsync`. */
  pairLossAsync(
    ...args: [...NativePairCall, ...PairGradients, outA: Precision | null, outB: Precision | null, job: NativeJob]
  ): Promise<number>;
  /** Fills `out` with perturbed copies; the map's numbers come last. */
  perturb(...args: [map: string, ...NativeImages, ...NativeDraws, out: Float32Array, null, null, ...number[]]): void;
  /** As `perturb`; `out` must be new, and `lent` is only checked, as for `evaluateAsync`. */
  perturbAsync(
    ...args: [
      map: string,
      ...NativeImages,
      ...NativeDraws,
      out: Float32Array,
      lent: Float32Array | null,
      job: NativeJob,
      ...numbers: number[],
    ]
  ): Promise<void>;
  /** Goes over the samples of a mixture once: see `native/include/genmi/mixture.h`. */
  mixturePass(...args: NativeMixturePass): void;
  /** With a job, on another thread; arrays as for `evaluateAsync`. */
  mixturePass(...args: [...NativeMixturePass, job: NativeJob]): Promise<void>;
  /** Fills `out` with projections; without a tolerance, with the largest values of linear functions. */
  project(...args: NativeProjection): void;
  projectAsync(...args: [...NativeProjection, job: NativeJob]): Promise<void>;
  /** Fills `out` with bounds on distances; without a tolerance, these are exact. */
  transportImages(...args: NativeImageTransport): void;
  transportImagesAsync(...args: [...NativeImageTransport, job: NativeJob]): Promise<void>;
  /** The order in which the core writes a result's numbers. */
  resultNumbers: readonly ResultNumber[];
  /** The statuses, in the order of the core's numbers for them. */
  outcomes: readonly TransportCost['status'][];
  Solver: new (...source: [NativeAffinity] | [costs: Precision, rows: number, columns: number]) => NativeSolver;
  Samples: new (
    type: NativeSamples['type'],
    rows: number,
    columns: number,
    scale: number,
    offset: number,
  ) => NativeSamples;
  /** Fills `out`, which must be new, with a length for each sample: see `NativeVat.fromNeighbors`. */
  neighborLengthsAsync(samples: NativeSamples, out: Float64Array, job: NativeJob): Promise<void>;
  Network: new (description: NativeNetworkDescription) => NativeNetwork;
  Optimizer: new (network: NativeNetwork, options: NativeOptimizerOptions) => NativeOptimizer;
  /** The order in which the core writes an epoch's numbers. */
  epochNumbers: readonly EpochNumber[];
  /** Others cannot change the network until `end`. */
  Training: new (
    network: NativeNetwork,
    objective: NativeObjective | null,
    options: NativeTrainingOptions,
    resume: Uint8Array | undefined,
  ) => NativeTraining;
}

/**
 * The exports of the addon's file. `create` makes the errors of the Native returned, whoever else opens the addon.
 * `plugin`: the file of a device's plugin; '' where there is none, and `absence` says why.
 */
interface Addon {
  open(create: (code: string, message: string) => Error, plugin: string, absence: string): Native;
}

const { addon, file } = load();

/** The file the addon was loaded from. */
export const binary = file;

export const native: Native = (addon as Addon).open(fromNative, ...findPlugin());
