/** Training: mini-batches, forward and backward passes and updates, in the native core and off the event loop. */
import { checkReadable, describe, invalidType, outOfRange } from '../errors.js';
import { checkCallback } from '../jobs.js';
import { checkFits } from '../memory.js';
import { type NativeJob, type NativeNetworkDescription, type NativeTrainingOptions, native } from '../native.js';
import { type NativeBackedObjective, nativeObjective, type Objective } from '../objectives/objective.js';
import { checkNumber, checkOptions, checkSignal, optionalNumber } from '../options.js';
import type { SampleData } from '../samples.js';
import { isUint8 } from '../typed-arrays.js';
import { readData } from './data.js';
import { type Epoch, type PairEpoch, type RateOf, toEpochs, toPairEpochs } from './epochs.js';
import { type Run, runTraining, SampleSource, type Snapshots, type TrainingProgress } from './loop.js';
import { type Network, partsOf } from './network.js';
import { adam, type Optimizer, ruleOf } from './optimizers.js';
import { checkPairMemory, PairSource, type PairsOptions, readPairs } from './pairs.js';
import { type Penalties, toPenalties, toVat, type VatOptions } from './penalties.js';

/** Options of `train`. */
export interface TrainOptions {
  /**
   * N x d features, finite: the samples of the objective's affinity, where it has one, in their order. None for a table of
   * logits.
   */
  data?: SampleData | undefined;
  /** The objective that is maximised over the logits. */
  objective: Objective;
  /** The number of passes over the samples, >= 1. */
  epochs: number;
  /** The samples of one step, >= 1; the last batch of an epoch may be smaller. Default: all samples. */
  batchSize?: number | undefined;
  /** Default: `adam()`. */
  optimizer?: Optimizer | undefined;
  /** Penalties of parameters; default none. */
  penalty?: Penalties | undefined;
  /** Virtual adversarial training; default none. Cost: two more forward passes and two more backward passes a step. */
  vat?: VatOptions | undefined;
  /** The seed of the order of samples, an integer in [0, 2^53); default 0. */
  seed?: number | undefined;
  /** Threads, 1 to 1024; default: those of `config`. Results have the same bits for any number. */
  threads?: number | undefined;
  /** An abort ends the training before its next step. */
  signal?: AbortSignal | undefined;
  /**
   * Called after each epoch; the training waits for its promise, and ends where it is false. The network can be read
   * meanwhile. An error that it throws ends the training and rejects the call.
   */
  onEpoch?: ((epoch: Epoch, training: Snapshots) => unknown) | undefined;
  /**
   * Called every 100 ms, except during `onEpoch`, and once at the end, with the last step that the network keeps. It
   * may be asynchronous: the training goes on meanwhile, and the call waits for its promises unless it is aborted. An
   * error that it throws, or rejects with, ends the training and rejects the call.
   */
  onProgress?: ((progress: TrainingProgress) => unknown) | undefined;
  /**
   * A snapshot of an earlier training of such a network: goes on from there, up to `epochs` in all, with the seed of that
   * training. With the same data and options, the bits are those of a training that was not interrupted.
   */
  resume?: Uint8Array | undefined;
}

/** Options of `trainPairs`: those of `train` that have a meaning for pairs. */
export interface PairTrainOptions extends PairsOptions, Omit<TrainOptions, 'data' | 'objective' | 'vat' | 'onEpoch'> {
  /** As for `train`. */
  onEpoch?: ((epoch: PairEpoch, training: Snapshots) => unknown) | undefined;
}

const commonOptions = [
  'epochs',
  'batchSize',
  'optimizer',
  'penalty',
  'seed',
  'threads',
  'signal',
  'onEpoch',
  'onProgress',
  'resume',
] as const;
const trainOptions = ['data', 'objective', 'vat', ...commonOptions] as const;
const pairOptions = ['samples', 'perturb', 'loss', 'copies', 'heads', ...commonOptions] as const;

const INTEGERS = { min: 1, max: 2 ** 31 - 1, integer: true } as const;

function checkSamples(objective: NativeBackedObjective, rows: number): void {
  if (rows === 0) throw outOfRange('data', 'at least one row', 'none');
  const { samples } = objective.geometry;
  if (samples === undefined || samples === rows) return;
  throw outOfRange('data', `${samples} rows, one for each sample of the objective's affinity`, `${rows}`);
}

/**
 * Trains a network: maximises an objective over its logits, in mini-batches of shuffled samples, on other threads.
 *
 * Each epoch has a new order of all samples, which depends on the seed alone. Same seeds, same bits, for any number of
 * threads. The event loop is free meanwhile; samples are copied in its first turns: leave them as they are until the
 * first epoch is done, or the call has ended.
 *
 * Cost: three times that of predictions, that of the objective on each batch, and O(parameters) for each step.
 *
 * @returns what each epoch did, and why the training ended; also where it was aborted.
 * @throws TypeError ERR_INVALID_ARG_TYPE and RangeError ERR_OUT_OF_RANGE before the first step, so that the network is
 * unchanged; GenmiError ERR_BUSY for a network that is in training, ERR_DISPOSED, ERR_OUT_OF_MEMORY.
 */
export async function train(network: Network, options: TrainOptions): Promise<Run> {
  checkOptions(options, trainOptions);
  const { native: target, description, pending } = partsOf(network, 'network');
  const objective = nativeObjective(options.objective, 'objective');
  const own = options.objective as NativeBackedObjective;
  const data = readData(options.data, description);
  const [, rows] = data;
  checkSamples(own, rows);
  const { settings, batch, steps, rateOf, signal, onProgress, resume } = readCommon(options, description, rows);
  const vat = toVat(options.vat, description, rows);
  const onEpoch = checkCallback('onEpoch', options.onEpoch);
  checkMemory(network, own, rows, batch);
  const training = new native.Training(target, objective, { ...settings, vat, pairs: undefined }, resume);
  const { epochs } = settings;
  const progressOf = ({ steps: step, progress }: NativeJob): TrainingProgress => {
    return { step, steps: epochs * steps, neighbors: vat?.fromNeighbors ? progress : 1 };
  };
  const toOwnEpochs = (numbers: Float64Array) => toEpochs(numbers, rateOf);
  const source = new SampleSource(data);
  return runTraining(
    { training, pending, source, epochs, toEpochs: toOwnEpochs, progressOf, onEpoch, onProgress },
    signal,
  );
}

/**
 * Trains a network on pairs: minimises a loss that compares two views of the same samples, with all that
 * `train` has.
 *
 * For each step, `perturb` makes both views of the step's samples; the network sees them as one batch, so that
 * batch normalisation has the statistics of both. The training goes on when they are made. Same seeds, same bits, for any
 * number of threads, where `perturb` gives the same views for the same request. The event loop is free, except while
 * `perturb` holds it.
 *
 * With several heads, the loss is the sum over groups of the weight times the mean loss of the group's heads. Each head's
 * loss is in the epoch, and `best` names the one whose clusters to take: a choice that needs no labels.
 *
 * Cost: as for an objective, for 2 `copies` rows of each sample.
 *
 * Source: Ji, Henriques, Vedaldi, "Invariant Information Clustering", 2019, section 3.2 for heads and overclustering;
 * their code trains the groups in turn, here they are trained in one step.
 *
 * @returns what each epoch did, and why the training ended; also where it was aborted.
 * @throws as `train`, also for a view of another shape or with a number that is not finite; what `perturb` throws, or
 * rejects with, ends the training: the network keeps the steps before.
 */
export async function trainPairs(network: Network, options: PairTrainOptions): Promise<Run<PairEpoch>> {
  checkOptions(options, pairOptions);
  const { native: target, description, pending } = partsOf(network, 'network');
  const pairs = readPairs(options, description);
  const { samples, copies } = pairs.native;
  const { settings, batch, steps, rateOf, signal, onProgress, resume } = readCommon(options, description, samples);
  if (settings.penalty?.kernel) throw outOfRange('penalty.kernel', 'none in a training on pairs', 'one');
  const onEpoch = checkCallback('onEpoch', options.onEpoch);
  checkPairMemory(pairs, batch, bytesOf(network, samples, 2 * batch * copies));
  const source = new PairSource(pairs, network, batch, steps);
  const training = new native.Training(target, null, { ...settings, vat: undefined, pairs: pairs.native }, resume);
  const { epochs } = settings;
  const progressOf = ({ steps: step }: NativeJob): TrainingProgress => {
    return { step, steps: epochs * steps, neighbors: 1 };
  };
  const toOwnEpochs = (numbers: Float64Array) => toPairEpochs(numbers, rateOf, pairs.places);
  return runTraining(
    { training, pending, source, epochs, toEpochs: toOwnEpochs, progressOf, onEpoch, onProgress },
    signal,
  );
}

/** Reads the options that all trainings have. */
function readCommon(
  options: Omit<TrainOptions, 'data' | 'objective' | 'vat' | 'onEpoch'>,
  description: NativeNetworkDescription,
  rows: number,
) {
  const epochs = checkNumber('epochs', options.epochs, INTEGERS);
  const batchSize = optionalNumber('batchSize', options.batchSize, INTEGERS) ?? 0;
  const { rule, linear } = ruleOf(options.optimizer ?? adam(), 'optimizer');
  const { l2, native: penalty } = toPenalties(options.penalty, description, rows);
  const seed = checkNumber('seed', options.seed ?? 0, { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true });
  const threads = optionalNumber('threads', options.threads, { min: 1, max: 1024, integer: true });
  const schedule = linear ? 'linear' : 'constant';
  const optimizer = { ...rule, decay: l2 };
  const settings = { epochs, batchSize, seed, schedule, threads, optimizer, penalty } as const satisfies Omit<
    NativeTrainingOptions,
    'vat' | 'pairs'
  >;
  const batch = Math.min(rows, batchSize || rows);
  const steps = Math.ceil(rows / batch);
  const rateOf: RateOf = (epoch) => rule.rate * (linear ? 1 - (epoch * steps - 1) / (epochs * steps) : 1);
  const signal = checkSignal(options.signal);
  const onProgress = checkCallback('onProgress', options.onProgress);
  return { settings, batch, steps, rateOf, signal, onProgress, resume: checkSnapshot(options.resume) };
}

function checkSnapshot(resume: unknown): Uint8Array | undefined {
  if (resume === undefined || isUint8(resume)) return resume;
  checkReadable('resume', resume);
  throw invalidType('resume', 'a Uint8Array that snapshot() returned', describe(resume));
}

/** Refuses a training for which there is no memory: moments, activations and gradients of a batch, its evaluation. */
function checkMemory(network: Network, objective: NativeBackedObjective, rows: number, batch: number): void {
  const bytes = bytesOf(network, rows, batch);
  checkFits(`A training of ${batch} samples at once`, bytes, 'use smaller batches');
  objective.checkMemory(batch, network.outputs, bytes);
}

/** Bytes of a training, without those of the objective. */
function bytesOf(network: Network, rows: number, batch: number): number {
  return 2 * network.bytes + 4 * rows + 3 * 8 * batch * (network.inputs + network.outputs);
}
