/** Terms of the loss besides the objective: penalties of parameters, and virtual adversarial training. */
import { describe, invalidType, isArray, outOfRange } from '../errors.js';
import { type AsyncOptions, asyncOptions, runJob } from '../jobs.js';
import { allocate } from '../memory.js';
import { type NativeNetworkDescription, type NativePenalty, type NativeVat, native } from '../native.js';
import { checkNumber, checkOptions, oneOf } from '../options.js';
import { type SampleData, toSamples } from '../samples.js';
import { SampleCopy } from './data.js';

/** Groups of input features, by their numbers; a feature in no list is a group of its own. */
export type FeatureGroups = readonly (readonly number[])[];

/** The group lasso: alpha times the sum of the norms of each group's weights. */
export interface GroupLasso {
  /** The weight of the penalty, >= 0. */
  alpha: number;
  /** Default: each feature is a group. */
  groups?: FeatureGroups | undefined;
}

/** The hierarchical penalty of LassoNet, for `Network.lassoNet`. */
export interface Hierarchical extends GroupLasso {
  /** Hidden weights of a feature are at most M times the norm of its skip connection, > 0; default 10. */
  m?: number | undefined;
}

/** Penalties of parameters. */
export interface Penalties {
  /** Adds l2 |W|^2 of all weights to the loss, not of biases; >= 0. */
  l2?: number | undefined;
  /** Sets the weights of whole groups of input features to 0, by a proximal step after each update. */
  groupLasso?: number | GroupLasso | undefined;
  /** The same for networks with hidden layers and a skip connection. */
  hierarchical?: number | Hierarchical | undefined;
  /** Adds a factor >= 0 times tr(W' K W) for `Network.kernel`, where `data` is the kernel K. Cost: O(N^2 K) a step. */
  kernel?: number | undefined;
}

/** Virtual adversarial training: predictions shall stay the same where a sample moves a little. */
export interface VatOptions {
  /** The weight of the smoothness in the loss, > 0; default 1. */
  weight?: number | undefined;
  /**
   * How far samples move, >= 0: one distance, or one for each sample. Default 1.
   *
   * `'neighbours'`: `neighborLengths(data)`, found before the first step.
   */
  epsilon?: number | 'neighbours' | ArrayLike<number> | undefined;
  /** The length of the probes that find the direction, > 0; default 10. */
  xi?: number | undefined;
  /** Steps of the power iteration that finds the direction, >= 0; default 1. */
  power?: number | undefined;
  /** How directions d become as long as epsilon: d / (|d| + 1e-8), as in the papers' code (default), or d / |d|. */
  normalization?: 'additive' | 'exact' | undefined;
}

/** Samples that each have a 10th neighbour. */
const FEWEST = 11;
const NOT_NEGATIVE = { min: 0 } as const;

function positive(argument: string, value: unknown, absent: number): number {
  const number = checkNumber(argument, value ?? absent);
  if (number > 0) return number;
  throw outOfRange(argument, 'a finite number > 0', describe(number));
}

function toGroups(argument: string, groups: unknown, inputs: number): Int32Array[] {
  if (groups === undefined) return [];
  if (!isArray(argument, groups)) throw invalidType(argument, 'lists of features', describe(groups));
  return Array.from(groups, (group: unknown, g) => {
    const place = `${argument}[${g}]`;
    if (!isArray(place, group)) throw invalidType(place, 'a list of features', describe(group));
    const features = allocate(Int32Array, group.length, () => `${group.length} features`, 'give fewer');
    for (let i = 0; i < group.length; i++)
      features[i] = checkNumber(`${place}[${i}]`, group[i], { min: 0, max: inputs - 1, integer: true });
    return features;
  });
}

/** Reads a penalty that is a number or has groups. */
function toLasso(argument: string, value: unknown, known: readonly string[], inputs: number) {
  if (value === undefined) return { alpha: 0, groups: [], m: undefined };
  if (typeof value === 'number') return { alpha: checkNumber(argument, value, NOT_NEGATIVE), groups: [], m: undefined };
  checkOptions(value as object, known, argument);
  const { alpha, groups, m } = value as Partial<Hierarchical>;
  return {
    alpha: checkNumber(`${argument}.alpha`, alpha, NOT_NEGATIVE),
    groups: toGroups(`${argument}.groups`, groups, inputs),
    m,
  };
}

/** Reads the penalties of a network with this description; the L2 penalty is the optimiser's affair. */
export function toPenalties(
  penalty: Penalties | undefined,
  network: NativeNetworkDescription,
  rows: number,
): { l2: number; native: NativePenalty | undefined } {
  if (penalty === undefined) return { l2: 0, native: undefined };
  checkOptions(penalty, ['l2', 'groupLasso', 'hierarchical', 'kernel'], 'penalty');
  const l2 = checkNumber('penalty.l2', penalty.l2 ?? 0, NOT_NEGATIVE);
  const lasso = toLasso('penalty.groupLasso', penalty.groupLasso, ['alpha', 'groups'], network.inputs);
  const tree = toLasso('penalty.hierarchical', penalty.hierarchical, ['alpha', 'groups', 'm'], network.inputs);
  const m = positive('penalty.hierarchical.m', tree.m, 10);
  const kernel = checkNumber('penalty.kernel', penalty.kernel ?? 0, NOT_NEGATIVE);
  const layered = network.samples === 0;
  if (lasso.alpha > 0 && (!layered || network.skip)) {
    const received = layered ? 'one with a skip connection' : 'a table of logits';
    throw outOfRange('penalty.groupLasso', 'a network whose first layer alone sees the features', received);
  }
  if (tree.alpha > 0 && (!layered || !network.skip || network.layers.length === 0)) {
    const remedy = 'Network.lassoNet with layers makes one';
    throw outOfRange('penalty.hierarchical', 'a network with hidden layers and a skip connection', 'another', remedy);
  }
  if (kernel > 0 && (!layered || network.layers.length > 0 || network.skip || network.inputs !== rows)) {
    const remedy = 'Network.kernel makes one';
    throw outOfRange('penalty.kernel', 'a linear network over the rows of a kernel', 'another', remedy);
  }
  if (lasso.alpha === 0 && tree.alpha === 0 && kernel === 0) return { l2, native: undefined };
  const groups = tree.alpha > 0 ? tree.groups : lasso.groups;
  return { l2, native: { groupLasso: lasso.alpha, hierarchical: tree.alpha, kernel, m, groups } };
}

function toEpsilons(epsilon: unknown, rows: number): Float64Array {
  const isList = isArray('vat.epsilon', epsilon) || ArrayBuffer.isView(epsilon);
  if (!isList || typeof (epsilon as { length?: unknown }).length !== 'number')
    throw invalidType('vat.epsilon', 'a number, or an array with one for each sample', describe(epsilon));
  const given = epsilon as ArrayLike<unknown>;
  if (given.length !== rows) throw outOfRange('vat.epsilon', `${rows} numbers, one for each sample`, `${given.length}`);
  const epsilons = allocate(Float64Array, rows, () => `${rows} distances`, 'give one for all samples');
  for (let i = 0; i < rows; i++) {
    const number = given[i];
    if (!(typeof number === 'number' && number >= 0 && number < Infinity))
      checkNumber(`vat.epsilon[${i}]`, number, NOT_NEGATIVE);
    epsilons[i] = number as number;
  }
  return epsilons;
}

/**
 * A quarter of the distance of each sample to its 10th nearest other sample: lengths for `vat.epsilon`, which can be used
 * again in other trainings.
 *
 * Cost: at most O(N^2 d); 60,000 images of 784 pixels take 10 to 15 s on two cores.
 *
 * Source: Hu et al. 2017, "Learning discrete representations via information maximizing self-augmented training",
 * section 5.1.
 *
 * @param data N x d, finite, N >= 11; copied before the call returns.
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE, GenmiError ERR_OUT_OF_MEMORY; rejects with the
 * signal's reason when aborted.
 */
export async function neighborLengths(data: SampleData, options: AsyncOptions = {}): Promise<Float64Array> {
  return runJob(options, async (job) => {
    checkOptions(options, asyncOptions);
    const samples = toSamples('data', data);
    const [, rows] = samples;
    if (rows < FEWEST) throw outOfRange('data', `at least ${FEWEST} rows`, `${rows}`);
    const lengths = allocate(Float64Array, rows, () => `${rows} lengths`, 'give fewer samples');
    await native.neighborLengthsAsync(new SampleCopy(samples).finish(), lengths, job);
    return lengths;
  });
}

/** Reads the options of virtual adversarial training. */
export function toVat(
  vat: VatOptions | undefined,
  network: NativeNetworkDescription,
  rows: number,
): NativeVat | undefined {
  if (vat === undefined) return undefined;
  checkOptions(vat, ['weight', 'epsilon', 'xi', 'power', 'normalization'], 'vat');
  if (network.samples > 0) throw outOfRange('vat', 'a network of features', 'a table of logits');
  const { epsilon = 1 } = vat;
  const one = typeof epsilon === 'number' || typeof epsilon === 'string';
  if (typeof epsilon === 'string') oneOf('vat.epsilon', epsilon, ['neighbours']);
  if (epsilon === 'neighbours' && rows < FEWEST) {
    const remedy = 'give vat.epsilon as a number';
    throw outOfRange('data', `at least ${FEWEST} rows, for vat.epsilon: 'neighbours'`, `${rows}`, remedy);
  }
  return {
    weight: positive('vat.weight', vat.weight, 1),
    epsilon: typeof epsilon === 'number' ? checkNumber('vat.epsilon', epsilon, NOT_NEGATIVE) : 1,
    epsilons: one ? undefined : toEpsilons(epsilon, rows),
    fromNeighbors: epsilon === 'neighbours',
    xi: positive('vat.xi', vat.xi, 10),
    power: checkNumber('vat.power', vat.power ?? 1, { min: 0, max: 1000, integer: true }),
    normalization: oneOf('vat.normalization', vat.normalization ?? 'additive', ['additive', 'exact']),
  };
}
