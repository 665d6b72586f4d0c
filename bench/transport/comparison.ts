/** A line of the first table: POT's time beside genmi's. */
import { median } from '../statistics.js';
import { against, type Column, milliseconds } from '../table.js';
import type { ProblemContestant } from './contestants.js';
import type { Solver } from './pot.js';
import type { SetName } from './problems.js';
import type { Targets } from './targets.js';

/** A line of the table; times are median seconds. */
export interface Comparison {
  readonly name: string;
  readonly set: SetName | 'emd';
  /** Seconds of POT on the whole set, in each of its ways. */
  readonly pot: Readonly<Record<Solver, number>>;
  /** POT step after step, from the potentials of the step before. */
  readonly potWarm?: number;
  /** Problems in the set, problems that each way of POT solved at all, and repetitions. */
  readonly problems: number;
  readonly potSolved: number;
  readonly repetitions: number;
  readonly cold: number;
  /** With the affinity and the solver made from the numbers of the distances. */
  readonly fresh: number;
  readonly warm?: number;
  /** Warm, with the other contestants in between. */
  readonly apart?: number;
  readonly single: { readonly pot: number; readonly cold: number };
  readonly targets: Targets;
}

/** How much is measured: a set of many samples takes POT minutes. */
export interface Effort {
  readonly repetitions: number;
  /** The largest number of problems of a set that POT solves in a repetition. */
  readonly potProblems: number;
}

/** Seconds of a whole set, scaled from the medians of the problems that were solved. */
export function wholeSet({ seconds }: ProblemContestant, problems: number): number {
  const medians = [...seconds.values()].map(median);
  return (medians.reduce((sum, each) => sum + each) * problems) / medians.length;
}

/** Median seconds of a single problem. */
export const oneProblem = ({ seconds }: ProblemContestant): number => median([...seconds.values()].flat());

const potTime = ({ pot }: Comparison) => Math.min(...Object.values(pot));
const faster = ({ pot }: Comparison) => (pot.emd_c <= pot.emd2 ? 'emd_c' : 'emd2');
/** How many times as long as genmi's. */
const ratio = (theirs: number | undefined, ours: number | undefined) =>
  theirs === undefined || ours === undefined ? '-' : against(theirs / ours, undefined, 'at least');
const scaled = ({ potSolved, problems }: Comparison) => (potSolved < problems ? '~' : '');

export const comparisonColumns: readonly Column<Comparison>[] = [
  { title: 'inputs', width: 29, text: ({ name }) => name },
  { title: 'set', width: 4, text: ({ set }) => set },
  { title: 'solved', width: 12, text: (row) => `${row.potSolved}/${row.problems} x${row.repetitions}` },
  { title: 'POT, ms', width: 9, text: (row) => `${scaled(row)}${milliseconds(potTime(row))}` },
  { title: 'by', width: 6, text: faster },
  { title: 'fresh, ms', width: 9, text: ({ fresh }) => milliseconds(fresh) },
  { title: 'cold, ms', width: 9, text: ({ cold }) => milliseconds(cold) },
  { title: 'warm, ms', width: 9, text: ({ warm }) => (warm === undefined ? '-' : milliseconds(warm)) },
  { title: 'apart, ms', width: 9, text: ({ apart }) => (apart === undefined ? '-' : milliseconds(apart)) },
  { title: 'POT / fresh', width: 11, text: (row) => against(potTime(row) / row.fresh, undefined, 'at least') },
  { title: '/ cold', width: 13, text: (row) => against(potTime(row) / row.cold, row.targets.cold, 'at least') },
  {
    title: '/ warm',
    width: 13,
    text: (row) => (row.warm === undefined ? '-' : against(potTime(row) / row.warm, row.targets.warm, 'at least')),
  },
  {
    title: 'POT warm, ms',
    width: 12,
    text: (row) => (row.potWarm === undefined ? '-' : `${scaled(row)}${milliseconds(row.potWarm)}`),
  },
  { title: 'POT warm / warm', width: 15, text: ({ potWarm, warm }) => ratio(potWarm, warm) },
  { title: 'one: POT', width: 9, text: ({ single }) => milliseconds(single.pot) },
  { title: 'one: cold', width: 9, text: ({ single }) => milliseconds(single.cold) },
];
