/** Networks as ONNX files, which other programs and languages predict with. */
import { info } from 'genmi';
import type { Network } from 'genmi/networks';
import { checkOptions } from '../base/options.js';
import { describe, invalidType, outOfRange } from '../errors.js';
import { type Constant, encodeModel, FLOAT, INT64, type Node } from './onnx-format.js';

/** Options of `toOnnx`. */
export interface OnnxOptions {
  /**
   * How the features that the file gets become the network's: `(x - centre) / spread`, one entry for each. Default: they
   * are the network's.
   */
  scaling?: readonly { readonly centre: number; readonly spread: number }[] | undefined;
}

/** As `native/networks/normalization.cpp` has it. */
const EPSILON = 1e-5;

/**
 * Writes a network as an ONNX file: Gemm, Relu or Tanh, BatchNormalization, Softmax, ArgMax; float32.
 *
 * Input: `features`, N x d. Outputs: `labels`, N integers, the likeliest cluster of each sample, the first one of several;
 * `probabilities`, N x K. Operators are those of version 17 (onnxruntime 1.12 and later). Cost: O(parameters).
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE, also for a table of logits, which has no input, and
 *   for numbers that are too large for float32
 * @see https://github.com/onnx/onnx/blob/main/docs/Operators.md
 */
export function toOnnx(network: Network, options: OnnxOptions = {}): Uint8Array {
  checkOptions(options, ['scaling']);
  if (typeof Object(network).parameters !== 'function') {
    throw invalidType('network', 'a Network of genmi/networks', describe(network));
  }
  if (network.inputs === 0) throw outOfRange('network', 'a network of features', 'a table of logits');
  const graph = new GraphBuilder(network);
  const input = options.scaling === undefined ? 'features' : graph.scale('features', options.scaling);
  graph.dense(input);
  return encodeModel(
    {
      ...graph,
      inputs: [{ name: 'features', type: FLOAT, sizes: [network.inputs] }],
      outputs: [
        { name: 'labels', type: INT64, sizes: [] },
        { name: 'probabilities', type: FLOAT, sizes: [network.outputs] },
      ],
    },
    info().version,
  );
}

const operators = { relu: 'Relu', tanh: 'Tanh' } as const;

/** Collects the operators of a graph, each of which reads the output of the one before. */
class GraphBuilder {
  readonly nodes: Node[] = [];
  readonly constants: Constant[] = [];
  readonly #network: Network;
  readonly #parameters: ReturnType<Network['parameters']>;

  constructor(network: Network) {
    this.#network = network;
    this.#parameters = network.parameters();
  }

  /** Adds an operator, and returns the name of its output. */
  #add(type: string, inputs: readonly string[], output: string, attributes?: Node['attributes']): string {
    this.nodes.push({ type, inputs, output, ...(attributes && { attributes }) });
    return output;
  }

  #constant(name: string, data: ArrayLike<number>, shape: readonly number[]): string {
    const rounded = Float32Array.from(data);
    const large = rounded.findIndex((value) => !Number.isFinite(value));
    if (large >= 0) throw outOfRange(`${name}[${large}]`, 'a number that float32 can hold', `${data[large]}`);
    this.constants.push({ name, data: rounded, shape });
    return name;
  }

  /** A parameter, or statistic, of the network. */
  #parameter(name: string): string {
    const { data, shape } = this.#parameters[name] as { data: ArrayLike<number>; shape: readonly number[] };
    return this.#constant(name, data, shape);
  }

  scale(input: string, scaling: NonNullable<OnnxOptions['scaling']>): string {
    const d = this.#network.inputs;
    if (scaling.length !== d) throw outOfRange('scaling', `${d} entries, one for each feature`, `${scaling.length}`);
    const numbers = (name: 'centre' | 'spread') =>
      this.#constant(
        `scaling.${name}`,
        scaling.map((each) => each[name]),
        [d],
      );
    const centred = this.#add('Sub', [input, numbers('centre')], 'centred');
    return this.#add('Div', [centred, numbers('spread')], 'scaled');
  }

  #product(input: string, layer: string): string {
    return this.#add('Gemm', [input, this.#parameter(`${layer}.weights`), this.#parameter(`${layer}.bias`)], layer);
  }

  /** All layers, from the network's features to labels and probabilities. */
  dense(features: string): void {
    let last = features;
    for (const [l, { activation, batchNormalization }] of this.#network.layers.entries()) {
      const layer = `hidden${l + 1}`;
      last = this.#product(last, layer);
      if (batchNormalization) last = this.#normalize(last, layer);
      if (activation !== 'identity') last = this.#add(operators[activation], [last], `${layer}.${activation}`);
    }
    let logits = this.#product(last, 'head');
    if ('skip.weights' in this.#parameters) {
      const skip = this.#add('MatMul', [features, this.#parameter('skip.weights')], 'skip');
      logits = this.#add('Add', [logits, skip], 'logits');
    }
    this.#add('Softmax', [logits], 'probabilities', { axis: 1 });
    this.#add('ArgMax', [logits], 'labels', { axis: 1, keepdims: 0 });
  }

  #normalize(input: string, layer: string): string {
    const numbers = ['scale', 'shift', 'mean', 'variance'].map((name) => this.#parameter(`${layer}.${name}`));
    return this.#add('BatchNormalization', [input, ...numbers], `${layer}.normalized`, { epsilon: EPSILON });
  }
}
