/** The third table: the overhead of a call from JavaScript, checks and results included, over the native work on the same set. */
import { type Affinity, TransportSolver } from 'genmi';
import { CLUSTERS, type Row, rowName } from './rows.js';
import type { Peer } from '../peers.js';
import { median, medianSeconds, quantile } from '../statistics.js';
import { against, type Column, milliseconds, number } from '../table.js';
import { createCourse, expectSameCosts, stepOf } from './contestants.js';
import { problemSets, type SetName } from './problems.js';
import { OVERHEAD_TARGET } from './targets.js';

/** Medians of all rounds: seconds, and shares of the native time. */
export interface Overhead {
  readonly name: string;
  readonly set: SetName;
  readonly javascript: number;
  readonly native: number;
  readonly share: number;
  /** The quartiles of `share`. */
  readonly spread: readonly [number, number];
  readonly target?: number;
}

/** Both alternate in short turns, so that other work of the machine slows both. */
const ROUNDS = 60;
const SECONDS = 0.05;
/** Untimed rounds: V8 compiles functions that are called often. */
const WARM_UP = 3;

/** @param native the program of bench/native, which solves the same problems with the same code, timed by itself */
export async function measureOverhead(
  row: Row,
  set: SetName,
  affinity: Affinity,
  predictions: Float64Array,
  native: Peer,
  rounds = ROUNDS,
): Promise<Overhead> {
  const problems = problemSets[set];
  const { P, Q } = createCourse(affinity, problems, predictions).measures[stepOf(0)];
  using solver = new TransportSolver(affinity, { threads: 1 });
  const cost = () => solver.solveMany(P, Q).reduce((sum, result) => sum + result.cost, 0);
  const command = `transport ${rowName(row)} ${affinity.metric ? 1 : 0} ${row.n} ${CLUSTERS} ${set} ${SECONDS}`;
  const [javascript, natively]: [number[], number[]] = [[], []];
  for (let round = 0; round < WARM_UP + rounds; round++) {
    javascript.push(medianSeconds(() => solver.solveMany(P, Q), SECONDS));
    const answer = (await native.ask(command)) as { seconds: number; cost: number };
    if (round === 0) expectSameCosts(`${rowName(row)}, ${set}, natively`, [answer.cost], [cost()]);
    natively.push(answer.seconds);
  }
  const shares = javascript.map((seconds, round) => seconds / natively[round] - 1).slice(WARM_UP);
  return {
    name: rowName(row),
    set,
    javascript: median(javascript.slice(WARM_UP)),
    native: median(natively.slice(WARM_UP)),
    share: median(shares),
    spread: [quantile(shares, 0.25), quantile(shares, 0.75)],
    ...(set === 'ova' && { target: OVERHEAD_TARGET }),
  };
}

const percent = (share: number): string => number(100 * share);

export const overheadColumns: readonly Column<Overhead>[] = [
  { title: 'inputs', width: 29, text: ({ name }) => name },
  { title: 'set', width: 4, text: ({ set }) => set },
  { title: 'called, ms', width: 10, text: ({ javascript }) => milliseconds(javascript) },
  { title: 'native, ms', width: 10, text: ({ native }) => milliseconds(native) },
  { title: 'overhead, %', width: 13, text: ({ share, target }) => against(100 * share, target, 'at most') },
  { title: 'quartiles, %', width: 14, text: ({ spread: [low, high] }) => `${percent(low)} to ${percent(high)}` },
];
