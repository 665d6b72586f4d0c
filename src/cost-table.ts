/** What objectives cost here: medians over random predictions, one-vs-all beside one-vs-one. */
import { cpus } from 'node:os';
import { Affinity } from './affinity.js';
import { info } from './config.js';
import { type GeminiName, gemini, geminiNames } from './objectives/gemini.js';
import type { Mode, Objective } from './objectives/objective.js';

/** Samples, and how many of them a call is about. */
export interface Batch {
  n: number;
  batch: number;
}

export interface Plan {
  families: readonly string[];
  batches: readonly Batch[];
  k: readonly number[];
  /** How long each figure is measured. */
  seconds: number;
}

export interface Measurement extends Batch {
  objective: string;
  k: number;
  /** Median seconds of one `valueAndGrad` from logits. */
  ova: number;
  ovo: number;
}

/** Figures, and what they are worth nothing without: where, when and with what they were read. */
export interface Report {
  machine: string;
  date: string;
  figures: Measurement[];
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

/** The samples of a mini-batch, spread over all. */
function rowsOf({ n, batch }: Batch): Int32Array {
  return Int32Array.from({ length: batch }, (_, i) => Math.floor((i * n) / batch));
}

function medianSeconds(objective: Objective, { n, batch }: Batch, k: number, seconds: number): number {
  const logits = { data: normals(batch * k, 2), shape: [batch, k] as const };
  const out = new Float32Array(batch * k);
  const rows = batch < n ? rowsOf({ n, batch }) : undefined;
  const times: number[] = [];
  const begin = performance.now();
  do {
    const start = performance.now();
    objective.valueAndGrad(logits, { from: 'logits', out, rows });
    times.push(performance.now() - start);
  } while (performance.now() - begin < 1000 * seconds);
  times.sort((a, b) => a - b);
  return (times[Math.floor(times.length / 2)] as number) / 1000;
}

/** Measures every objective of the plan; `onStart` hears which comes next. */
export function measure(plan: Plan, onStart: (next: string) => void): Report {
  const figures: Measurement[] = [];
  for (const objective of plan.families) {
    for (const { n, batch } of plan.batches) {
      const affinity = affinityFor(objective, n);
      for (const k of plan.k) {
        onStart(`${objective} N=${n} batch=${batch} K=${k}`);
        const time = (mode: Mode) =>
          medianSeconds(gemini(`${objective}_${mode}` as GeminiName, { affinity }), { n, batch }, k, plan.seconds);
        figures.push({ objective, n, batch, k, ova: time('ova'), ovo: time('ovo') });
      }
      affinity?.dispose();
    }
  }
  return { machine: machine(), date: new Date().toISOString().slice(0, 10), figures };
}

function machine(): string {
  const { version, isa, threads } = info();
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `${processor}, ${cpus().length} cores, ${threads} threads, ${isa}; genmi ${version}, node ${process.versions.node}`;
}

export function formatTable(figures: readonly Measurement[]): string {
  const ms = (seconds: number) => (1000 * seconds).toPrecision(3);
  const line = (first: string, cells: readonly (string | number)[]) =>
    first.padEnd(12) + cells.map((cell) => `${cell}`.padStart(11)).join('');
  return [
    line('objective', ['N', 'batch', 'K', 'ova, ms', 'ovo, ms', 'ovo / ova']),
    ...figures.map(({ objective, n, batch, k, ova, ovo }) =>
      line(objective, [n, batch, k, ms(ova), ms(ovo), (ovo / ova).toPrecision(3)]),
    ),
  ].join('\n');
}

/** Three significant digits in a unit that leaves no more than three before the point. */
export function formatSeconds(seconds: number): string {
  const units = [
    [1, 's'],
    [1e-3, 'ms'],
    [1e-6, '\u00b5s'],
  ] as const;
  const [size, unit] = units.find(([each]) => seconds >= 0.9995 * each) ?? [1e-6, '\u00b5s'];
  return `${Number((seconds / size).toPrecision(3))} ${unit}`;
}
