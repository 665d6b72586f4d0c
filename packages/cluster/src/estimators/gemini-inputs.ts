/** What the network of a model sees of samples: their features, their rows of a kernel, or their numbers alone. */
import type { Matrix, Precision } from 'genmi';
import type { Network } from 'genmi/networks';
import type { Pace } from '../base/pace.js';
import { outOfRange } from '../errors.js';
import { fingerprint } from './checkpoint.js';
import { checkFeatures, writeKernelRows } from './cross-kernel.js';
import { kernelOptions } from './gemini-geometry.js';
import type { Model } from './gemini-models.js';
import type { KernelChoice } from './kauri.js';

/** The samples of `fit` that a fitted model needs for its predictions, as plain data; undefined for most models. */
export type Remembered = { readonly fingerprint: string } | { readonly features: number[] } | undefined;

/** How a fitted model sees samples. */
export interface View {
  /** The logits of samples; `own` are those of `fit`. */
  logits(network: Network, x: Matrix, own: Matrix): Matrix;
  readonly remembered: Remembered;
}

/** The samples of `fit`, and how the model sees others. */
export interface Inputs extends View {
  /** The argument of `train`; undefined for a table of logits. */
  readonly data: Matrix | undefined;
}

/** A kernel of more samples would have more than 1.6 GB. */
const MOST_COMPARED = 20_000;

export async function inputsOf(
  { sees }: Model,
  x: Matrix,
  kernel: KernelChoice,
  precision: 'float32' | 'float64',
  pace: Pace,
): Promise<Inputs> {
  if (sees === 'features') return { ...viewOf(undefined, x.shape[1], kernel), data: x };
  if (sees === 'number') return { ...viewOf({ fingerprint: fingerprint(x) }, x.shape[1], kernel), data: undefined };
  const n = x.shape[0];
  if (n > MOST_COMPARED) {
    const remedy = "use fewer samples, or the model 'rim'";
    throw outOfRange('x', `at most ${MOST_COMPARED} rows for the model 'kernel-rim'`, `${n}`, remedy);
  }
  const options = kernelOptions(kernel);
  checkFeatures(options, x);
  const data = numbers(precision, n * n);
  for (let i = 0; i < n; i++) {
    writeKernelRows(options, x, x, data.subarray(i * n, (i + 1) * n), i, i + 1);
    if (pace.due) await pace.rest(0);
  }
  return { ...viewOf({ features: Array.from(x.data) }, x.shape[1], kernel), data: { data, shape: [n, n] } };
}

/** The view of a model that remembers these samples, or none. */
export function viewOf(remembered: Remembered, columns: number, kernel: KernelChoice): View {
  if (remembered === undefined) return { logits: (network, x) => network.logits(x), remembered };
  if ('fingerprint' in remembered) return { logits: ownLogits(remembered.fingerprint), remembered };
  const { features } = remembered;
  const samples: Matrix = { data: Float64Array.from(features), shape: [features.length / columns, columns] };
  return { logits: (network, x) => comparedLogits(network, x, samples, kernel), remembered };
}

function ownLogits(known: string): View['logits'] {
  return (_, x, own) => {
    if (fingerprint(x) === known) return own;
    const remedy = "take model: 'mlp', which predicts others";
    throw outOfRange('x', "the samples of fit for the model 'categorical'", 'others', remedy);
  };
}

/** Numbers of a block of kernel rows. */
const BLOCK = 2 ** 20;

function comparedLogits(network: Network, x: Matrix, samples: Matrix, kernel: KernelChoice): Matrix {
  const options = kernelOptions(kernel);
  checkFeatures(options, x);
  const [n, rows, k] = [samples.shape[0], x.shape[0], network.outputs];
  const out = numbers(network.precision, rows * k);
  const block = Math.max(1, Math.floor(BLOCK / n));
  for (let first = 0; first < rows; first += block) {
    const end = Math.min(rows, first + block);
    const data = numbers(network.precision, (end - first) * n);
    writeKernelRows(options, x, samples, data, first, end);
    out.set(network.logits({ data, shape: [end - first, n] }).data, first * k);
  }
  return { data: out, shape: [rows, k] };
}

function numbers(precision: 'float32' | 'float64', length: number): Precision {
  return precision === 'float32' ? new Float32Array(length) : new Float64Array(length);
}
