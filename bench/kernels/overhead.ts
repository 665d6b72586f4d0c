/** The second table: the cost of a call with next to nothing to compute. */
import { type FDivergenceName, fDivergence, fDivergenceNames, type Mode } from 'genmi';
import { createRandom } from '../../support/random.js';
import { normals, softmax } from '../random.js';
import { median, timed } from '../statistics.js';
import { against, type Column } from '../table.js';

const N = 16;
const K = 2;
const SEED = 3;
/** The most microseconds that a call of `valueAndGrad` may take. */
const TARGET = 3;

const CALLS = 100;
/** Samples for each median. */
const SAMPLES = 300;

/** Median seconds of a call. */
export interface Overhead {
  readonly name: string;
  readonly probabilities: number;
  readonly logits: number;
}

export const overheadName = (f: FDivergenceName, mode: Mode): string => `call-${f}_${mode}-${N}-${K}-float32`;

export function* measureOverhead(rows: RegExp, samples = SAMPLES): Generator<Overhead> {
  const values = normals(N * K, createRandom(SEED, K));
  const logits = Float32Array.from(values);
  const probabilities = Float32Array.from(softmax(values, K));
  for (const mode of ['ova', 'ovo'] as const) {
    for (const f of fDivergenceNames) {
      const name = overheadName(f, mode);
      if (!rows.test(name)) continue;
      const objective = fDivergence({ f, mode });
      const secondsOf = (data: Float32Array, from: 'probabilities' | 'logits') =>
        medianCall(samples, () => objective.valueAndGrad({ data, shape: [N, K] }, { from }));
      yield { name, probabilities: secondsOf(probabilities, 'probabilities'), logits: secondsOf(logits, 'logits') };
    }
  }
}

/** The median over samples of many calls each: a clock cannot time one call. */
function medianCall(samples: number, call: () => unknown): number {
  const sample = () => {
    const [seconds] = timed(() => {
      for (let i = 0; i < CALLS; i++) call();
    });
    return seconds / CALLS;
  };
  const warmUp = samples / 10;
  return median(Array.from({ length: warmUp + samples }, sample).slice(warmUp));
}

const microseconds = (seconds: number) => against(1e6 * seconds, TARGET, 'at most');

export const overheadColumns: readonly Column<Overhead>[] = [
  { title: 'call', width: 34, text: ({ name }) => name },
  { title: 'probabilities, us', width: 18, text: ({ probabilities }) => microseconds(probabilities) },
  { title: 'logits, us', width: 18, text: ({ logits }) => microseconds(logits) },
];
