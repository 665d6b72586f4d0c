/** What epochs of a training did. */
import { type EpochNumber, type HeadNumber, native } from '../native.js';

/** What predictions were like during an epoch, in nats. */
export interface Entropies {
  /** Of the mean prediction, in [0, log K]: log K where all clusters are equally large. */
  readonly proportions: number;
  /** The mean over samples, in [0, log K]: 0 where all assignments are certain. */
  readonly predictions: number;
}

/** Where the time of an epoch went. */
export interface EpochSeconds {
  /** Seconds of the network's passes, those of `vat` among them. */
  readonly network: number;
  /** Seconds of the objective, or of the loss on pairs, and its gradient. */
  readonly objective: number;
  /** Seconds of the updates, proximal steps among them. */
  readonly update: number;
}

/** What an epoch did. */
export interface Epoch {
  /** 1, 2, … */
  readonly epoch: number;
  /** What was minimised: minus the objective, plus the penalty, plus `vat` times its weight. */
  readonly loss: number;
  /** The mean of the batches' values of the objective, weighted by their samples. */
  readonly objective: number;
  /** The penalty of the parameters after the epoch's last step; 0 without one. */
  readonly penalty: number;
  /** The mean smoothness of virtual adversarial training, >= 0 in nats, without its weight; 0 without it. */
  readonly vat: number;
  /** The learning rate of the epoch's last step. */
  readonly learningRate: number;
  /** The number of clusters that are the likeliest one of some sample. */
  readonly clusters: number;
  /** Entropies of the predictions during the epoch. */
  readonly entropies: Entropies;
  /** Where the time went. */
  readonly seconds: EpochSeconds;
}

/** What an epoch did to one head. */
export interface HeadEpoch {
  /** The number of its group in `heads`, from 0. */
  readonly group: number;
  /** The head's first column of the logits, and the one after its last column. */
  readonly columns: readonly [first: number, end: number];
  /** The mean of the batches' losses of the head, weighted by their samples; without the group's weight. */
  readonly loss: number;
  /** The number of the head's clusters that are the likeliest one of some view. */
  readonly clusters: number;
  /** Entropies of the head's predictions during the epoch. */
  readonly entropies: Entropies;
}

/** What an epoch of a training on pairs did. */
export interface PairEpoch {
  /** 1, 2, … */
  readonly epoch: number;
  /** What was minimised: over all groups, the weight times the mean loss of the group's heads; plus the penalty. */
  readonly loss: number;
  /** The penalty of the parameters after the epoch's last step; 0 without one. */
  readonly penalty: number;
  /** The learning rate of the epoch's last step. */
  readonly learningRate: number;
  /** All heads, in the order of their columns. */
  readonly heads: readonly HeadEpoch[];
  /** The head of the first group that had the least loss, the first one of several. */
  readonly best: HeadEpoch;
  /** Where the time went; without that of the perturbations. */
  readonly seconds: EpochSeconds;
}

/** The learning rate of the last step of an epoch. */
export type RateOf = (epoch: number) => number;

/** The group and the columns of each head. */
export type HeadPlaces = readonly Pick<HeadEpoch, 'group' | 'columns'>[];

type Numbers<Name extends string> = Readonly<Record<Name, number>>;

const headNumbers = native.epochNumbers.slice(native.epochNumbers.indexOf('value')) as HeadNumber[];
const epochNumbers = native.epochNumbers.filter((name) => !headNumbers.includes(name as HeadNumber));

function named<Name extends string>(names: readonly Name[], numbers: Float64Array, first: number): Numbers<Name> {
  return Object.fromEntries(names.map((name, k) => [name, numbers[first + k]])) as Numbers<Name>;
}

const entropiesOf = ({ proportions, predictions }: Numbers<HeadNumber>): Entropies => ({ proportions, predictions });

const secondsOf = (epoch: Numbers<EpochNumber>): EpochSeconds => ({
  network: epoch.networkSeconds,
  objective: epoch.objectiveSeconds,
  update: epoch.updateSeconds,
});

/** Splits the numbers of epochs with so many heads. */
function split(numbers: Float64Array, heads: number) {
  const length = epochNumbers.length + heads * headNumbers.length;
  return Array.from({ length: numbers.length / length }, (_, i) => {
    const first = i * length + epochNumbers.length;
    return {
      own: named(epochNumbers, numbers, i * length),
      heads: Array.from({ length: heads }, (_, h) => named(headNumbers, numbers, first + h * headNumbers.length)),
    };
  });
}

/** Reads the epochs of a training that maximises an objective. */
export function toEpochs(numbers: Float64Array, rateOf: RateOf): Epoch[] {
  return split(numbers, 1).map(({ own, heads: [head] }) => {
    const { epoch, loss, objective, penalty, vat } = own;
    const predicted = head as Numbers<HeadNumber>;
    return {
      ...{ epoch, loss, objective, penalty, vat, learningRate: rateOf(epoch), clusters: predicted.clusters },
      entropies: entropiesOf(predicted),
      seconds: secondsOf(own),
    };
  });
}

/** Reads the epochs of a training on pairs. */
export function toPairEpochs(numbers: Float64Array, rateOf: RateOf, places: HeadPlaces): PairEpoch[] {
  return split(numbers, places.length).map(({ own, heads: each }) => {
    const { epoch, loss, penalty } = own;
    const heads = places.map((place, h): HeadEpoch => {
      const head = each[h] as Numbers<HeadNumber>;
      return { ...place, loss: head.value, clusters: head.clusters, entropies: entropiesOf(head) };
    });
    const best = heads.filter(({ group }) => group === 0).reduce((a, b) => (b.loss < a.loss ? b : a));
    return { epoch, loss, penalty, learningRate: rateOf(epoch), heads, best, seconds: secondsOf(own) };
  });
}
