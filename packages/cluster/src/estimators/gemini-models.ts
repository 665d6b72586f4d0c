/** The models of `GeminiClusterer`: networks, the numbers that they see of samples, and the objectives made for them. */
import type { GeminiName, Precision } from 'genmi';
import { type DenseOptions, Network, type Penalties } from 'genmi/networks';
import { checkOptions, oneOf } from '../base/options.js';
import { describe, invalidType, outOfRange } from '../errors.js';

/** The sizes of a network for some data. */
export interface NetworkShape {
  /** The number of features. */
  readonly inputs: number;
  /** The number of clusters. */
  readonly outputs: number;
  /** The number of samples of `fit`. */
  readonly samples: number;
  readonly precision: 'float32' | 'float64';
  /** The seed of the initial values: another one for each restart. */
  readonly seed: number;
}

/** The names of models. */
export const modelNames = ['linear', 'mlp', 'categorical', 'rim', 'kernel-rim'] as const;
export type ModelName = (typeof modelNames)[number];

/** Hidden layers of your own. */
export interface DenseModel extends Pick<DenseOptions, 'layers' | 'init' | 'headScale'> {
  /** Add a linear skip connection, as LassoNet has it. Default false. */
  skip?: boolean | undefined;
}

/** Makes a network of this shape, such as `({ inputs, outputs, seed }) => Network.dense({ … })`. */
export type MakeNetwork = (shape: NetworkShape) => Network;

/**
 * A model: logits of x as
 *
 * - `'linear'`: x W + b
 * - `'mlp'`: a hidden layer of 20 units with relu
 * - `'categorical'`: free logits for each sample of `fit`; it predicts no other samples
 * - `'rim'`: linear, for the objective `'mi'` less 0.1 |W|^2
 * - `'kernel-rim'`: linear in the kernel's values k(x, x_1), …, k(x, x_N), for `'mi'` less 0.1 tr(W' K W)
 * - `{ layers, init, headScale, skip }`: layers of your own, as for `Network.dense`, or `Network.lassoNet` with `skip`
 * - a function that makes a `Network`
 */
export type ModelChoice = ModelName | DenseModel | MakeNetwork;

/** A model, ready for any data. */
export interface Model {
  /** What a network sees of a sample: its features, its row of the kernel, or its number alone. */
  readonly sees: 'features' | 'kernel' | 'number';
  /** The objective of this model where none is given. */
  readonly objective: GeminiName;
  /** The penalty of this model where none is given. */
  readonly penalty: Penalties;
  /** The learning rate of this model where none is given. */
  readonly learningRate: number;
  readonly make: MakeNetwork;
}

const HIDDEN = 20;

/** The defaults of most models. */
const PLAIN = { objective: 'mmd_ova', penalty: {}, learningRate: 1e-2 } as const;

const models: Readonly<Record<ModelName, Model>> = {
  linear: { sees: 'features', ...PLAIN, make: makeLinear },
  mlp: denseModel({ layers: [{ width: HIDDEN }] }),
  categorical: {
    sees: 'number',
    ...PLAIN,
    learningRate: 0.1,
    make: ({ inputs: _, ...others }) => Network.table(others),
  },
  rim: { sees: 'features', ...PLAIN, objective: 'mi', penalty: { l2: 0.1 }, make: makeLinear },
  'kernel-rim': {
    sees: 'kernel',
    ...PLAIN,
    objective: 'mi',
    penalty: { kernel: 0.1 },
    make: ({ inputs: _, ...others }) => Network.kernel(others),
  },
};

function makeLinear({ samples: _, ...others }: NetworkShape): Network {
  return Network.linear(others);
}

function denseModel({ skip = false, ...layers }: DenseModel): Model {
  const kind = skip ? 'lassoNet' : 'dense';
  const make = ({ samples: _, ...others }: NetworkShape) => Network[kind]({ ...others, ...layers });
  return { sees: 'features', ...PLAIN, make };
}

/** Reads a model. @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE */
export function readModel(choice: ModelChoice): Model {
  if (typeof choice === 'function') {
    return { sees: 'features', ...PLAIN, make: (shape) => checked(choice(shape), shape) };
  }
  if (typeof choice === 'string') return models[oneOf('model', choice, modelNames)];
  if (typeof choice !== 'object' || choice === null) {
    throw invalidType('model', `one of ${modelNames.join(', ')}, layers, or a function`, describe(choice));
  }
  checkOptions(choice, ['layers', 'init', 'headScale', 'skip'], 'model');
  const { skip = false } = choice;
  if (typeof skip !== 'boolean') throw invalidType('model.skip', 'a boolean', describe(skip));
  const model = denseModel(choice);
  model.make({ inputs: 1, outputs: 1, samples: 1, precision: 'float32', seed: 0 }).dispose();
  return model;
}

function checked(network: Network, { inputs, outputs }: NetworkShape): Network {
  if (!(network instanceof Network)) throw invalidType('model()', 'a Network of genmi/networks', describe(network));
  const { inputs: d, outputs: k } = network;
  if (d === inputs && k === outputs) return network;
  throw outOfRange('model()', `a network of ${inputs} inputs and ${outputs} outputs`, `${d} inputs and ${k} outputs`);
}

/** The parameters of a network by their names, row by row. */
export type StartParameters = Parameters<Network['load']>[0];

/** Gives a network its first parameters. @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE */
export function begin(network: Network, start: StartParameters): void {
  const own = network.parameters();
  checkOptions(start, Object.keys(own), 'start');
  for (const [name, { data, shape }] of Object.entries(own)) {
    const given: unknown = Object(start[name]?.data).length;
    const expected = `{ data } with ${data.length} numbers, ${shape.join(' x ')}`;
    if (given === undefined) throw invalidType(`start['${name}']`, expected, describe(start[name]));
    if (given !== data.length) throw outOfRange(`start['${name}']`, expected, `${given} numbers`);
  }
  network.load(start);
}

/** The features with a weight that is not 0 in the layer that sees them, in rising order. */
export function featuresOf(network: Network): number[] {
  const parameters = network.parameters();
  const first = ['skip.weights', 'hidden1.weights', 'head.weights'].find((name) => name in parameters);
  const { data, shape } = parameters[first ?? ''] ?? { data: [], shape: [0, 1] };
  const width = shape[1] as number;
  const used = new Set<number>();
  for (let e = 0; e < data.length; e++) if (data[e] !== 0) used.add(Math.floor(e / width));
  return [...used].sort((a, b) => a - b);
}

/** The parameters of a network as JSON keeps them. */
export type PlainParameters = Record<string, { readonly data: number[]; readonly shape: readonly number[] }>;

export function plainParameters(network: Network): PlainParameters {
  const entries = Object.entries(network.parameters()).map(([name, { data, shape }]) => {
    return [name, { data: plainNumbers(data), shape }] as const;
  });
  return Object.fromEntries(entries);
}

/** Numbers for JSON without loss: 9 digits tell all float32 numbers apart. */
export function plainNumbers(data: Precision): number[] {
  return data instanceof Float32Array ? Array.from(data, (x) => Number(x.toPrecision(9))) : Array.from(data);
}
