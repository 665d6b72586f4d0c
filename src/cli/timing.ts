/** Times objectives on this machine: medians for random predictions, one-vs-all beside one-vs-one. */
import { createCipheriv } from 'node:crypto';
import { info } from '../config.js';
import { outOfRange } from '../errors.js';
import type { Objective } from '../objectives/objective.js';
import { families } from './families.js';

/** The number n of samples of a data set, and the number of samples of a batch out of it. */
export interface BatchSize {
  n: number;
  batch: number;
}

/** The figures to measure: every family with every size and every k. */
export interface BenchPlan {
  families: readonly string[];
  sizes: readonly BatchSize[];
  k: readonly number[];
  /** Seconds that are spent on each figure. */
  seconds: number;
}

/** The times of one objective, one size and one k, in both modes. */
export interface Figure extends BatchSize {
  objective: string;
  k: number;
  /** Median seconds of one `valueAndGrad` from logits, one-vs-all. */
  ova: number;
  /** The same, one-vs-one. */
  ovo: number;
}

/** Figures, with the machine, the versions and the date of their measurement. */
export interface Report {
  machine: string;
  date: string;
  figures: Figure[];
}

/** Is told of each figure at once: later ones may take long, or fail. */
export interface Listener {
  begins(name: string): void;
  measured(figure: Figure): void;
  /** A figure, or every figure of a data set, is left out; the others follow. */
  failed(name: string, error: Error): void;
}

export function newReport(): Report {
  return { machine: machine(), date: new Date().toISOString().slice(0, 10), figures: [] };
}

function machine(): string {
  const { version, isa, threads, processor } = info();
  return `${processor}, ${threads} threads, ${isa}; genmi ${version}, node ${process.versions.node}`;
}

const FEATURES = 20;

/** Normal deviates, the same for the same seed: the Box-Muller transform of a cipher's key stream. */
function normals(count: number, seed: number): Float32Array {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16));
  const bits = cipher.update(Buffer.alloc(8 * count));
  const uniform = (i: number) => bits.readUInt32LE(4 * i) / 2 ** 32;
  return Float32Array.from(
    { length: count },
    (_, i) => Math.sqrt(-2 * Math.log(1 - uniform(2 * i))) * Math.cos(2 * Math.PI * uniform(2 * i + 1)),
  );
}

/** Times every figure of the plan. */
export function timeObjectives(plan: BenchPlan, listener: Listener): void {
  const attempt = (name: string, work: () => void) => {
    listener.begins(name);
    try {
      work();
    } catch (error) {
      listener.failed(name, error as Error);
    }
  };
  for (const name of plan.families) {
    for (const size of plan.sizes) {
      const dataSet = `${name} N=${size.n}`;
      attempt(dataSet, () => {
        const family = families[name]?.({ data: normals(size.n * FEATURES, 1), shape: [size.n, FEATURES] });
        if (family === undefined)
          throw outOfRange('families', `any of ${Object.keys(families).join(', ')}`, `'${name}'`);
        for (const k of plan.k) {
          attempt(`${dataSet} batch=${size.batch} K=${k}`, () => {
            const objectives = [family.make('ova'), family.make('ovo')] as const;
            const [ova, ovo] = medians(objectives, size, k, plan.seconds);
            listener.measured({ objective: name, ...size, k, ova, ovo });
          });
        }
        family.dispose();
      });
    }
  }
}

/** The row numbers of a mini-batch, spread evenly over all samples. */
function rowsOf({ n, batch }: BatchSize): Int32Array {
  return Int32Array.from({ length: batch }, (_, i) => Math.floor((i * n) / batch));
}

/** Times two objectives in turns, so that a slow moment of the machine slows both. */
function medians(
  [ova, ovo]: readonly [Objective, Objective],
  { n, batch }: BatchSize,
  k: number,
  seconds: number,
): [ova: number, ovo: number] {
  const logits = { data: normals(batch * k, 2), shape: [batch, k] as const };
  const out = new Float32Array(batch * k);
  const rows = batch < n ? rowsOf({ n, batch }) : undefined;
  const clockOf = (objective: Objective) =>
    new Stopwatch(() => void objective.valueAndGrad(logits, { from: 'logits', out, rows }));
  const clocks = [clockOf(ova), clockOf(ovo)] as const;
  for (;;) {
    const behind = clocks[0].spent <= clocks[1].spent ? clocks[0] : clocks[1];
    if (behind.spent >= seconds && behind.times.length > 0) break;
    behind.runTrial();
  }
  return [clocks[0].median, clocks[1].median];
}

/** Seconds of the shortest trial. Shorter calls are timed many at once: reading the clock takes time, too. */
const SHORTEST_TRIAL = 1e-4;

class Stopwatch {
  readonly #call: () => void;
  #calls = 1;
  /** Seconds of a call, in each trial. */
  readonly times: number[] = [];
  /** Seconds of all trials; the first call is not counted. */
  spent = 0;

  constructor(call: () => void) {
    this.#call = call;
    call(); // The first call allocates and fills caches.
  }

  runTrial(): void {
    const start = performance.now();
    for (let i = 0; i < this.#calls; i++) this.#call();
    const seconds = (performance.now() - start) / 1000;
    this.spent += seconds;
    if (seconds < SHORTEST_TRIAL) this.#calls *= 2;
    else this.times.push(seconds / this.#calls);
  }

  get median(): number {
    const sorted = this.times.toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] as number;
  }
}
