/** The second table: the gain of a second thread, on whole sets. */
import { type Affinity, TransportSolver } from 'genmi';
import { median } from '../statistics.js';
import { against, type Column, milliseconds } from '../table.js';
import { coldSet, createCourse, expectSameCosts, race, warmSet } from './contestants.js';
import { problemSets, type SetName } from './problems.js';
import { type Row, rowName } from './rows.js';
import { THREADS_TARGET } from './targets.js';

/** Median seconds, on one thread and on two. */
export interface Scaling {
  readonly name: string;
  readonly set: SetName;
  readonly cold: readonly [one: number, two: number];
  readonly warm: readonly [one: number, two: number];
  readonly target?: number;
}

export async function scale(
  row: Row,
  set: SetName,
  affinity: Affinity,
  predictions: Float64Array,
  repetitions: number,
): Promise<Scaling> {
  const course = createCourse(affinity, problemSets[set], predictions);
  const contestants = {
    coldOne: coldSet(course, new TransportSolver(affinity, { threads: 1 })),
    coldTwo: coldSet(course, new TransportSolver(affinity, { threads: 2 })),
    warmOne: warmSet(course, 1),
    warmTwo: warmSet(course, 2),
  };
  for await (const costs of race(contestants, repetitions)) {
    for (const [name, each] of Object.entries(costs)) {
      expectSameCosts(`${rowName(row)}, ${set}, ${name}`, each, costs.coldOne);
    }
  }
  const { coldOne, coldTwo, warmOne, warmTwo } = contestants;
  return {
    name: rowName(row),
    set,
    cold: [median(coldOne.seconds), median(coldTwo.seconds)],
    warm: [median(warmOne.seconds), median(warmTwo.seconds)],
    ...(row.n >= THREADS_TARGET.fromSamples && { target: THREADS_TARGET.ratio }),
  };
}

const ratio = ([one, two]: readonly [number, number], target?: number) => against(one / two, target, 'at least');

export const scalingColumns: readonly Column<Scaling>[] = [
  { title: 'inputs', width: 29, text: ({ name }) => name },
  { title: 'set', width: 4, text: ({ set }) => set },
  { title: 'cold: 1, ms', width: 12, text: ({ cold }) => milliseconds(cold[0]) },
  { title: '2, ms', width: 9, text: ({ cold }) => milliseconds(cold[1]) },
  { title: '1 / 2', width: 13, text: ({ cold, target }) => ratio(cold, target) },
  { title: 'warm: 1, ms', width: 12, text: ({ warm }) => milliseconds(warm[0]) },
  { title: '2, ms', width: 9, text: ({ warm }) => milliseconds(warm[1]) },
  { title: '1 / 2', width: 13, text: ({ warm, target }) => ratio(warm, target) },
];
