/** Sets of problems solved by POT, and by genmi fresh, cold and warm, on one thread each. */
import { type Affinity, TransportSolver } from 'genmi';
import { median } from '../statistics.js';
import { type Comparison, type Effort, oneProblem, wholeSet } from './comparison.js';
import {
  apartSet,
  coldProblems,
  coldSet,
  createCourse,
  expectSameCosts,
  freshSet,
  potProblems,
  potWarmProblems,
  race,
  warmSet,
} from './contestants.js';
import type { Pot } from './pot.js';
import { evenlySpaced, problemSets, type SetName } from './problems.js';
import { type Row, rowName } from './rows.js';
import { targetsFor } from './targets.js';

/** @param makeAffinity makes the affinity from the numbers of the distances */
export async function compare(
  row: Row,
  set: SetName,
  makeAffinity: () => Affinity,
  predictions: Float64Array,
  pot: Pot,
  { repetitions, potProblems: limit }: Effort,
): Promise<Comparison> {
  using affinity = makeAffinity();
  using solver = new TransportSolver(affinity, { threads: 1 });
  const problems = problemSets[set];
  const choice = (repetition: number) => evenlySpaced(problems.length, limit, repetition);
  const course = createCourse(affinity, problems, predictions);
  const contestants = {
    emd_c: potProblems(problems, choice, pot, 'emd_c'),
    cold: coldSet(course, solver),
    fresh: freshSet(course, makeAffinity, 1),
    emd2: potProblems(problems, choice, pot, 'emd2'),
    warm: warmSet(course, 1),
    emd_c_warm: potWarmProblems(problems, choice, pot),
    apart: apartSet(course, 1),
    single: coldProblems(course, choice, solver),
  };
  let repetition = 0;
  for await (const costs of race(contestants, repetitions)) {
    const chosen = choice(repetition++).map((i) => costs.cold[i]);
    for (const each of ['emd_c', 'emd_c_warm', 'emd2', 'single'] as const)
      expectSameCosts(`${rowName(row)}, ${set}, ${each}`, costs[each], chosen);
    for (const each of ['fresh', 'warm', 'apart'] as const)
      expectSameCosts(`${rowName(row)}, ${set}, ${each}`, costs[each], costs.cold);
  }
  const { emd_c, emd_c_warm, emd2, cold, fresh, warm, apart, single } = contestants;
  return {
    name: rowName(row),
    set,
    pot: { emd_c: wholeSet(emd_c, problems.length), emd2: wholeSet(emd2, problems.length) },
    potWarm: wholeSet(emd_c_warm, problems.length),
    problems: problems.length,
    potSolved: emd_c.seconds.size,
    repetitions,
    cold: median(cold.seconds),
    fresh: median(fresh.seconds),
    warm: median(warm.seconds),
    apart: median(apart.seconds),
    single: { pot: Math.min(oneProblem(emd_c), oneProblem(emd2)), cold: oneProblem(single) },
    targets: targetsFor(row, set),
  };
}
