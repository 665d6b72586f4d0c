/** What objectives cost here: medians over random predictions, one-vs-all beside one-vs-one. */
import { info } from './config.js';
import { families } from './cost-families.js';
import { outOfRange } from './errors.js';
import type { Objective } from './objectives/objective.js';

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

/** Hears of each figure when it is there: what comes after it may take long, or fail. */
export interface Listener {
  begins(what: string): void;
  measured(figure: Measurement): void;
  /** This figure, or all of a data set, is left out; the others go on. */
  failed(what: string, error: Error): void;
}

export function newReport(): Report {
  return { machine: machine(), date: new Date().toISOString().slice(0, 10), figures: [] };
}

function machine(): string {
  const { version, isa, threads, processor } = info();
  return `${processor}, ${threads} threads, ${isa}; genmi ${version}, node ${process.versions.node}`;
}

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

/** Measures every objective of the plan. */
export function measure(plan: Plan, listener: Listener): void {
  const attempt = (what: string, work: () => void) => {
    listener.begins(what);
    try {
      work();
    } catch (error) {
      listener.failed(what, error as Error);
    }
  };
  for (const name of plan.families) {
    for (const batch of plan.batches) {
      const what = `${name} N=${batch.n}`;
      attempt(what, () => {
        const family = families[name]?.({ data: normals(batch.n * FEATURES, 1), shape: [batch.n, FEATURES] });
        if (family === undefined)
          throw outOfRange('families', `any of ${Object.keys(families).join(', ')}`, `'${name}'`);
        for (const k of plan.k) {
          attempt(`${what} batch=${batch.batch} K=${k}`, () => {
            const objectives = [family.make('ova'), family.make('ovo')] as const;
            const [ova, ovo] = medians(objectives, batch, k, plan.seconds);
            listener.measured({ objective: name, ...batch, k, ova, ovo });
          });
        }
        family.dispose();
      });
    }
  }
}

/** The samples of a mini-batch, spread over all. */
function rowsOf({ n, batch }: Batch): Int32Array {
  return Int32Array.from({ length: batch }, (_, i) => Math.floor((i * n) / batch));
}

/** Takes turns, so that what slows the machine down for a while slows both down. */
function medians(
  [ova, ovo]: readonly [Objective, Objective],
  { n, batch }: Batch,
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
    behind.sample();
  }
  return [clocks[0].median, clocks[1].median];
}

/** Shorter than this, calls are timed many at once: the clock and its own call take some of a microsecond. */
const SHORTEST_SAMPLE = 1e-4;

class Stopwatch {
  readonly #call: () => void;
  #calls = 1;
  /** Seconds a call, of each sample. */
  readonly times: number[] = [];
  /** Seconds, warming up excepted. */
  spent = 0;

  constructor(call: () => void) {
    this.#call = call;
    call(); // The first allocates and fills caches.
  }

  sample(): void {
    const start = performance.now();
    for (let i = 0; i < this.#calls; i++) this.#call();
    const seconds = (performance.now() - start) / 1000;
    this.spent += seconds;
    if (seconds < SHORTEST_SAMPLE) this.#calls *= 2;
    else this.times.push(seconds / this.#calls);
  }

  get median(): number {
    const sorted = this.times.toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] as number;
  }
}
