/** What objectives cost here: medians over random predictions, one-vs-all beside one-vs-one. */
import { Affinity } from './affinity.js';
import { type GeminiName, gemini, geminiNames } from './objectives/gemini.js';
import type { Mode, Objective } from './objectives/objective.js';

export interface Plan {
  families: readonly string[];
  n: readonly number[];
  k: readonly number[];
  /** How long each figure is measured. */
  seconds: number;
}

export interface Measurement {
  objective: string;
  n: number;
  k: number;
  /** Median seconds of one `valueAndGrad` from logits. */
  ova: number;
  ovo: number;
}

/** The objectives that have both modes. */
export const families = geminiNames
  .filter((name) => name.endsWith('_ova'))
  .map((name) => name.slice(0, -'_ova'.length));

const FEATURES = 20;

/** The same normal deviates for the same seed (mulberry32 and Box-Muller). */
function normals(count: number, seed: number): Float32Array {
  let state = seed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return Float32Array.from(
    { length: count },
    () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
}

function affinityFor(family: string, n: number): Affinity | undefined {
  const x = { data: normals(n * FEATURES, 1), shape: [n, FEATURES] as const };
  if (family === 'mmd') return Affinity.kernel(x, { kernel: 'rbf', storage: 'dense' });
  if (family === 'wasserstein') return Affinity.distance(x, { metric: 'euclidean', storage: 'dense' });
  return undefined;
}

function medianSeconds(objective: Objective, n: number, k: number, seconds: number): number {
  const logits = { data: normals(n * k, 2), shape: [n, k] as const };
  const out = new Float32Array(n * k);
  const times: number[] = [];
  const begin = performance.now();
  do {
    const start = performance.now();
    objective.valueAndGrad(logits, { from: 'logits', out });
    times.push(performance.now() - start);
  } while (performance.now() - begin < 1000 * seconds);
  times.sort((a, b) => a - b);
  return (times[Math.floor(times.length / 2)] as number) / 1000;
}

/** Measures every objective of the plan; `onStart` hears which comes next. */
export async function measure(
  plan: Plan,
  onStart: (next: Pick<Measurement, 'objective' | 'n' | 'k'>) => void,
): Promise<Measurement[]> {
  const rows: Measurement[] = [];
  for (const family of plan.families) {
    for (const n of plan.n) {
      const affinity = affinityFor(family, n);
      for (const k of plan.k) {
        onStart({ objective: family, n, k });
        const time = (mode: Mode) => {
          const objective = gemini(`${family}_${mode}` as GeminiName, affinity ? { affinity } : {});
          return medianSeconds(objective, n, k, plan.seconds);
        };
        rows.push({ objective: family, n, k, ova: time('ova'), ovo: time('ovo') });
      }
      affinity?.dispose();
    }
  }
  return rows;
}

export function formatTable(rows: readonly Measurement[]): string {
  const ms = (seconds: number) => (1000 * seconds).toPrecision(3);
  const lines = rows.map(({ objective, n, k, ova, ovo }) =>
    [
      objective.padEnd(12),
      ...[n, k, ms(ova), ms(ovo), (ovo / ova).toPrecision(3)].map((cell) => `${cell}`.padStart(12)),
    ].join(''),
  );
  const header = `${'objective'.padEnd(12)}${['N', 'K', 'ova, ms', 'ovo, ms', 'ovo / ova'].map((cell) => cell.padStart(12)).join('')}`;
  return [header, ...lines].join('\n');
}
