/** The inputs, made once from fixed seeds into files that genmi and its peers share: float64, row-major, no header. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRandom } from '../../examples/mnist/random.js';
import { normals, softmax } from '../random.js';
import type { Work } from './rows.js';

/** Compiled, this file lies in out/bench/kernels. The folder has the version of what is made in its name. */
export const inputFolder = fileURLToPath(new URL('../inputs/kernels-2', import.meta.url));

const FEATURES_SEED = 1;
const PREDICTIONS_SEED = 2;

/** `[n, d]`, standard normal. */
export const featuresFile = (n: number, d: number): string => join(inputFolder, `x-${n}-${d}.f64`);
/** `[n, k]`, the softmax of standard normal logits. */
const predictionsFile = (n: number, k: number): string => join(inputFolder, `tau-${n}-${k}.f64`);

export const readFeatures = (n: number, d: number): Float64Array => read(featuresFile(n, d));
export const readPredictions = (n: number, k: number): Float64Array => read(predictionsFile(n, k));

/** Makes the files of a row that are missing. */
export function makeInputs(work: Work): void {
  mkdirSync(inputFolder, { recursive: true });
  if ('d' in work) {
    const { n, d } = work;
    make(featuresFile(n, d), () => normals(n * d, createRandom(FEATURES_SEED, d)));
  }
  if (work.family === 'objective') {
    const { n, k } = work;
    make(predictionsFile(n, k), () => softmax(normals(n * k, createRandom(PREDICTIONS_SEED, k)), k));
  }
}

/** By way of a file of another name, so that an interrupted run leaves nothing that looks complete. */
function make(file: string, numbers: () => Float64Array): void {
  if (existsSync(file)) return;
  writeFileSync(`${file}.part`, numbers());
  renameSync(`${file}.part`, file);
}

function read(file: string): Float64Array {
  const { buffer, byteOffset, byteLength } = readFileSync(file);
  return new Float64Array(buffer, byteOffset, byteLength / 8);
}
