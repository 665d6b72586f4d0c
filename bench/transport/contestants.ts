/** Those who are timed on a set of problems. Each repetition is of one step, on which all of them must agree. */
import { type Affinity, TransportSolver } from 'genmi';
import { interleave } from '../interleave.js';
import { timed } from '../statistics.js';
import type { Pot } from './pot.js';
import { type Measures, measuresOf, type Problem } from './problems.js';
import { STEPS } from './predictions.js';

export interface Contestant {
  /** Seconds, of all that was timed. */
  readonly seconds: number[];
  /** Solves the problems of a step, and returns their costs. */
  solve(step: number): Promise<readonly number[]> | readonly number[];
}

/** A set of problems at successive steps of a training. */
export interface Course {
  readonly affinity: Affinity;
  readonly problems: readonly Problem[];
  /** For each step. */
  readonly measures: readonly Measures[];
}

export function createCourse(affinity: Affinity, problems: readonly Problem[], predictions: Float64Array): Course {
  const perStep = predictions.length / STEPS;
  const measures = Array.from({ length: STEPS }, (_, step) =>
    measuresOf(problems, predictions.subarray(step * perStep, (step + 1) * perStep)),
  );
  return { affinity, problems, measures };
}

/** The step that a repetition is of: never the first, which a warm start only prepares. */
export const stepOf = (repetition: number): number => 1 + (repetition % (STEPS - 1));

/** genmi on the whole set, each time from nothing. */
export function coldSet({ measures }: Course, solver: TransportSolver): Contestant {
  const seconds: number[] = [];
  const solve = (step: number) => {
    const { P, Q } = measures[step];
    const [elapsed, results] = timed(() => solver.solveMany(P, Q));
    seconds.push(elapsed);
    return results.map(({ cost }) => cost);
  };
  return { seconds, solve };
}

/** genmi on the whole set, going from step to step: the first is not timed, and all the others are. */
export function warmSet({ affinity, measures }: Course, threads: number): Contestant {
  const seconds: number[] = [];
  const solve = (step: number) => {
    const solver = new TransportSolver(affinity, { threads });
    const costs = measures.map(({ P, Q }, current) => {
      const [elapsed, results] = timed(() => solver.solveMany(P, Q, { warmStart: true }));
      if (current > 0) seconds.push(elapsed);
      return results.map(({ cost }) => cost);
    });
    return costs[step];
  };
  return { seconds, solve };
}

/** genmi on one problem after the other. */
export function coldProblems({ measures }: Course, chosen: readonly number[], solver: TransportSolver): Contestant {
  const seconds: number[] = [];
  const solve = (step: number) => {
    const { P, Q } = measures[step];
    const row = (data: Float64Array, i: number) => data.subarray(i * solver.size, (i + 1) * solver.size);
    return chosen.map((i) => {
      const [elapsed, { cost }] = timed(() => solver.solve(row(P.data, i), row(Q.data, i)));
      seconds.push(elapsed);
      return cost;
    });
  };
  return { seconds, solve };
}

/** POT on one problem after the other, which is all it offers. */
export function potProblems({ problems }: Course, chosen: readonly number[], pot: Pot, emd2 = false): Contestant {
  const seconds: number[] = [];
  const solve = async (step: number) => {
    const solved = await pot.solve({ step, problems: chosen.map((i) => problems[i]), emd2 });
    seconds.push(...solved.seconds);
    return solved.costs;
  };
  return { seconds, solve };
}

/** Lets contestants solve a step in each repetition; yields the costs that each of them found. */
export const race = <Name extends string>(contestants: Readonly<Record<Name, Contestant>>, repetitions: number) =>
  interleave(contestants, repetitions, (contestant, repetition) => contestant.solve(stepOf(repetition)));

const TOLERANCE = 1e-9;

/** Figures are worth nothing unless the answers are the same. */
export function expectSameCosts(what: string, actual: readonly number[], expected: readonly number[]): void {
  for (const [i, cost] of actual.entries()) {
    const error = Math.abs(cost - expected[i]) / Math.abs(expected[i]);
    if (error <= TOLERANCE) continue;
    throw new Error(`${what}: problem ${i} costs ${cost}, expected ${expected[i]} (relative error ${error})`);
  }
}
