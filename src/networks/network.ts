/// <reference lib="esnext.disposable" preserve="true" />
/** Networks: models whose logits objectives are maximised over. */
import { mark, notOurs } from '../copies.js';
import { checkReadable, describe, describeList, invalidType, isArray, outOfRange } from '../errors.js';
import { type AsyncOptions, asyncOptions, runJob } from '../jobs.js';
import { type Matrix, type MatrixLike, type Precision, type Rows, toMatrix, toRows, zeros } from '../matrix.js';
import { allocate, checkFits, formatBytes } from '../memory.js';
import {
  type NativeAnswer,
  type NativeArray,
  type NativeLayer,
  type NativeNetwork,
  type NativeNetworkDescription,
  type NativeNumbered,
  native,
} from '../native.js';
import { checkBoolean, checkNumber, checkOptions, oneOf } from '../options.js';
import type { SampleData } from '../samples.js';
import { NO_FEATURES, readData, SampleCopy } from './data.js';

/** A hidden layer: a product with weights, batch normalisation where it is asked for, and an activation. */
export interface HiddenLayer {
  /** The number of units, >= 1. */
  width: number;
  /** Default `'relu'`. */
  activation?: 'relu' | 'tanh' | 'identity' | undefined;
  /**
   * Normalise each unit over the batch, before the activation: momentum 0.1, epsilon 1e-5. Predictions use the running
   * mean and variance. Default false.
   */
  batchNormalization?: boolean | undefined;
}

/** A hidden layer of a network: nothing is left to defaults. */
export type Layer = { readonly [Name in keyof HiddenLayer]-?: NonNullable<HiddenLayer[Name]> };

/** Options that all networks have. */
export interface NetworkOptions {
  /** The precision of parameters and arithmetic. Default `'float32'`. */
  precision?: 'float32' | 'float64' | undefined;
  /** The seed of the initial values, an integer in [0, 2^53); default 0. */
  seed?: number | undefined;
}

/** Options of `Network.linear`. */
export interface LinearOptions extends NetworkOptions {
  /** The number of features, d >= 1. */
  inputs: number;
  /** The number of clusters, K >= 1. */
  outputs: number;
}

/** Options of `Network.dense`. */
export interface DenseOptions extends LinearOptions {
  /** The hidden layers, first to last; default none. */
  layers?: readonly HiddenLayer[] | undefined;
  /**
   * Initial values: `'uniform'`, weights and biases in +-1 / sqrt(fan-in), as in torch and gemclus (default); `'he'`,
   * normal weights of variance 2 / fan-in, and biases 0.
   */
  init?: 'uniform' | 'he' | undefined;
  /** A factor of the last layer's initial values, > 0: 0.01 makes all clusters equally likely at first. Default 1. */
  headScale?: number | undefined;
}

/** An array of a network: the numbers row by row, and their shape. */
export interface Parameter {
  /** A copy of the numbers, in the network's precision. */
  readonly data: Precision;
  /** The numbers of rows and columns; one number for a vector. */
  readonly shape: readonly number[];
}

/** Options of `Network.kernel`. */
export interface KernelNetworkOptions extends NetworkOptions {
  /** The number of samples that the kernel compares with, N >= 1. */
  samples: number;
  /** The number of clusters, K >= 1. */
  outputs: number;
}

/** Options of `Network.table`. */
export interface TableOptions extends KernelNetworkOptions {
  /** Initial logits: `'uniform'` in (-1, 1) (default), or `'normal'`, standard normal. */
  init?: 'uniform' | 'normal' | undefined;
}

/** The arrays of a network by their names, such as `hidden1.weights` (inputs x outputs) and `hidden1.bias`. */
export type Parameters = Readonly<Record<string, Parameter>>;

/** Options of `forward`. */
export interface ForwardOptions {
  /**
   * Where batch normalisation takes means and variances from: `'training'` (default), the batch, which the running ones
   * remember; `'frozen'`, the batch; `'prediction'`, the running ones.
   */
  mode?: 'training' | 'frozen' | 'prediction' | undefined;
}

/** Options of `backward`. */
export interface BackwardOptions {
  /** Return the gradient with respect to the samples, n x inputs. Default false. */
  input?: boolean | undefined;
  /** Add to the gradients of the parameters. Default true. */
  parameters?: boolean | undefined;
}

const INTERNAL = Symbol('internal');
const SEEDS = { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true } as const;
/** Larger sizes are refused before any arithmetic with them. */
const SIZES = { min: 1, max: 2 ** 31 - 1, integer: true } as const;
const networkOptions = ['inputs', 'outputs', 'precision', 'seed'] as const;

/** @internal What `train` and optimisers use of a network. */
export interface NetworkParts {
  native: NativeNetwork;
  description: NativeNetworkDescription;
  /** The asynchronous predictions that read it. */
  pending: ReadonlySet<Promise<unknown>>;
}

/** @internal The parts of an argument; throws where that is no network of this copy. */
export let partsOf: (network: unknown, argument: string) => NetworkParts;

function toLayer(argument: string, layer: HiddenLayer): NativeLayer {
  checkOptions(layer, ['width', 'activation', 'batchNormalization'], argument);
  return {
    width: checkNumber(`${argument}.width`, layer.width, SIZES),
    activation: oneOf(`${argument}.activation`, layer.activation ?? 'relu', ['relu', 'tanh', 'identity']),
    normalization: checkBoolean(`${argument}.batchNormalization`, layer.batchNormalization ?? false),
  };
}

function describeTable(options: TableOptions): NativeNetworkDescription {
  return {
    ...describeNetwork(
      { inputs: 1, outputs: options.outputs, precision: options.precision, seed: options.seed },
      false,
    ),
    inputs: 0,
    samples: checkNumber('samples', options.samples, SIZES),
    init: oneOf('init', options.init ?? 'uniform', ['uniform', 'normal']),
  };
}

function describeNetwork(options: DenseOptions, skip: boolean): NativeNetworkDescription {
  const layers = options.layers ?? [];
  if (!isArray('layers', layers)) throw invalidType('layers', 'an array of layers', describe(layers));
  const headScale = checkNumber('headScale', options.headScale ?? 1);
  if (!(headScale > 0)) throw outOfRange('headScale', 'a finite number > 0', describe(headScale));
  return {
    precision: oneOf('precision', options.precision ?? 'float32', ['float32', 'float64']),
    inputs: checkNumber('inputs', options.inputs, SIZES),
    outputs: checkNumber('outputs', options.outputs, SIZES),
    samples: 0,
    layers: Array.from(layers, (layer, l) => toLayer(`layers[${l}]`, layer)),
    skip,
    init: oneOf('init', options.init ?? 'uniform', ['uniform', 'he']),
    headScale,
    seed: checkNumber('seed', options.seed ?? 0, SEEDS),
  };
}

function countParameters({ inputs, outputs, samples, layers, skip }: NativeNetworkDescription): number {
  if (samples > 0) return samples * outputs;
  const widths = [inputs, ...layers.map(({ width }) => width), outputs];
  const products = widths.slice(1).map((width, l) => (widths[l] as number) * width + 3 * width);
  return products.reduce((sum, each) => sum + each, skip ? inputs * outputs : 0);
}

/**
 * A model in native memory, which maps samples to the logits of K clusters; `train` changes it.
 *
 * While `train` runs, the network may be read in `onEpoch`; other calls throw ERR_BUSY. V8 is told of the memory.
 */
export class Network implements Disposable {
  readonly #native: NativeNetwork;
  readonly #description: NativeNetworkDescription;
  readonly #arrays: readonly NativeArray[];
  readonly #pending = new Set<Promise<unknown>>();
  #passed = 0;
  /** The number of features of a sample, d; 0 for a table of logits. */
  readonly inputs: number;
  /** The number of clusters, K. */
  readonly outputs: number;
  /** The precision of parameters and results. */
  readonly precision: 'float32' | 'float64';
  /** The hidden layers, first to last; with the names of `parameters()` they tell another program all that it computes. */
  readonly layers: readonly Layer[];

  /** @internal Use `Network.dense`, `.linear`, `.lassoNet`, `.kernel` or `.table`. */
  constructor(key: typeof INTERNAL, description: NativeNetworkDescription) {
    if (key !== INTERNAL) {
      throw invalidType('Network', 'Network.dense, .linear, .lassoNet, .kernel or .table', 'new Network()');
    }
    const bytes = 2 * countParameters(description) * (description.precision === 'float32' ? 4 : 8);
    checkFits('A network of this size', bytes, 'use narrower layers');
    this.#description = description;
    this.#native = new native.Network(description);
    this.#arrays = this.#native.arrays();
    this.inputs = description.inputs;
    this.outputs = description.outputs;
    this.precision = description.precision;
    this.layers = Object.freeze(
      description.layers.map(({ width, activation, normalization }) =>
        Object.freeze({ width, activation, batchNormalization: normalization }),
      ),
    );
  }

  static {
    mark(Network.prototype, 'Network');
    partsOf = (network, argument) => {
      const own = Network.#own(network, argument);
      return { native: own.#native, description: own.#description, pending: own.#pending };
    };
  }

  /** Returns the network. Throws where it is another copy's, or a proxy. */
  static #own(network: unknown, argument = 'network'): Network {
    if (typeof network === 'object' && network !== null && #native in network) return network;
    throw notOurs(argument, 'Network', network, Network.prototype);
  }

  /**
   * Makes a network of dense layers: logits = W_L f(… f(x W_1 + b_1) …) + b_L.
   *
   * Memory: two numbers for each parameter. Cost of a forward pass: O(parameters) for each sample.
   *
   * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE, GenmiError ERR_OUT_OF_MEMORY.
   */
  static dense(options: DenseOptions): Network {
    checkOptions(options, [...networkOptions, 'layers', 'init', 'headScale']);
    return new Network(INTERNAL, describeNetwork(options, false));
  }

  /** Makes the linear model x W + b. Errors and cost: as for `dense`. */
  static linear(options: LinearOptions): Network {
    checkOptions(options, networkOptions);
    return new Network(INTERNAL, describeNetwork(options, false));
  }

  /**
   * Makes a dense network with a linear skip connection, dense(x) + x W_skip. Errors and cost: as for `dense`.
   *
   * Source: Lemhadri et al., "LassoNet", 2021, eq. (3).
   */
  static lassoNet(options: DenseOptions): Network {
    checkOptions(options, [...networkOptions, 'layers', 'init', 'headScale']);
    return new Network(INTERNAL, describeNetwork(options, true));
  }

  /**
   * Makes a linear model of a kernel's rows: a sample x is given as k(x, x_1), …, k(x, x_N). Errors and cost: as for
   * `dense` with N inputs.
   *
   * Train it on all N rows, such as `affinity.toMatrix()`, with `penalty: { kernel }` (KernelRIM).
   */
  static kernel(options: KernelNetworkOptions): Network {
    checkOptions(options, ['samples', 'outputs', 'precision', 'seed']);
    const { samples, ...others } = options;
    const inputs = checkNumber('samples', samples, SIZES);
    return new Network(INTERNAL, describeNetwork({ ...others, inputs }, false));
  }

  /**
   * Makes a table of logits, a row for each of N samples: it has no features, and predicts no other samples. `train` takes
   * no data for it. Errors: as for `dense`.
   */
  static table(options: TableOptions): Network {
    checkOptions(options, ['samples', 'outputs', 'init', 'precision', 'seed']);
    return new Network(INTERNAL, describeTable(options));
  }

  /**
   * The likeliest cluster of each sample, in [0, K); the first one of several.
   *
   * Samples are worked on in blocks: memory does not grow with them. Cost: that of a forward pass.
   *
   * @param data n x inputs, finite; for a table of logits nothing: it predicts all its samples.
   * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE, GenmiError ERR_BUSY, ERR_DISPOSED,
   * ERR_OUT_OF_MEMORY.
   */
  predict(data?: SampleData): Int32Array {
    const own = Network.#own(this);
    const samples = readData(data, own.#description);
    const labels = own.#labels(samples[1]);
    own.#native.predict('labels', labels, ...samples);
    return labels;
  }

  /** The probabilities of each sample's clusters, n x K: the softmax of `logits`. Arguments and errors: as `predict`. */
  predictProba(data?: SampleData): Matrix {
    return Network.#own(this).#answer('probabilities', data);
  }

  /** The logits of each sample, n x K. Arguments and errors: as `predict`. */
  logits(data?: SampleData): Matrix {
    return Network.#own(this).#answer('logits', data);
  }

  /**
   * As `predict`, on another thread. Rejects with the signal's reason when aborted.
   *
   * The samples are copied before the call returns, 2 to 5 GB a second. The network cannot be changed until the call has
   * ended: `train` waits for it, other calls throw ERR_BUSY.
   */
  async predictAsync(data?: SampleData, options: AsyncOptions = {}): Promise<Int32Array> {
    const own = Network.#own(this);
    return own.#answerAsync('labels', data, options, (n) => {
      const labels = own.#labels(n);
      return { out: labels, result: labels };
    });
  }

  /** As `predictProba`, on another thread; see `predictAsync`. */
  async predictProbaAsync(data?: SampleData, options: AsyncOptions = {}): Promise<Matrix> {
    const own = Network.#own(this);
    return own.#answerAsync('probabilities', data, options, (n) => own.#matrix(n));
  }

  /** As `logits`, on another thread; see `predictAsync`. */
  async logitsAsync(data?: SampleData, options: AsyncOptions = {}): Promise<Matrix> {
    const own = Network.#own(this);
    return own.#answerAsync('logits', data, options, (n) => own.#matrix(n));
  }

  /**
   * Copies of all parameters, row by row, and of the running statistics of batch normalisation.
   *
   * @throws GenmiError ERR_BUSY, ERR_DISPOSED, ERR_OUT_OF_MEMORY.
   */
  parameters(): Record<string, Parameter> {
    const own = Network.#own(this);
    return own.#copies(own.#arrays, false);
  }

  /** The gradients +dI/dparameters that `backward` has added up since the last step. Errors: as `parameters`. */
  gradients(): Record<string, Parameter> {
    const own = Network.#own(this);
    return own.#copies(
      own.#arrays.filter(({ learned }) => learned),
      true,
    );
  }

  /**
   * Replaces all parameters by copies of others: those of `parameters`, in either precision or as plain arrays.
   *
   * A call that fails changes nothing.
   *
   * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE for names, shapes and numbers that do not fit;
   * GenmiError ERR_BUSY, ERR_DISPOSED, ERR_OUT_OF_MEMORY.
   */
  load(
    parameters: Readonly<Record<string, { readonly data: ArrayLike<number>; readonly shape?: readonly number[] }>>,
  ): void {
    const own = Network.#own(this);
    checkOptions(
      parameters,
      own.#arrays.map(({ name }) => name),
      'parameters',
    );
    const all = own.#numbers(own.#arrays);
    let at = 0;
    for (const array of own.#arrays) {
      copyArray(array, parameters[array.name], all, at);
      at += array.rows * array.columns;
    }
    own.#native.write(all);
  }

  /**
   * The logits of a batch, n x K, for a loop of your own. The pass is kept for `backward`, until the network changes.
   *
   * @param batch n x inputs, finite, n >= 1; for a table of logits n row numbers.
   * @throws as `predict`.
   */
  forward(batch: SampleData | Rows, options: ForwardOptions = {}): Matrix {
    const own = Network.#own(this);
    checkOptions(options, ['mode']);
    const mode = oneOf('mode', options.mode ?? 'training', ['training', 'frozen', 'prediction']);
    const samples = own.#readBatch(batch);
    if (samples[1] === 0) throw outOfRange('batch', 'at least one row', 'none');
    const logits = zeros(own.precision, samples[1], own.outputs, 'use smaller batches');
    own.#native.forward(mode, logits.data, ...samples);
    own.#passed = samples[1];
    return logits;
  }

  /**
   * Adds the gradients of the parameters from a value's gradient with respect to the logits of the last `forward`.
   *
   * The gradient is +dI/dlogits, as `valueAndGrad` returns it; `step` of an optimiser makes I larger. For a loss that
   * is to be minimised, negate its gradient.
   *
   * @param gradient n x K, finite.
   * @returns with `input: true` the gradient +dI/dbatch, n x inputs.
   * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE, also without a pass since the last change;
   * GenmiError ERR_BUSY, ERR_DISPOSED, ERR_OUT_OF_MEMORY.
   */
  backward(gradient: MatrixLike, options: BackwardOptions & { input: true }): Matrix;
  backward(gradient: MatrixLike, options?: BackwardOptions): Matrix | undefined;
  backward(gradient: MatrixLike, options: BackwardOptions = {}): Matrix | undefined {
    const own = Network.#own(this);
    checkOptions(options, ['input', 'parameters']);
    const wanted = checkBoolean('input', options.input ?? false);
    const learn = checkBoolean('parameters', options.parameters ?? true);
    const { data, shape } = toMatrix('gradient', gradient);
    const [n, k] = shape;
    if (own.#passed > 0 && (n !== own.#passed || k !== own.outputs)) {
      const expected = `${own.#passed} x ${own.outputs} numbers, as forward() returned logits`;
      throw outOfRange('gradient', expected, `${n} x ${k}`);
    }
    const byInput = wanted ? zeros(own.precision, n, own.inputs, 'use smaller batches') : undefined;
    own.#native.backward(data, learn, byInput?.data ?? null);
    return byInput;
  }

  /** Bytes of native memory in use; 0 after `dispose()`. */
  get bytes(): number {
    return Network.#own(this).#native.bytes;
  }

  /** Frees the native memory; later calls throw GenmiError ERR_DISPOSED. Throws ERR_BUSY while another call runs. */
  dispose(): void {
    Network.#own(this).#native.dispose();
  }

  /** As `dispose`, at the end of a block that declares it with `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    return `Network(${this.inputs} inputs, ${this.outputs} outputs, ${this.precision}, ${formatBytes(this.bytes)})`;
  }

  /** A batch of a table of logits is the row numbers of its samples, which have no features. */
  #readBatch(batch: SampleData | Rows): NativeNumbered {
    const { samples } = this.#description;
    if (samples === 0) return [...readData(batch, this.#description, 'batch'), null];
    const numbers = toRows(batch, 'batch');
    if (numbers === null) throw invalidType('batch', 'an Int32Array or an array of integers', describe(batch));
    const wrong = numbers.find((row) => row < 0 || row >= samples);
    if (wrong !== undefined) throw outOfRange('batch', `row numbers in [0, ${samples - 1}]`, `${wrong}`);
    return [NO_FEATURES, numbers.length, 0, 1, 0, numbers];
  }

  #labels(n: number): Int32Array {
    return allocate(Int32Array, n, () => `The clusters of ${n} samples`, 'predict fewer samples at once');
  }

  #matrix(n: number): { out: Precision; result: Matrix } {
    const result = zeros(this.precision, n, this.outputs, 'predict fewer samples at once');
    return { out: result.data, result };
  }

  #answer(answer: NativeAnswer, data: SampleData | undefined): Matrix {
    const samples = readData(data, this.#description);
    const { out, result } = this.#matrix(samples[1]);
    this.#native.predict(answer, out, ...samples);
    return result;
  }

  #answerAsync<R>(
    answer: NativeAnswer,
    data: SampleData | undefined,
    options: AsyncOptions,
    room: (n: number) => { out: Precision | Int32Array; result: R },
  ): Promise<R> {
    return runJob(options, async (job) => {
      checkOptions(options, asyncOptions);
      const samples = readData(data, this.#description);
      const { out, result } = room(samples[1]);
      const copy = new SampleCopy(samples).finish();
      const call = this.#native.predictAsync(answer, out, copy, job);
      const settled = call.catch(() => {}).finally(() => this.#pending.delete(settled));
      this.#pending.add(settled);
      await call;
      return result;
    });
  }

  #numbers(arrays: readonly NativeArray[]): Precision {
    const length = arrays.reduce((sum, { rows, columns }) => sum + rows * columns, 0);
    const type = this.precision === 'float32' ? Float32Array : Float64Array;
    return allocate<Precision>(type, length, () => `${length} parameters`, 'free memory first');
  }

  #copies(arrays: readonly NativeArray[], gradients: boolean): Record<string, Parameter> {
    const all = this.#numbers(arrays);
    this.#native.read(gradients, all);
    let at = 0;
    const copies: Record<string, Parameter> = {};
    for (const { name, rows, columns } of arrays) {
      const data = all.subarray(at, at + rows * columns);
      copies[name] = { data, shape: /\.(weights|logits)$/.test(name) ? [rows, columns] : [columns] };
      at += rows * columns;
    }
    return copies;
  }
}

/** Copies the numbers of one parameter, which must be finite in the network's precision. */
function copyArray({ name, rows, columns }: NativeArray, given: unknown, all: Precision, at: number): void {
  const argument = `parameters['${name}']`;
  const length = rows * columns;
  checkReadable(argument, given);
  if (typeof given !== 'object' || given === null) throw invalidType(argument, '{ data, shape }', describe(given));
  const { data, shape } = given as { data?: unknown; shape?: unknown };
  const isList = isArray(`${argument}.data`, data) || ArrayBuffer.isView(data);
  if (!isList || typeof (data as { length?: unknown }).length !== 'number')
    throw invalidType(`${argument}.data`, 'an array of numbers', describe(data));
  const numbers = data as ArrayLike<unknown>;
  if (numbers.length !== length) throw outOfRange(`${argument}.data`, `${length} numbers`, `${numbers.length}`);
  if (shape !== undefined) checkShape(`${argument}.shape`, shape, rows, columns);
  for (let i = 0; i < length; i++) {
    const number = numbers[i];
    if (typeof number === 'number') all[at + i] = number;
    if (typeof number === 'number' && Number.isFinite(all[at + i])) continue;
    checkNumber(`${argument}.data[${i}]`, number);
    throw outOfRange(`${argument}.data[${i}]`, 'a number that is finite in float32', describe(number));
  }
}

/** The shape of a matrix, or of a vector with or without its single row. */
function checkShape(argument: string, shape: unknown, rows: number, columns: number): void {
  const isList = isArray(argument, shape) || ArrayBuffer.isView(shape);
  if (!isList) throw invalidType(argument, 'an array of sizes', describe(shape));
  const sizes = shape as ArrayLike<unknown>;
  const isVector = rows === 1 && sizes.length === 1 && sizes[0] === columns;
  if (isVector || (sizes.length === 2 && sizes[0] === rows && sizes[1] === columns)) return;
  throw outOfRange(argument, `[${rows}, ${columns}]`, describeList(sizes));
}
