/** The first table: sets of problems solved by POT, and by genmi cold and warm, on one thread each. */
import { type Affinity, TransportSolver } from 'genmi';
import { median } from '../statistics.js';
import { against, type Column, milliseconds } from '../table.js';
import {
  type Contestant,
  coldProblems,
  coldSet,
  createCourse,
  expectSameCosts,
  potProblems,
  race,
  stepOf,
  warmSet,
} from './contestants.js';
import type { Pot } from './pot.js';
import { evenlySpaced, problemSets, type SetName } from './problems.js';
import { type Row, rowName } from './rows.js';
import { type Targets, targetsFor } from './targets.js';

/** Median seconds. */
export interface Comparison {
  readonly name: string;
  readonly set: SetName;
  /** POT's compiled solver on the whole set. */
  readonly pot: number;
  /** POT solved some problems of the set only, and the figure is scaled to all. */
  readonly potScaled: boolean;
  /** The same by `ot.emd2`, measured once. */
  readonly emd2?: number;
  readonly cold: number;
  readonly warm: number;
  readonly single: { readonly pot: number; readonly cold: number };
  readonly targets: Targets;
}

/** How much POT is asked to do: a set of many samples takes it minutes. */
export interface Effort {
  readonly repetitions: number;
  /** The largest number of problems of a set that POT solves. */
  readonly potProblems: number;
}

const EMD2_SAMPLES = 1000;

export async function compare(
  row: Row,
  set: SetName,
  affinity: Affinity,
  predictions: Float64Array,
  pot: Pot,
  effort: Effort,
): Promise<Comparison> {
  const course = createCourse(affinity, problemSets[set], predictions);
  const count = course.problems.length;
  const chosen = evenlySpaced(count, effort.potProblems);
  const solver = new TransportSolver(affinity, { threads: 1 });
  const contestants = {
    pot: potProblems(course, chosen, pot),
    cold: coldSet(course, solver),
    warm: warmSet(course, 1),
    single: coldProblems(course, chosen, solver),
  };
  for await (const costs of race(contestants, effort.repetitions)) {
    const name = `${rowName(row)}, ${set}`;
    const cold = chosen.map((i) => costs.cold[i]);
    expectSameCosts(`${name}, POT`, costs.pot, cold);
    expectSameCosts(`${name}, one at a time`, costs.single, cold);
    expectSameCosts(`${name}, warm`, costs.warm, costs.cold);
  }
  const emd2 = row.n <= EMD2_SAMPLES ? potProblems(course, chosen, pot, true) : undefined;
  await emd2?.solve(stepOf(0));
  const wholeSet = ({ seconds }: Contestant) => (median(sums(seconds, chosen.length)) * count) / chosen.length;
  return {
    name: rowName(row),
    set,
    pot: wholeSet(contestants.pot),
    potScaled: chosen.length < count,
    ...(emd2 && { emd2: wholeSet(emd2) }),
    cold: median(contestants.cold.seconds),
    warm: median(contestants.warm.seconds),
    single: { pot: median(contestants.pot.seconds), cold: median(contestants.single.seconds) },
    targets: targetsFor(row, set),
  };
}

/** Of so many successive values each. */
function sums(values: readonly number[], length: number): number[] {
  return Array.from({ length: values.length / length }, (_, i) =>
    values.slice(i * length, (i + 1) * length).reduce((sum, value) => sum + value),
  );
}

const scaled = ({ potScaled }: Comparison, text: string) => (potScaled ? `~${text}` : text);

export const comparisonColumns: readonly Column<Comparison>[] = [
  { title: 'inputs', width: 29, text: ({ name }) => name },
  { title: 'set', width: 4, text: ({ set }) => set },
  { title: 'POT, ms', width: 9, text: (row) => scaled(row, milliseconds(row.pot)) },
  { title: 'emd2, ms', width: 9, text: (row) => (row.emd2 ? scaled(row, milliseconds(row.emd2)) : '-') },
  { title: 'cold, ms', width: 9, text: ({ cold }) => milliseconds(cold) },
  { title: 'warm, ms', width: 9, text: ({ warm }) => milliseconds(warm) },
  { title: 'POT / cold', width: 13, text: ({ pot, cold, targets }) => against(pot / cold, targets.cold, 'at least') },
  { title: 'POT / warm', width: 13, text: ({ pot, warm, targets }) => against(pot / warm, targets.warm, 'at least') },
  { title: 'one: POT', width: 9, text: ({ single }) => milliseconds(single.pot) },
  { title: 'one: cold', width: 9, text: ({ single }) => milliseconds(single.cold) },
];
