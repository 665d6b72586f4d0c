/** The time of objectives on this machine: medians over random predictions, one-vs-all beside one-vs-one. */
import { createCipheriv } from 'node:crypto';
import { info } from '../config.js';
import { outOfRange } from '../errors.js';
import type { Objective } from '../objectives/objective.js';
import { families } from './families.js';

/** The size n of a data set, and that of a batch out of it. */
export interface BatchSize {
  n: number;
  batch: number;
}

export interface BenchPlan {
  families: readonly string[];
  sizes: readonly BatchSize[];
  k: readonly number[];
  /** How long each figure is measured. */
  seconds: number;
}

export interface Measurement extends BatchSize {
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

/** The same normal deviates for the same seed: Box and Muller's, of bits from the key stream of a cipher. */
function normals(count: number, seed: number): Float32Array {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16));
  const bits = cipher.update(Buffer.alloc(8 * count));
  const uniform = (i: number) => bits.readUInt32LE(4 * i) / 2 ** 32;
  return Float32Array.from(
    { length: count },
    (_, i) => Math.sqrt(-2 * Math.log(1 - uniform(2 * i))) * Math.cos(2 * Math.PI * uniform(2 * i + 1)),
  );
}

/** Times every objective of the plan. */
export function timeObjectives(plan: BenchPlan, listener: Listener): void {
  const attempt = (what: string, work: () => void) => {
    listener.begins(what);
    try {
      work();
    } catch (error) {
      listener.failed(what, error as Error);
    }
  };
  for (const name of plan.families) {
    for (const size of plan.sizes) {
      const what = `${name} N=${size.n}`;
      attempt(what, () => {
        const family = families[name]?.({ data: normals(size.n * FEATURES, 1), shape: [size.n, FEATURES] });
        if (family === undefined)
          throw outOfRange('families', `any of ${Object.keys(families).join(', ')}`, `'${name}'`);
        for (const k of plan.k) {
          attempt(`${what} batch=${size.batch} K=${k}`, () => {
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

/** The samples of a mini-batch, spread over all. */
function rowsOf({ n, batch }: BatchSize): Int32Array {
  return Int32Array.from({ length: batch }, (_, i) => Math.floor((i * n) / batch));
}

/** Takes turns, so that what slows the machine down for a while slows both down. */
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
