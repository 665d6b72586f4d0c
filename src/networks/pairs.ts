/** Trainings on pairs: what is asked of their perturbations, and how views become the samples of a step. */
import { setImmediate as turn } from 'node:timers/promises';
import { describe, describeList, invalidType, isArray, outOfRange, checkReadable } from '../errors.js';
import { type Matrix, type MatrixLike, toMatrix, zeros } from '../matrix.js';
import { checkCallback } from '../jobs.js';
import { checkFits } from '../memory.js';
import type { NativeNetworkDescription, NativePairs } from '../native.js';
import { checkNumber, checkOptions } from '../options.js';
import { descriptionOf, type PairLoss, type PairLossDescription } from '../pairs/pair-loss.js';
import { onceAborted } from '../signals.js';
import type { Precision } from '../typed-arrays.js';
import { PART, SampleCopy } from './data.js';
import type { HeadPlaces } from './epochs.js';
import type { Running, Source } from './loop.js';
import type { Network } from './network.js';

/** Which copies a step asks for: options of a call such as `affineAsync`. */
export interface ViewRequest {
  /** The numbers of the samples, in this order; the same number several times for several copies. */
  readonly rows: Int32Array;
  /** The seed of the draws, an integer in [0, 2^53): of the training's seed, the step and the view. */
  readonly seed: number;
}

/** Copies of samples that are images, such as those of `genmi/perturbations`. */
export interface ImageView {
  /** All numbers, image by image. */
  readonly data: Precision;
  /** The number of images, and their sizes, whose product is the number of inputs. */
  readonly shape: readonly number[];
}

/** Copies of samples, a row each: a matrix or images. */
export type View = MatrixLike | ImageView;

/**
 * Makes one view of the samples that it is asked for, n x inputs finite numbers, at once or later. The network can be
 * read meanwhile. For the same request it must return the same numbers, where results are to have the same bits.
 *
 * @param signal is aborted when the training is.
 */
export type Perturb = (request: ViewRequest, signal: AbortSignal) => View | PromiseLike<View>;

/** Heads of the same width, which take as many columns of the logits each. */
export interface HeadGroup {
  /** The number of clusters of each head, >= 1. */
  clusters: number;
  /** The number of heads, >= 1, whose mean loss counts; default 1. */
  count?: number | undefined;
  /** The factor of the mean loss, > 0; default 1. */
  weight?: number | undefined;
}

/** The pairs of views that a network learns from. */
export interface PairsOptions {
  /** The number of samples, N >= 1: requests have row numbers in [0, N). */
  samples: number;
  /** Makes both views, from seeds of their own; or one function for each view. */
  perturb: Perturb | readonly [a: Perturb, b: Perturb];
  /** The loss that is minimised, of the logits of both views; one made by genmi. */
  loss: PairLoss;
  /** The number of pairs of each sample in a step, each with perturbations of its own, >= 1; default 1. */
  copies?: number | undefined;
  /**
   * The groups of heads: their columns, one group after the other, are those of the logits. The first group is the one
   * of the clusters that are wanted. Default: one head.
   */
  heads?: readonly HeadGroup[] | undefined;
}

/** Pairs as a training reads them. */
export interface Pairs {
  readonly native: NativePairs;
  readonly loss: PairLossDescription;
  readonly perturb: readonly [a: Perturb, b: Perturb];
  readonly places: HeadPlaces;
  /** The largest number of a head's columns. */
  readonly widest: number;
}

const VIEW = 'perturb()';
const SIZES = { min: 1, max: 2 ** 31 - 1, integer: true } as const;

/** Reads the options of a training on pairs. */
export function readPairs(options: PairsOptions, network: NativeNetworkDescription): Pairs {
  if (network.samples > 0) throw outOfRange('network', 'a network of features', 'a table of logits');
  const loss = descriptionOf(options.loss, 'loss');
  const { places, weights } = readHeads(options.heads, network.outputs);
  const [name, parameter] = loss.native;
  const columns = places.map(({ columns: [first, end] }) => end - first);
  const widths = Float64Array.from(
    places.flatMap(({ columns: [first, end] }, h) => [end - first, weights[h] as number]),
  );
  const samples = checkNumber('samples', options.samples, SIZES);
  const copies = checkNumber('copies', options.copies ?? 1, SIZES);
  const perturb = readPerturb(options.perturb);
  return {
    native: { loss: name, parameter, samples, copies, heads: widths },
    loss,
    perturb,
    places,
    widest: columns.reduce((a, b) => Math.max(a, b), 0),
  };
}

function readPerturb(perturb: unknown): readonly [Perturb, Perturb] {
  if (!isArray('perturb', perturb)) {
    if (perturb === undefined) throw invalidType('perturb', 'a function, or two', describe(perturb));
    const one = checkCallback('perturb', perturb as Perturb);
    return [one, one];
  }
  if (perturb.length !== 2) throw outOfRange('perturb', 'a function, or two', describe(perturb));
  for (const [view, each] of perturb.entries())
    if (typeof each !== 'function') throw invalidType(`perturb[${view}]`, 'a function', describe(each));
  return perturb as unknown as readonly [Perturb, Perturb];
}

function readHeads(heads: unknown, outputs: number): { places: HeadPlaces; weights: number[] } {
  const groups = heads ?? [{ clusters: outputs }];
  if (!isArray('heads', groups)) throw invalidType('heads', 'an array of groups', describe(groups));
  const read = Array.from(groups as readonly HeadGroup[], (group, g) => readGroup(`heads[${g}]`, group));
  const all = read.reduce((sum, { clusters, count }) => sum + clusters * count, 0);
  if (all !== outputs) {
    const received = `${all} clusters of all heads`;
    throw outOfRange('heads', `heads for ${outputs} outputs of the network`, received);
  }
  let first = 0;
  const places = read.flatMap(({ clusters, count }, group) =>
    Array.from({ length: count }, () => {
      first += clusters;
      return { group, columns: Object.freeze([first - clusters, first] as const) };
    }),
  );
  return { places, weights: read.flatMap(({ count, weight }) => new Array<number>(count).fill(weight / count)) };
}

function readGroup(argument: string, group: HeadGroup): Required<{ [Name in keyof HeadGroup]: number }> {
  checkOptions(group, ['clusters', 'count', 'weight'], argument);
  const weight = checkNumber(`${argument}.weight`, group.weight ?? 1);
  if (!(weight > 0)) throw outOfRange(`${argument}.weight`, 'a finite number > 0', describe(weight));
  return {
    clusters: checkNumber(`${argument}.clusters`, group.clusters, SIZES),
    count: checkNumber(`${argument}.count`, group.count ?? 1, SIZES),
    weight,
  };
}

/** Refuses a training for which there is no memory; `bytes` are those of the network and its samples. */
export function checkPairMemory({ native, loss, widest }: Pairs, batch: number, bytes: number): void {
  const n = batch * native.copies;
  const all = bytes + 8 * (6 * n * widest + loss.scratch(n, widest, 1));
  checkFits(`A training on ${n} pairs at once`, all, 'use smaller batches, or fewer copies');
}

/** Views of samples, made for each step. */
export class PairSource implements Source {
  readonly #pairs: Pairs;
  readonly #inputs: number;
  readonly #stepsOfEpoch: number;
  /** All first views of a step, and below them all second ones. */
  readonly #views: Precision;

  constructor(pairs: Pairs, network: Network, batch: number, stepsOfEpoch: number) {
    this.#pairs = pairs;
    this.#inputs = network.inputs;
    this.#stepsOfEpoch = stepsOfEpoch;
    const rows = 2 * batch * pairs.native.copies;
    this.#views = zeros(network.precision, rows, network.inputs, 'use smaller batches, or fewer copies').data;
  }

  async begin({ training, job }: Running): Promise<void> {
    await training.run(null, 1, job);
  }

  /** Trains to the end of this epoch. */
  async advance(running: Running): Promise<void> {
    const { training, job, goesOn } = running;
    do {
      const next = training.next((length) => new Float64Array(length));
      const rows = Int32Array.from(next.subarray(2));
      const pairs = this.#pairs.native.copies * rows.length;
      if (pairs === 0) return;
      for (const view of [0, 1] as const) await this.#make(view, rows, next[view] as number, running);
      if (!goesOn()) return;
      const views = this.#views.subarray(0, 2 * pairs * this.#inputs);
      const samples = await new SampleCopy([views, 2 * pairs, this.#inputs, 1, 0]).finishInTurns(job, goesOn);
      await running.untilQuiet();
      if (!goesOn()) return;
      await training.run(samples, 1, job);
    } while (job.steps % this.#stepsOfEpoch !== 0 && goesOn());
  }

  /** Makes one view of all samples of a step. */
  async #make(view: 0 | 1, rows: Int32Array, seed: number, { goesOn, signal }: Running): Promise<void> {
    if (!goesOn()) return;
    const { copies } = this.#pairs.native;
    const n = copies * rows.length;
    const repeated = Int32Array.from({ length: n }, (_, i) => rows[Math.floor(i / copies)] as number);
    const made = this.#pairs.perturb[view]({ rows: repeated, seed }, signal);
    const answer = await unlessStopped(made, signal);
    if (goesOn())
      await copyInTurns(readView(answer, n, this.#inputs).data, this.#views, view * n * this.#inputs, goesOn);
  }
}

/** The value of a promise; undefined after an abort, which does not wait for it. */
function unlessStopped<T>(value: T | PromiseLike<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const forget = onceAborted(signal, () => resolve(undefined));
    Promise.resolve(value).then(resolve, reject).finally(forget);
  });
}

async function copyInTurns(from: Precision, to: Precision, first: number, goesOn: () => boolean): Promise<void> {
  const part = PART / to.BYTES_PER_ELEMENT;
  for (let at = 0; at < from.length && goesOn(); at += part) {
    to.set(from.subarray(at, at + part), first + at);
    if (from.length > part) await turn();
  }
}

/** Reads a view: images become rows. */
function readView(view: unknown, n: number, inputs: number): Matrix {
  checkReadable(VIEW, view);
  const flat = isImages(view) ? { data: view.data, shape: flatten(view.shape) } : view;
  const matrix = toMatrix(VIEW, flat);
  const [rows, columns] = matrix.shape;
  if (rows === n && columns === inputs) return matrix;
  throw outOfRange(VIEW, `${n} x ${inputs} numbers, a row for each of the request`, `${rows} x ${columns}`);
}

function isImages(view: unknown): view is { data: unknown; shape: readonly number[] } {
  if (typeof view !== 'object' || view === null || !('shape' in view) || !('data' in view)) return false;
  return isArray(VIEW, view.shape) && view.shape.length > 2;
}

function flatten(shape: readonly unknown[]): readonly [number, number] {
  const sizes = shape.map((size) => (typeof size === 'number' ? size : Number.NaN));
  const [n = Number.NaN, ...others] = sizes;
  const columns = others.reduce((product, size) => product * size, 1);
  if (Number.isSafeInteger(n * columns)) return [n, columns];
  throw outOfRange(VIEW, 'a shape of sizes', describeList(shape));
}
