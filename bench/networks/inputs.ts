/** The inputs, in files that genmi and its peers share: float32 or int32, row-major, no header. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Matrix } from 'genmi';
import type { Network } from 'genmi/networks';
import { readDigits } from '../../support/digits.js';
import { createRandom } from '../../support/random.js';
import { inputs, type Peer } from '../peers.js';
import { normals } from '../random.js';
import type { Data, ProductWork, TrainingWork } from './rows.js';

/** The name ends with the version of the inputs; bench/native/network_inputs.h has the same name. */
export const folder = join(inputs, 'networks-1');
const DATA_SEED = 1;
const FACTORS_SEED = 2;
/** The seed of the networks' initial values and of the order of samples. */
export const SEED = 3;

const dataName = ({ source, n, d }: Data): string => `${source}-${n}-${d}.f32`;

/** Returns the samples; makes their file where it is missing. */
export function readData(data: Data): { file: string; x: Matrix<Float32Array> } {
  const file = dataName(data);
  const { source, n, d } = data;
  make(file, () =>
    source === 'images' ? readDigits('train', n).images : Float32Array.from(normals(n * d, createRandom(DATA_SEED, d))),
  );
  return { file, x: { data: read(file), shape: [n, d] } };
}

/** Writes a network's numbers; returns the files of weights (inputs x outputs) and bias of each layer. */
export function writeParameters(network: Network, row: string): { weights: string; bias: string }[] {
  mkdirSync(folder, { recursive: true });
  const parameters = Object.entries(network.parameters());
  const write = ([name, { data }]: (typeof parameters)[number]): string => {
    const file = `${row}-${name}.f32`;
    writeFileSync(join(folder, file), data);
    return file;
  };
  const files = (kind: string) => parameters.filter(([name]) => name.endsWith(kind)).map(write);
  const biases = files('.bias');
  return files('.weights').map((weights, layer) => ({ weights, bias: biases[layer] as string }));
}

/** The order of samples in each epoch of `train`, epochs x n; the program of bench/native knows it. */
export async function makeOrders({ data: { n }, epochs }: TrainingWork, native: Peer): Promise<string> {
  const file = `order-${n}-${epochs}.i32`;
  const orders: number[][] = [];
  for (let epoch = 0; epoch < epochs; epoch++)
    orders.push((await native.ask(`order ${SEED} ${epoch} ${n}`)) as number[]);
  writeFileSync(join(folder, file), Int32Array.from(orders.flat()));
  return file;
}

/** Makes the factors of a product. */
export function makeFactors({ n, d, h }: ProductWork): { a: string; b: string } {
  const [a, b] = [`a-${n}-${d}.f32`, `b-${d}-${h}.f32`];
  make(a, () => Float32Array.from(normals(n * d, createRandom(FACTORS_SEED, 0))));
  make(b, () => Float32Array.from(normals(d * h, createRandom(FACTORS_SEED, 1))));
  return { a, b };
}

/** Writes under another name first: an interrupted run must not leave a file that looks complete. */
function make(name: string, numbers: () => Float32Array): void {
  const path = join(folder, name);
  if (existsSync(path)) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${path}.part`, numbers());
  renameSync(`${path}.part`, path);
}

function read(name: string): Float32Array {
  const { buffer, byteOffset, byteLength } = readFileSync(join(folder, name));
  return new Float32Array(buffer, byteOffset, byteLength / 4);
}
