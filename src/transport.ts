/// <reference lib="esnext.disposable" preserve="true" />
/** Exact optimal transport: many problems over one cost matrix, or one over a rectangular one. */
import { type Affinity, nativeOf } from './affinity.js';
import { mark, notOurs } from './copies.js';
import { describe, invalidType, isArray, outOfRange } from './errors.js';
import { runJob } from './jobs.js';
import { isPrecision, type MatrixLike, type Precision, toMatrix } from './matrix.js';
import { checkFits } from './memory.js';
import { type NativeJob, type NativeResults, type NativeSolver, native, type TransportResult } from './native.js';
import { checkBoolean, checkOptions, checkSignal, optionalNumber } from './options.js';
import { reasonOf } from './signals.js';
import { inThisRealm } from './typed-arrays.js';

export type { TransportResult };

export interface SolveOptions {
  /** Also return the transport plan. Default false. */
  plan?: boolean | undefined;
  /** Stop after this many pivots, with status 'iteration-limit'. Default: none. */
  maxPivots?: number | undefined;
}

interface SolveManySignal {
  /** Aborting rejects with the signal's reason; a synchronous call looks at it only before it begins. */
  signal?: AbortSignal | undefined;
}

interface ColdStart extends SolveOptions, SolveManySignal {
  warmStart?: false | undefined;
}

interface WarmStart extends Omit<SolveOptions, 'maxPivots'>, SolveManySignal {
  /**
   * Start problem i from the basis that problem i of the last such call ended with: several times faster where the weights have
   * changed little, never much slower. The optimum is the same; where several plans or potentials are optimal, which one is
   * returned depends on the calls before. Not together with maxPivots. Keeps 2 N^2 bytes more than the solver does anyway, and up
   * to 64 N for each problem. Default false.
   */
  warmStart?: boolean | undefined;
  maxPivots?: undefined;
}

export type SolveManyOptions = ColdStart | WarmStart;

export interface SolverOptions {
  /** Threads for `solveMany`; default: those of `config`. Results do not depend on it. */
  threads?: number | undefined;
}

type Weights = Precision | readonly number[];

/**
 * Solves optimal transport problems over one distance: a network simplex in float64, exact, with a certificate.
 *
 * Marginals are weights >= 0 over the N samples, whose sums agree up to rounding (then the second is scaled to the first).
 * Cost about N^2.1 a problem; 4 N^2 bytes for distances stored in float32 and up to 8 N^2 for each thread, else 12 N^2 and 16 N^2;
 * problems run on several threads, each problem on one.
 * @throws RangeError ERR_OUT_OF_RANGE for weights that are negative, not finite or all zero, GenmiError ERR_INFEASIBLE for sums
 * that differ, ERR_DISPOSED.
 * Source: Ahuja, Magnanti, Orlin, "Network Flows", 1993, chapter 11.
 */
export class TransportSolver {
  readonly #native: NativeSolver;
  readonly #threads: number | undefined;
  /** The number of samples, N. */
  readonly size: number;

  constructor(distance: Affinity, options: SolverOptions = {}) {
    checkOptions(options, ['threads']);
    this.#threads = optionalNumber('threads', options.threads, { min: 1, max: 1024, integer: true });
    const affinity = nativeOf(distance, 'distance');
    const bytesPerPair = affinity.precision === 'float32' ? 4 : 12;
    checkFits(
      `Transport costs between ${affinity.size} samples`,
      bytesPerPair * affinity.size ** 2,
      'use mini-batches',
    );
    this.#native = new native.Solver(affinity);
    this.size = affinity.size;
  }

  static {
    mark(TransportSolver.prototype, 'TransportSolver');
  }

  /** The solver itself, unless it is another copy's, or a proxy. */
  static #own(solver: TransportSolver): TransportSolver {
    if (#native in solver) return solver;
    throw notOurs('solver', 'TransportSolver', solver, TransportSolver.prototype);
  }

  /** One problem: the cheapest way to move the weights p to the weights q, N numbers each. */
  solve(p: Weights, q: Weights, options: SolveOptions = {}): TransportResult {
    checkOptions(options, ['plan', 'maxPivots']);
    const own = TransportSolver.#own(this);
    const [supply, demand] = [toWeights('p', p, own.size), toWeights('q', q, own.size)];
    const solved = own.#native.solveMany(supply, demand, 1, true, own.#options(options));
    return unpack(solved, this.size)[0] as TransportResult;
  }

  /** Problem i moves row i of P to row i of Q: m x N matrices, or one N for all problems in place of Q. */
  solveMany(P: MatrixLike, Q: MatrixLike | Weights, options: SolveManyOptions = {}): TransportResult[] {
    checkOptions(options, ['plan', 'maxPivots', 'warmStart', 'signal']);
    const signal = checkSignal(options.signal);
    if (signal?.aborted) throw reasonOf(signal);
    const own = TransportSolver.#own(this);
    return unpack(own.#native.solveMany(...own.#problems(P, Q), own.#options(options)), own.size);
  }

  /** As `solveMany`, on other threads, on copies of the weights. Rejects with the signal's reason when aborted. */
  async solveManyAsync(
    P: MatrixLike,
    Q: MatrixLike | Weights,
    options: SolveManyOptions = {},
  ): Promise<TransportResult[]> {
    const own = TransportSolver.#own(this);
    const solve = (job: NativeJob) => {
      checkOptions(options, ['plan', 'maxPivots', 'warmStart', 'signal']);
      return own.#native.solveManyAsync(...own.#problems(P, Q), own.#options(options), job);
    };
    return unpack(await runJob(options, solve), own.size);
  }

  /** Gives the costs and everything kept for warm starts back at once; solving is an error from then on. */
  dispose(): void {
    TransportSolver.#own(this).#native.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #problems(
    P: MatrixLike,
    Q: MatrixLike | Weights,
  ): [p: Precision, q: Precision, count: number, sharedDemand: boolean] {
    const supplies = toMatrix('P', P);
    const [count, columns] = supplies.shape;
    if (columns !== this.size) throw outOfRange('P', `${this.size} columns, one for each sample`, `${columns}`);
    if (isPrecision(Q) || (isArray('Q', Q) && typeof Q[0] === 'number')) {
      return [supplies.data, toWeights('Q', Q, this.size), count, true];
    }
    const demands = toMatrix('Q', Q as MatrixLike);
    const [rows, width] = demands.shape;
    if (width !== this.size) throw outOfRange('Q', `${this.size} columns, one for each sample`, `${width}`);
    if (rows !== count && rows !== 1) throw outOfRange('Q', `${count} rows as P has, or 1`, `${rows}`);
    return [supplies.data, demands.data, count, rows === 1];
  }

  #options(options: SolveManyOptions) {
    const warmStart = checkBoolean('warmStart', options.warmStart ?? false);
    if (warmStart && options.maxPivots !== undefined) {
      throw outOfRange('maxPivots', 'none with warmStart', describe(options.maxPivots));
    }
    return { ...nativeOptions(options), warmStart, threads: this.#threads };
  }
}

/**
 * The earth mover's distance between p (n1 weights) and q (n2 weights) for n1 x n2 costs, finite and >= 0.
 *
 * Errors, cost and result as for `TransportSolver`.
 */
export function emd(p: Weights, q: Weights, distances: MatrixLike, options: SolveOptions = {}): TransportResult {
  checkOptions(options, ['plan', 'maxPivots']);
  const { data, shape } = toMatrix('distances', distances);
  const [sources, targets] = shape;
  const supply = toWeights('p', p, sources);
  const demand = toWeights('q', q, targets);
  const checked = nativeOptions(options);
  checkFits(`Transport costs of ${sources} x ${targets}`, emdBytes(sources, targets), 'use fewer weights');
  const solver = new native.Solver(data, sources, targets);
  try {
    return unpack(solver.solveMany(supply, demand, 1, true, checked), sources)[0] as TransportResult;
  } finally {
    solver.dispose();
  }
}

/** The costs in float64, and in float32 twice: as they are, and as the kernel of Sinkhorn's steps, both in rows of whole blocks. */
function emdBytes(sources: number, targets: number): number {
  const block = 32;
  return sources * (8 * targets + 2 * 4 * block * Math.ceil(targets / block));
}

/** By the number that an outcome has in the core. */
const statuses = ['optimal', 'iteration-limit', 'unproven'] as const;

/** The results that came over in a few arrays, as views of these: copies are not free beside a warm start. */
function unpack(results: NativeResults, sources: number): TransportResult[] {
  const { numbers } = results;
  const potentials = inThisRealm(results.potentials);
  const source = results.source && inThisRealm(results.source);
  const target = results.target && inThisRealm(results.target);
  const mass = results.mass && inThisRealm(results.mass);
  const count = numbers.length / 7;
  const each = count === 0 ? 0 : potentials.length / count;
  let planned = 0;
  return Array.from({ length: count }, (_, problem) => {
    const [cost, outcome, pivots, gap, infeasibility, slackness, entries] = numbers.subarray(
      7 * problem,
    ) as unknown as number[];
    const [u, v, end] = [each * problem, each * problem + sources, each * (problem + 1)];
    const result: TransportResult = {
      cost: cost as number,
      u: potentials.subarray(u, v),
      v: potentials.subarray(v, end),
      status: statuses[outcome as number] as TransportResult['status'],
      pivots: pivots as number,
      certificate: { gap: gap as number, infeasibility: infeasibility as number, slackness: slackness as number },
    };
    if (source && target && mass) {
      const [from, to] = [planned, planned + (entries as number)];
      result.plan = {
        source: source.subarray(from, to),
        target: target.subarray(from, to),
        mass: mass.subarray(from, to),
      };
      planned = to;
    }
    return result;
  });
}

function nativeOptions({ plan, maxPivots }: SolveOptions) {
  return {
    plan: checkBoolean('plan', plan ?? false),
    maxPivots: optionalNumber('maxPivots', maxPivots, { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true }),
  };
}

function toWeights(argument: string, weights: unknown, length: number): Precision {
  const numbers = isArray(argument, weights) ? toMatrix(argument, [weights]).data : weights;
  if (!isPrecision(numbers))
    throw invalidType(argument, 'a Float32Array, Float64Array or array of numbers', describe(weights));
  if (numbers.length !== length) throw outOfRange(argument, `${length} weights`, `${numbers.length}`);
  return numbers;
}
