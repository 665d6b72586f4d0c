/** The part of the ONNX format that models of dense layers need, as protocol buffers. */
import protobuf from 'protobufjs/light.js';

/** Of TensorProto.DataType. */
export const FLOAT = 1;
export const INT64 = 7;

/** The types of an attribute, of AttributeProto.AttributeType. */
const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INT = 2;

/** Operators as of version 17, and the version of the file format that came with it: onnxruntime 1.12 and later. */
const OPERATORS = 17;
const FORMAT = 8;

const one = (type: string, id: number) => ({ type, id });
const many = (type: string, id: number) => ({ type, id, rule: 'repeated' });

/** The fields and their numbers; source: onnx/onnx.proto3 of ONNX 1.12. */
const messages = {
  ModelProto: {
    irVersion: one('int64', 1),
    producerName: one('string', 2),
    producerVersion: one('string', 3),
    graph: one('GraphProto', 7),
    opsetImport: many('OperatorSetIdProto', 8),
  },
  OperatorSetIdProto: { domain: one('string', 1), version: one('int64', 2) },
  GraphProto: {
    node: many('NodeProto', 1),
    name: one('string', 2),
    initializer: many('TensorProto', 5),
    input: many('ValueInfoProto', 11),
    output: many('ValueInfoProto', 12),
  },
  NodeProto: {
    input: many('string', 1),
    output: many('string', 2),
    name: one('string', 3),
    opType: one('string', 4),
    attribute: many('AttributeProto', 5),
  },
  AttributeProto: { name: one('string', 1), f: one('float', 2), i: one('int64', 3), type: one('int32', 20) },
  TensorProto: {
    dims: many('int64', 1),
    dataType: one('int32', 2),
    name: one('string', 8),
    rawData: one('bytes', 9),
  },
  ValueInfoProto: { name: one('string', 1), type: one('TypeProto', 2) },
  TypeProto: { tensorType: one('TensorType', 1) },
  TensorType: { elemType: one('int32', 1), shape: one('TensorShapeProto', 2) },
  TensorShapeProto: { dim: many('Dimension', 1) },
  Dimension: { dimValue: one('int64', 1), dimParam: one('string', 2) },
};

const root = protobuf.Root.fromJSON({
  nested: Object.fromEntries(Object.entries(messages).map(([name, fields]) => [name, { fields }])),
});

/** An operator of the graph: its inputs and outputs are named numbers. */
export interface Node {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly output: string;
  /** Whole numbers, except `epsilon`. */
  readonly attributes?: Readonly<Record<string, number>>;
}

/** An array that the graph knows. */
export interface Constant {
  readonly name: string;
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** What goes into the graph, or comes out of it: its first size is the number of samples, N. */
export interface Port {
  readonly name: string;
  readonly type: typeof FLOAT | typeof INT64;
  /** The sizes after N. */
  readonly sizes: readonly number[];
}

export interface Graph {
  readonly nodes: readonly Node[];
  readonly constants: readonly Constant[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/** The bytes of an ONNX file. */
export function encodeModel({ nodes, constants, inputs, outputs }: Graph, producerVersion: string): Uint8Array {
  const graph = {
    name: 'clusters',
    node: nodes.map(nodeOf),
    initializer: constants.map(tensorOf),
    input: inputs.map(portOf),
    output: outputs.map(portOf),
  };
  const opsetImport = [{ domain: '', version: OPERATORS }];
  const model = { irVersion: FORMAT, producerName: 'genmi-cluster', producerVersion, opsetImport, graph };
  return root.lookupType('ModelProto').encode(model).finish();
}

function nodeOf({ type, inputs, output, attributes = {} }: Node): object {
  const attribute = Object.entries(attributes).map(([name, value]) =>
    name === 'epsilon' ? { name, f: value, type: ATTRIBUTE_FLOAT } : { name, i: value, type: ATTRIBUTE_INT },
  );
  return { name: output, opType: type, input: inputs, output: [output], attribute };
}

function tensorOf({ name, data, shape }: Constant): object {
  const rawData = new Uint8Array(4 * data.length);
  const view = new DataView(rawData.buffer);
  for (const [i, value] of data.entries()) view.setFloat32(4 * i, value, true); // the format is little-endian
  return { name, dims: shape, dataType: FLOAT, rawData };
}

function portOf({ name, type, sizes }: Port): object {
  const dim = [{ dimParam: 'N' }, ...sizes.map((dimValue) => ({ dimValue }))];
  return { name, type: { tensorType: { elemType: type, shape: { dim } } } };
}
