/** Contestants that are timed on a set of problems. Each repetition solves one step, on which all must agree. */
import { type Affinity, TransportSolver } from 'genmi';
import { interleave } from '../interleave.js';
import { timed } from '../statistics.js';
import type { Pot, Solver } from './pot.js';
import { STEPS } from './predictions.js';
import { type Measures, measuresOf, type Problem } from './problems.js';

export interface Contestant {
  /** Solves problems of the step of a repetition, and returns their costs. */
  solve(repetition: number): Promise<readonly number[]> | readonly number[];
}

/** A contestant that solves the set as a whole. */
export interface SetContestant extends Contestant {
  /** Seconds of each repetition. */
  readonly seconds: number[];
}

/** A contestant that solves problems one after the other; each repetition may choose other problems. */
export interface ProblemContestant extends Contestant {
  /** For each problem that was solved, the seconds of each time. */
  readonly seconds: Map<number, number[]>;
}

/** A set of problems at successive steps of a training. */
export interface Course {
  readonly affinity: Affinity;
  readonly problems: readonly Problem[];
  /** The measures of each step. */
  readonly measures: readonly Measures[];
}

/** The problems that a contestant solves in a repetition, if it does not solve all. */
export type Choice = (repetition: number) => readonly number[];

export function createCourse(affinity: Affinity, problems: readonly Problem[], predictions: Float64Array): Course {
  const perStep = predictions.length / STEPS;
  const measures = Array.from({ length: STEPS }, (_, step) =>
    measuresOf(problems, predictions.subarray(step * perStep, (step + 1) * perStep)),
  );
  return { affinity, problems, measures };
}

/** The step of a repetition: never the first, which only prepares warm starts. */
export const stepOf = (repetition: number): number => 1 + (repetition % (STEPS - 1));

type Results = readonly { cost: number }[];

/** genmi solves the whole set, each time from nothing. */
export function coldSet({ measures }: Course, solver: TransportSolver): SetContestant {
  return solvingSets(({ P, Q }) => solver.solveMany(P, Q), measures);
}

/** The same, with the affinity and the solver made each time from the numbers of the distances. */
export function freshSet({ measures }: Course, makeAffinity: () => Affinity, threads: number): SetContestant {
  return solvingSets(({ P, Q }) => {
    using affinity = makeAffinity();
    using solver = new TransportSolver(affinity, { threads });
    return solver.solveMany(P, Q);
  }, measures);
}

function solvingSets(solveMany: (measures: Measures) => Results, measures: readonly Measures[]): SetContestant {
  const seconds: number[] = [];
  const solve = (repetition: number) => {
    const [elapsed, results] = timed(() => solveMany(measures[stepOf(repetition)]));
    seconds.push(elapsed);
    return results.map(({ cost }) => cost);
  };
  return { seconds, solve };
}

/** Solves a step of the course from the bases of the step before. */
const warmStep = (solver: TransportSolver, { measures }: Course, step: number): Results =>
  solver.solveMany(measures[step].P, measures[step].Q, { warmStart: true });

/** genmi solves the whole set step after step: each repetition goes from the first step, which is untimed, to the last. */
export function warmSet(course: Course, threads: number): SetContestant {
  const seconds: number[] = [];
  const solve = (repetition: number) => {
    using solver = new TransportSolver(course.affinity, { threads });
    const results = course.measures.map((_, step) => {
      const [elapsed, result] = timed(() => warmStep(solver, course, step));
      if (step > 0) seconds.push(elapsed);
      return result;
    });
    return results[stepOf(repetition)].map(({ cost }) => cost);
  };
  return { seconds, solve };
}

/** The same, one step in each repetition: other contestants disturb its caches in between. */
export function apartSet(course: Course, threads: number): SetContestant {
  const seconds: number[] = [];
  let solver = new TransportSolver(course.affinity, { threads });
  const solve = (repetition: number) => {
    const step = stepOf(repetition);
    if (step === 1) {
      solver.dispose();
      solver = new TransportSolver(course.affinity, { threads });
      warmStep(solver, course, 0);
    }
    const [elapsed, results] = timed(() => warmStep(solver, course, step));
    seconds.push(elapsed);
    return results.map(({ cost }) => cost);
  };
  return { seconds, solve };
}

/** genmi solves one problem after the other. */
export function coldProblems({ measures }: Course, choice: Choice, solver: TransportSolver): ProblemContestant {
  const seconds = new Map<number, number[]>();
  const solve = (repetition: number) => {
    const { P, Q } = measures[stepOf(repetition)];
    const row = (data: Float64Array, i: number) => data.subarray(i * solver.size, (i + 1) * solver.size);
    return choice(repetition).map((i) => {
      const [elapsed, { cost }] = timed(() => solver.solve(row(P.data, i), row(Q.data, i)));
      record(seconds, i, elapsed);
      return cost;
    });
  };
  return { seconds, solve };
}

/** POT solves one problem after the other; it has no call for several. */
export function potProblems(
  problems: readonly Problem[],
  choice: Choice,
  pot: Pot,
  solver: Solver,
  sources?: number,
): ProblemContestant {
  const seconds = new Map<number, number[]>();
  const solve = async (repetition: number) => {
    const chosen = choice(repetition);
    const request = { step: stepOf(repetition), problems: chosen.map((i) => problems[i]), solver };
    const solved = await pot.solve({ ...request, ...(sources !== undefined && { sources }) });
    for (const [at, i] of chosen.entries()) record(seconds, i, solved.seconds[at]);
    return solved.costs;
  };
  return { seconds, solve };
}

/** Repetitions of POT's warm starts: each times six steps of every problem that is chosen. */
const POT_WARM_REPETITIONS = 2;

/** The same step after step, from the start, which is not counted, to the last: each from the potentials of the step before. */
export function potWarmProblems(problems: readonly Problem[], choice: Choice, pot: Pot): ProblemContestant {
  const seconds = new Map<number, number[]>();
  const solve = async (repetition: number) => {
    if (repetition >= POT_WARM_REPETITIONS) return [];
    const chosen = choice(repetition);
    const solved = await pot.solveWarm(chosen.map((i) => problems[i]));
    for (const each of solved.seconds.slice(1)) for (const [at, i] of chosen.entries()) record(seconds, i, each[at]);
    return solved.costs[stepOf(repetition)];
  };
  return { seconds, solve };
}

export function record(seconds: Map<number, number[]>, problem: number, elapsed: number): void {
  const before = seconds.get(problem);
  if (before) before.push(elapsed);
  else seconds.set(problem, [elapsed]);
}

/** Lets contestants solve a step in each repetition; yields the costs that each of them found. */
export const race = <Name extends string>(contestants: Readonly<Record<Name, Contestant>>, repetitions: number) =>
  interleave(contestants, repetitions, (contestant, repetition) => contestant.solve(repetition));

const TOLERANCE = 1e-9;

/** Throws unless all costs agree: figures of different answers mean nothing. */
export function expectSameCosts(what: string, actual: readonly number[], expected: readonly number[]): void {
  for (const [i, cost] of actual.entries()) {
    const error = Math.abs(cost - expected[i]) / Math.abs(expected[i]);
    if (error <= TOLERANCE) continue;
    throw new Error(`${what}: problem ${i} costs ${cost}, expected ${expected[i]} (relative error ${error})`);
  }
}
