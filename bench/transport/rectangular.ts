/** Rectangular problems: each cluster among some samples is moved to the same cluster among the others, by `emd`. */
import { emd, type Matrix } from 'genmi';
import { timed } from '../statistics.js';
import { type Comparison, type Effort, oneProblem, wholeSet } from './comparison.js';
import { expectSameCosts, type ProblemContestant, potProblems, race, record, stepOf } from './contestants.js';
import type { Inputs } from './inputs.js';
import type { Pot } from './pot.js';
import { measuresOf, problemSets } from './problems.js';
import { STEPS } from './predictions.js';
import { CLUSTERS, type Row } from './rows.js';

/** The first samples of a square row are the sources, all others the targets. */
export interface Rectangle {
  readonly row: Row;
  readonly sources: number;
}

export const rectangles: readonly Rectangle[] = [
  { row: { family: 'images', metric: 'euclidean', state: 'mid', n: 1000 }, sources: 600 },
];

export const rectangleName = ({ row: { family, metric, state, n }, sources }: Rectangle): string =>
  `${family}-${metric}-${state}-${sources}x${n - sources}`;

const problems = problemSets.ova;

export async function compareRectangle(
  rectangle: Rectangle,
  inputs: Inputs,
  pot: Pot,
  { repetitions }: Effort,
): Promise<Comparison> {
  const { sources } = rectangle;
  const all = problems.map((_, i) => i);
  const contestants = {
    emd_c: potProblems(problems, () => all, pot, 'emd_c', sources),
    emd: emdProblems(rectangle, inputs),
    emd2: potProblems(problems, () => all, pot, 'emd2', sources),
  };
  for await (const costs of race(contestants, repetitions)) {
    for (const each of ['emd_c', 'emd2'] as const)
      expectSameCosts(`${rectangleName(rectangle)}, ${each}`, costs[each], costs.emd);
  }
  const { emd_c, emd2 } = contestants;
  const seconds = wholeSet(contestants.emd, problems.length);
  return {
    name: rectangleName(rectangle),
    set: 'emd',
    pot: { emd_c: wholeSet(emd_c, problems.length), emd2: wholeSet(emd2, problems.length) },
    problems: problems.length,
    potSolved: problems.length,
    repetitions,
    cold: seconds,
    fresh: seconds,
    single: { pot: Math.min(oneProblem(emd_c), oneProblem(emd2)), cold: oneProblem(contestants.emd) },
    targets: {},
  };
}

function emdProblems({ row: { n }, sources }: Rectangle, { distances, predictions }: Inputs): ProblemContestant {
  const targets = n - sources;
  const block: Matrix = { data: new Float32Array(sources * targets), shape: [sources, targets] };
  for (let i = 0; i < sources; i++) block.data.set(distances.subarray(i * n + sources, (i + 1) * n), i * targets);

  const seconds = new Map<number, number[]>();
  const solve = (repetition: number) => {
    const perStep = predictions.length / STEPS;
    const step = predictions.subarray(stepOf(repetition) * perStep, (stepOf(repetition) + 1) * perStep);
    const { P: from } = measuresOf(problems, step.subarray(0, sources * CLUSTERS));
    const { P: to } = measuresOf(problems, step.subarray(sources * CLUSTERS));
    return problems.map((_, i) => {
      const supply = from.data.subarray(i * sources, (i + 1) * sources);
      const demand = to.data.subarray(i * targets, (i + 1) * targets);
      const [elapsed, { cost }] = timed(() => emd(supply, demand, block));
      record(seconds, i, elapsed);
      return cost;
    });
  };
  return { seconds, solve };
}
