import { accuracy, ari, usedClusters } from 'genmi';
import type { Digits } from '../../support/digits.js';

/** What an engine trains. */
export interface TrainOptions {
  readonly train: Digits;
  /** Images that are not trained on. All metrics are of these. */
  readonly test: Digits;
  readonly epochs: number;
  readonly batch: number;
  readonly seed: number;
  /** The learning rate of the first step; with `decay` it falls linearly to 0. */
  readonly learningRate: number;
  readonly decay: boolean;
  /** Ends the training after the current step. */
  readonly signal: AbortSignal;
  /** Called between epochs' ends with the steps that are done, and the last one's objective where the engine tells it. */
  readonly onStep: (done: number, objective?: number) => void;
  readonly onEpoch: (epoch: EpochRecord) => void;
}

/** A network and the engine that trains it. */
export interface Trainer {
  /** The engine, for the page: its name and version. */
  readonly engine: string;
  /** One sentence for the user if this is another engine than the requested one. */
  readonly note?: string;
  /**
   * Trains on shuffled mini-batches, a smaller last one included, and evaluates the network after each epoch.
   *
   * @throws NonFiniteError naming the place when the logits or the objective are not finite
   */
  train(options: TrainOptions): Promise<History>;
  /** The most probable cluster of each image. */
  predict(digits: Digits): Promise<Int32Array>;
}

export interface History {
  readonly epochs: readonly EpochRecord[];
  /** Seconds before the first step: distances to neighbours, which virtual adversarial training needs. */
  readonly preparation: number;
}

/** What an epoch did. */
export interface EpochRecord extends Agreement {
  readonly epoch: number;
  /** Mean over the mini-batches. */
  readonly objective: number;
  /** Of the epoch's first step. */
  readonly learningRate: number;
  /** In nats, of the predictions made while training: of their mean, and the mean over images. */
  readonly entropies: { readonly proportions: number; readonly predictions: number };
  readonly seconds: EpochSeconds;
}

/** Where the time of an epoch went. `update` is part of `network` in an engine that cannot tell them apart. */
export interface EpochSeconds {
  readonly network: number;
  readonly objective: number;
  readonly update: number;
  readonly evaluation: number;
}

/** How well clusters of the test images agree with their labels. */
export interface Agreement {
  readonly ari: number;
  readonly accuracy: number;
  readonly usedClusters: number;
}

export function agreementOf({ labels }: Digits, clusters: Int32Array): Agreement {
  return { ari: ari(labels, clusters), accuracy: accuracy(labels, clusters), usedClusters: usedClusters(clusters) };
}

/** The learning rate of an epoch's first step. */
export function learningRateOf({ learningRate, decay, epochs }: TrainOptions, epoch: number): number {
  return decay ? learningRate * (1 - (epoch - 1) / epochs) : learningRate;
}

/** A number that is NaN or infinite: training cannot go on. */
export class NonFiniteError extends Error {
  override readonly name = 'NonFiniteError';
}
