/// <reference lib="esnext.disposable" preserve="true" />
/** Exact optimal transport: many problems over one matrix of costs, or a single problem. */
import { setImmediate as turn } from 'node:timers/promises';
import { type Affinity, nativeOf } from './affinity.js';
import { isMarked, mark, notOurs } from './copies.js';
import { describe, invalidType, isArray, outOfRange } from './errors.js';
import { runJob } from './jobs.js';
import { isPrecision, type MatrixLike, type Precision, toMatrix } from './matrix.js';
import { allocate, checkFits } from './memory.js';
import {
  type NativeJob,
  type NativeProblems,
  type NativeSolver,
  native,
  type ResultNumber,
  type TransportCertificate,
  type TransportCost,
  type TransportPlan,
  type TransportResult,
} from './native.js';
import { checkBoolean, checkOptions, checkSignal, optionalNumber } from './options.js';
import { reasonOf } from './signals.js';

export type { TransportCertificate, TransportCost, TransportPlan, TransportResult };

/** Options of a transport problem. */
export interface SolveOptions {
  /**
   * Also return the transport plan, whose marginals are right to 1e-12 of each weight. Default false.
   *
   * Where some weights are below 2^-16 of the mass that moves, u and v may be other optimal potentials than without it.
   */
  plan?: boolean | undefined;
  /** Return the potentials u and v, N1 + N2 numbers for each problem. Default true. */
  potentials?: boolean | undefined;
  /** Stop after this many pivots, with status 'iteration-limit'. Default: no limit. */
  maxPivots?: number | undefined;
}

interface SolveManySignal {
  /** Aborting rejects with the signal's reason; a synchronous call looks at it only before it begins. */
  signal?: AbortSignal | undefined;
}

/** Options of problems that each start from nothing. */
export interface ColdStart extends SolveOptions, SolveManySignal {
  /** Start each problem from nothing. */
  warmStart?: false | undefined;
}

/** Options of problems that start from the bases of the last call. */
export interface WarmStart extends Omit<SolveOptions, 'maxPivots'>, SolveManySignal {
  /**
   * Start problem i from the basis that problem i of the last such call ended with. Default false; not with maxPivots.
   *
   * Several times faster where the weights have changed little, never much slower. The optimum is the same. Where
   * several plans or potentials are optimal, the choice depends on the calls before.
   *
   * Keeps 2 N^2 bytes beyond the solver's own, and up to 64 N for each problem.
   */
  warmStart?: boolean | undefined;
  /** A warm start has no limit of pivots. */
  maxPivots?: undefined;
}

/** Options of many transport problems. */
export type SolveManyOptions = ColdStart | WarmStart;

/** Options of a TransportSolver. */
export interface SolverOptions {
  /** Threads of `solveMany`; default: those of `config`. Results have the same bits for any number. */
  threads?: number | undefined;
}

/** Weights >= 0 of the sources or the targets; not all of them 0. */
export type Weights = Precision | readonly number[];

const solveOptions = ['plan', 'potentials', 'maxPivots'] as const;
const solveManyOptions = [...solveOptions, 'warmStart', 'signal'] as const;

/**
 * Solves optimal transport problems over one matrix of costs: a network simplex in float64, with certificates.
 *
 * Costs are a distance between N samples, or any N1 x N2 matrix of finite numbers of either sign. Marginals are the
 * weights of the N1 sources and of the N2 targets, all >= 0. Their sums agree up to rounding; the second is then scaled
 * to the first.
 *
 * Cost: about N^2.1 a problem, and N1 N2 where N1 or N2 is small. Several threads share the problems; each problem runs
 * on one.
 *
 * Memory: for distances stored in float32, 4 N^2 bytes and up to 8 N^2 for each thread; else 12 N^2 (20 N^2 where a
 * cost is negative) and 16 N^2. Where costs differ so much that small ones need the last stage, 12 N^2 more for each
 * thread.
 *
 * Source: Ahuja, Magnanti, Orlin, "Network Flows", 1993, chapter 11.
 *
 * @throws RangeError ERR_OUT_OF_RANGE for weights that are negative, not finite or all zero, and for costs that are not
 * finite; GenmiError ERR_INFEASIBLE for sums that differ, ERR_OUT_OF_MEMORY for results that do not fit, ERR_DISPOSED.
 */
export class TransportSolver {
  readonly #native: NativeSolver;
  readonly #threads: number | undefined;
  /** The number of sources, N1: the samples of a distance, or the rows of a matrix. */
  readonly sources: number;
  /** The number of targets, N2: the samples of a distance, or the columns of a matrix. */
  readonly targets: number;

  /**
   * Prepares costs for any number of problems.
   *
   * @param costs a distance affinity between N samples, not to be disposed of before the last problem; or an N1 x N2
   * matrix, which is copied.
   * @throws as the class, and TypeError ERR_INVALID_ARG_TYPE for anything else.
   */
  constructor(costs: Affinity | MatrixLike, options: SolverOptions = {}) {
    checkOptions(options, ['threads']);
    this.#threads = optionalNumber('threads', options.threads, { min: 1, max: 1024, integer: true });
    if (isMatrix(costs)) {
      const { data, shape } = toMatrix('costs', costs);
      [this.sources, this.targets] = shape;
      this.#native = solverOf(data, shape);
    } else {
      const affinity = nativeOf(costs, 'costs');
      this.sources = this.targets = affinity.size;
      const bytesPerPair = affinity.precision === 'float32' ? 4 : 12;
      checkFits(
        `Transport costs between ${affinity.size} samples`,
        bytesPerPair * affinity.size ** 2,
        'use mini-batches',
      );
      this.#native = new native.Solver(affinity);
    }
  }

  static {
    mark(TransportSolver.prototype, 'TransportSolver');
  }

  /** Returns the solver. Throws where it is another copy's, or a proxy. */
  static #own(solver: TransportSolver): TransportSolver {
    if (#native in solver) return solver;
    throw notOurs('solver', 'TransportSolver', solver, TransportSolver.prototype);
  }

  /** The number of samples, N, or of sources where costs are N1 x N2. */
  get size(): number {
    return this.sources;
  }

  /** Solves one problem: the cheapest way to move the N1 weights p to the N2 weights q. Errors as for the class. */
  solve(p: Weights, q: Weights, options: SolveOptions & { potentials: false }): TransportCost;
  solve(p: Weights, q: Weights, options?: SolveOptions & { potentials?: true | undefined }): TransportResult;
  solve(p: Weights, q: Weights, options: SolveOptions = {}): TransportCost {
    checkOptions(options, solveOptions);
    const own = TransportSolver.#own(this);
    const [supply, demand] = [toWeights('p', p, own.sources), toWeights('q', q, own.targets)];
    const results = own.#results(1, options);
    own.#native.solveMany(supply, demand, 1, true, own.#options(options), ...results.arrays);
    return results.read()[0] as TransportCost;
  }

  /**
   * Solves m problems: problem i moves row i of P to row i of Q. Errors as for the class.
   *
   * @param P m x N1 weights
   * @param Q m x N2 weights, or N2 weights for all problems
   */
  solveMany(P: MatrixLike, Q: MatrixLike | Weights, options: SolveManyOptions & { potentials: false }): TransportCost[];
  solveMany(
    P: MatrixLike,
    Q: MatrixLike | Weights,
    options?: SolveManyOptions & { potentials?: true | undefined },
  ): TransportResult[];
  solveMany(P: MatrixLike, Q: MatrixLike | Weights, options: SolveManyOptions = {}): TransportCost[] {
    checkOptions(options, solveManyOptions);
    const signal = checkSignal(options.signal);
    if (signal?.aborted) throw reasonOf(signal);
    const own = TransportSolver.#own(this);
    const problems = own.#problems(P, Q);
    const results = own.#results(problems[2], options);
    own.#native.solveMany(...problems, own.#options(options), ...results.arrays);
    return results.read();
  }

  /** As `solveMany`, on other threads, on copies of the weights. Rejects with the signal's reason when aborted. */
  solveManyAsync(
    P: MatrixLike,
    Q: MatrixLike | Weights,
    options: SolveManyOptions & { potentials: false },
  ): Promise<TransportCost[]>;
  solveManyAsync(
    P: MatrixLike,
    Q: MatrixLike | Weights,
    options?: SolveManyOptions & { potentials?: true | undefined },
  ): Promise<TransportResult[]>;
  async solveManyAsync(
    P: MatrixLike,
    Q: MatrixLike | Weights,
    options: SolveManyOptions = {},
  ): Promise<TransportCost[]> {
    const own = TransportSolver.#own(this);
    return runJob(options, async (job: NativeJob) => {
      checkOptions(options, solveManyOptions);
      const problems = own.#problems(P, Q);
      const results = own.#results(problems[2], options);
      await own.#native.solveManyAsync(...problems, own.#options(options), ...results.arrays, job);
      return results.readInTurns();
    });
  }

  /** Frees the costs and the memory of warm starts; later calls throw GenmiError ERR_DISPOSED. */
  dispose(): void {
    TransportSolver.#own(this).#native.dispose();
  }

  /** As `dispose`, at the end of a block that declares it with `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #problems(
    P: MatrixLike,
    Q: MatrixLike | Weights,
  ): [p: Precision, q: Precision, count: number, sharedDemand: boolean] {
    const each = this.sources === this.targets ? 'sample' : 'target';
    const supplies = toMatrix('P', P);
    const [count, columns] = supplies.shape;
    if (columns !== this.sources) {
      throw outOfRange('P', `${this.sources} columns, one for each ${each.replace('target', 'source')}`, `${columns}`);
    }
    if (isPrecision(Q) || (isArray('Q', Q) && typeof Q[0] === 'number')) {
      return [supplies.data, toWeights('Q', Q, this.targets), count, true];
    }
    const demands = toMatrix('Q', Q as MatrixLike);
    const [rows, width] = demands.shape;
    if (width !== this.targets) throw outOfRange('Q', `${this.targets} columns, one for each ${each}`, `${width}`);
    if (rows !== count && rows !== 1) throw outOfRange('Q', `${count} rows as P has, or 1`, `${rows}`);
    return [supplies.data, demands.data, count, rows === 1];
  }

  #results(count: number, options: SolveOptions): Results {
    return new Results(count, this.sources, this.targets, options);
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
 * Solves one transport problem: the earth mover's distance between p and q.
 *
 * Errors, cost, result and source: as for `TransportSolver`.
 *
 * @param p N1 weights >= 0
 * @param q N2 weights >= 0, with the same sum up to rounding
 * @param costs N1 x N2 finite numbers of either sign
 */
export function emd(
  p: Weights,
  q: Weights,
  costs: MatrixLike,
  options: SolveOptions & { potentials: false },
): TransportCost;
export function emd(
  p: Weights,
  q: Weights,
  costs: MatrixLike,
  options?: SolveOptions & { potentials?: true | undefined },
): TransportResult;
export function emd(p: Weights, q: Weights, costs: MatrixLike, options: SolveOptions = {}): TransportCost {
  checkOptions(options, solveOptions);
  const { data, shape } = toMatrix('costs', costs);
  const supply = toWeights('p', p, shape[0]);
  const demand = toWeights('q', q, shape[1]);
  const limits = nativeOptions(options);
  const results = new Results(1, ...shape, options);
  const solver = solverOf(data, shape);
  try {
    solver.solveMany(supply, demand, 1, true, limits, ...results.arrays);
  } finally {
    solver.dispose();
  }
  return results.read()[0] as TransportCost;
}

/** Whether costs are meant as a matrix. Any other value is read as an affinity, and refused as one. */
function isMatrix(costs: Affinity | MatrixLike): costs is MatrixLike {
  if (isMarked(costs, 'Affinity')) return false;
  return isArray('costs', costs) || (typeof costs === 'object' && costs !== null && 'data' in costs);
}

function solverOf(costs: Precision, [sources, targets]: readonly [sources: number, targets: number]): NativeSolver {
  checkFits(`Transport costs of ${sources} x ${targets}`, matrixBytes(sources, targets), 'use fewer weights');
  return new native.Solver(costs, sources, targets);
}

/**
 * Bytes of costs in float64, and twice in float32: as costs, and as Sinkhorn's kernel, in padded rows. Costs with few
 * columns take no more: they are twice in float64, and not padded.
 */
function matrixBytes(sources: number, targets: number): number {
  const multiple = 32;
  return sources * (8 * targets + 2 * 4 * multiple * Math.ceil(targets / multiple));
}

/** The position of each number among the numbers of a result. */
const at = Object.fromEntries(native.resultNumbers.map((name, k) => [name, k])) as Record<ResultNumber, number>;

/** Results that are read without a turn of the event loop: some milliseconds. */
const READ_IN_A_TURN = 2000;

/** The arrays of the results of some problems. JavaScript allocates them: a lack of memory is an exception. */
class Results {
  readonly #count: number;
  readonly #sources: number;
  readonly #targets: number;
  readonly #numbers: Float64Array;
  readonly #potentials: Float64Array | null;
  readonly #wantsPlan: boolean;
  #plan: TransportPlan | undefined;
  /** How many results have been read, and entries of their plans. */
  #read = 0;
  #planned = 0;

  constructor(count: number, sources: number, targets: number, options: SolveOptions) {
    [this.#count, this.#sources, this.#targets] = [count, sources, targets];
    this.#wantsPlan = checkBoolean('plan', options.plan ?? false);
    const wantsPotentials = checkBoolean('potentials', options.potentials ?? true);
    this.#numbers = this.#room(Float64Array, native.resultNumbers.length * count, 'Results', 'solve fewer at once');
    this.#potentials = wantsPotentials
      ? this.#room(
          Float64Array,
          count * (sources + targets),
          'Potentials',
          'pass potentials: false, or solve fewer at once',
        )
      : null;
  }

  /** The last arguments of the native call that writes the results. */
  get arrays(): NativeProblems['results'] {
    const plans = this.#wantsPlan ? (entries: number) => this.#makePlan(entries) : null;
    return [this.#numbers, this.#potentials, plans];
  }

  /** Returns a result for each problem, made of views: the time of copies would show beside a warm start. */
  read(): TransportCost[] {
    return this.#readNext(this.#count);
  }

  /** As `read`, with turns of the event loop in between: a million results take a second. */
  async readInTurns(): Promise<TransportCost[]> {
    const results = this.#readNext(READ_IN_A_TURN);
    while (results.length < this.#count) {
      await turn();
      for (const result of this.#readNext(READ_IN_A_TURN)) results.push(result);
    }
    return results;
  }

  #readNext(most: number): TransportCost[] {
    return Array.from({ length: Math.min(most, this.#count - this.#read) }, () => {
      const problem = this.#read++;
      const result = this.#readOne(problem);
      if (this.#plan) {
        const { source, target, mass } = this.#plan;
        const from = this.#planned;
        this.#planned += this.#number('planEntries', problem);
        result.plan = {
          source: source.subarray(from, this.#planned),
          target: target.subarray(from, this.#planned),
          mass: mass.subarray(from, this.#planned),
        };
      }
      return result;
    });
  }

  #readOne(problem: number): TransportCost {
    const result: TransportCost & Partial<TransportResult> = {
      cost: this.#number('cost', problem),
      status: native.outcomes[this.#number('outcome', problem)] as TransportCost['status'],
      pivots: this.#number('pivots', problem),
      certificate: {
        gap: this.#number('gap', problem),
        infeasibility: this.#number('infeasibility', problem),
        slackness: this.#number('slackness', problem),
      },
    };
    if (this.#potentials) {
      const u = problem * (this.#sources + this.#targets);
      const v = u + this.#sources;
      result.u = this.#potentials.subarray(u, v);
      result.v = this.#potentials.subarray(v, v + this.#targets);
    }
    return result;
  }

  #number(name: ResultNumber, problem: number): number {
    return this.#numbers[problem * native.resultNumbers.length + at[name]] as number;
  }

  #makePlan(entries: number): TransportPlan {
    const remedy = 'solve fewer at once';
    this.#plan = {
      source: this.#room(Int32Array, entries, 'Plans', remedy),
      target: this.#room(Int32Array, entries, 'Plans', remedy),
      mass: this.#room(Float64Array, entries, 'Plans', remedy),
    };
    return this.#plan;
  }

  #room<T extends Float64Array | Int32Array>(
    type: { new (length: number): T; readonly BYTES_PER_ELEMENT: number },
    length: number,
    what: string,
    remedy: string,
  ): T {
    const problems = () => `${this.#count} transport ${this.#count === 1 ? 'problem' : 'problems'}`;
    return allocate(type, length, () => `${what} of ${problems()}, ${this.#sources} x ${this.#targets}`, remedy);
  }
}

function nativeOptions({ maxPivots }: SolveOptions) {
  return {
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
