/** The inputs of the benchmark: made once, from fixed seeds, into files that genmi, POT and native profiling share. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inputs as folder } from '../peers.js';
import { distanceMatrix } from './distances.js';
import { makeSteps, STEPS, trainSnapshots } from './predictions.js';
import { CLUSTERS, type Row, rowName } from './rows.js';
import { makeSamples } from './samples.js';

/** Raise it with every change of the inputs: files of another version are made again. */
const VERSION = 1;

export interface Inputs {
  /** `[n, n]`. */
  readonly distances: Float32Array;
  /** `[STEPS, n, CLUSTERS]`, rows summing to 1. */
  readonly predictions: Float64Array;
}

/** `distances.f32`, `predictions.f64`, `meta.json`. */
export const inputFolder = (row: Row): string => join(folder, rowName(row));

/** Makes the files of the rows that have none yet. Each family's network is trained at most once. */
export function makeInputs(rows: readonly Row[], onStart: (doing: string) => void): void {
  const missing = rows.filter((row) => !isMade(row));
  for (const family of new Set(missing.map((row) => row.family))) {
    onStart(`training a network on ${family}`);
    const samples = makeSamples(family);
    const snapshots = trainSnapshots(family, samples);
    for (const row of missing.filter((each) => each.family === family)) {
      onStart(`making ${rowName(row)}`);
      write(row, {
        distances: distanceMatrix(samples, row.n, row.metric),
        predictions: makeSteps(snapshots[row.state], row.n),
      });
    }
  }
}

export function readInputs(row: Row): Inputs {
  const read = (file: string) => readFileSync(join(inputFolder(row), file));
  const [distances, predictions] = [read('distances.f32'), read('predictions.f64')];
  return {
    distances: new Float32Array(distances.buffer, distances.byteOffset, row.n ** 2),
    predictions: new Float64Array(predictions.buffer, predictions.byteOffset, STEPS * row.n * CLUSTERS),
  };
}

function isMade(row: Row): boolean {
  const meta = join(inputFolder(row), 'meta.json');
  return existsSync(meta) && JSON.parse(readFileSync(meta, 'utf8')).version === VERSION;
}

/** Writes under another name first: an interrupted run must not leave a folder that looks complete. */
function write(row: Row, { distances, predictions }: Inputs): void {
  const part = `${inputFolder(row)}.part`;
  mkdirSync(part, { recursive: true });
  writeFileSync(join(part, 'distances.f32'), distances);
  writeFileSync(join(part, 'predictions.f64'), predictions);
  const meta = { version: VERSION, ...row, k: CLUSTERS, steps: STEPS };
  writeFileSync(join(part, 'meta.json'), `${JSON.stringify(meta, undefined, 2)}\n`);
  rmSync(inputFolder(row), { recursive: true, force: true });
  renameSync(part, inputFolder(row));
}
