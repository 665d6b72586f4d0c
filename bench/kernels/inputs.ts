/** The inputs, made once from fixed seeds into files that genmi and its peers share: float64, row-major, no header. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDigits } from '../../support/digits.js';
import { createRandom } from '../../support/random.js';
import { inputs } from '../peers.js';
import { normals, softmax } from '../random.js';
import type { Work } from './rows.js';

/** The name ends with the version of the inputs; bench/native/session.h has the same name. */
export const inputFolder = join(inputs, 'kernels-2');

const FEATURES_SEED = 1;
const PREDICTIONS_SEED = 2;
const FACTORS_SEED = 3;
const WEIGHTS_SEED = 4;
const VIEWS_SEED = 5;
const STEPS_SEED = 6;
/** The standard deviation between two views of a sample. */
const NOISE = 0.5;
/** The standard deviation of steps from digits, in bytes. */
const STEP = 25;
/** The most rows of a matrix that is compared. */
const MOST_ROWS = 20_000;

const file = (name: string): string => join(inputFolder, `${name}.f64`);
/** `[n, d]`, standard normal. */
const featuresFile = (n: number, d: number): string => file(`x-${n}-${d}`);
/** `[n, k]`, the softmax of standard normal logits. */
const predictionsFile = (n: number, k: number): string => file(`tau-${n}-${k}`);
/** `[n, k]`, standard normal: the factors that kernels are multiplied with. */
const factorsFile = (n: number, k: number): string => file(`t-${n}-${k}`);

/** `[n, k]`: a, standard normal, and b, which is a with noise. */
const viewFile = (n: number, k: number, view: View): string => file(`pair-${view}-${n}-${k}`);

/** `[2 n, d]` bytes of the first digits; and `[n, d]`, the first n of them after a step to random numbers, rounded. */
const digitsFile = (n: number, d: number): string => file(`digits-${n}-${d}`);
const stepsFile = (n: number, d: number): string => file(`steps-${n}-${d}`);

export type View = 'a' | 'b';
export const readFeatures = (n: number, d: number): Float64Array => read(featuresFile(n, d));
export const readView = (n: number, k: number, view: View): Float64Array => read(viewFile(n, k, view));
export const readPairsOfDigits = (n: number, d: number): Float64Array => read(digitsFile(n, d));
export const readSteps = (n: number, d: number): Float64Array => read(stepsFile(n, d));
export const readPredictions = (n: number, k: number): Float64Array => read(predictionsFile(n, k));
/** The weights of projections (projection.ts), for the rows and the columns of a matrix. */
export const readRowWeights = (n: number): Float64Array => read(file('row-weights')).subarray(0, n);
export const readColumnWeights = (n: number): Float64Array => read(file('column-weights')).subarray(0, n);

/** Makes the files of a row that are missing. */
export function makeInputs(work: Work): void {
  mkdirSync(inputFolder, { recursive: true });
  for (const [stream, name] of ['row-weights', 'column-weights'].entries())
    make(file(name), () => normals(MOST_ROWS, createRandom(WEIGHTS_SEED, stream)));
  const { n, d, family } = work;
  make(featuresFile(n, d), () => normals(n * d, createRandom(FEATURES_SEED, d)));
  if (family === 'objective' || family === 'mixture') {
    const { k } = work;
    make(predictionsFile(n, k), () => softmax(normals(n * k, createRandom(PREDICTIONS_SEED, k)), k));
  }
  if (family === 'pair') {
    const { k } = work;
    const random = createRandom(VIEWS_SEED, k);
    const a = normals(n * k, random);
    const noise = normals(n * k, random);
    make(viewFile(n, k, 'a'), () => a);
    make(viewFile(n, k, 'b'), () => a.map((each, at) => each + NOISE * noise[at]));
  }
  if (family === 'ball') {
    const digits = Float64Array.from(readDigits('train', 2 * n).pixels);
    const steps = normals(n * d, createRandom(STEPS_SEED, d)).map((each, at) => Math.round(digits[at] + STEP * each));
    make(digitsFile(n, d), () => digits);
    make(stepsFile(n, d), () => steps);
  }
  if (family === 'product') {
    const { k } = work;
    make(factorsFile(n, k), () => normals(n * k, createRandom(FACTORS_SEED, k)));
  }
}

/** Writes under another name first: an interrupted run must not leave a file that looks complete. */
function make(path: string, numbers: () => Float64Array): void {
  if (existsSync(path)) return;
  writeFileSync(`${path}.part`, numbers());
  renameSync(`${path}.part`, path);
}

function read(path: string): Float64Array {
  const { buffer, byteOffset, byteLength } = readFileSync(path);
  return new Float64Array(buffer, byteOffset, byteLength / 8);
}
