/** The first table: genmi's time beside everybody else's, a line for each of them; without anybody else, genmi's alone. */
import { median } from '../statistics.js';
import { against, type Column, milliseconds } from '../table.js';
import { BEST_BLAS, PEAK, READ_LIMIT, READ_LIMIT_WHOLE, type Row } from './rows.js';

/** A line of the table; times are median seconds. */
export interface Figure {
  readonly name: string;
  readonly genmi: number;
  /** The peer, and its time. */
  readonly peer?: string;
  readonly seconds?: number;
  /** The least `seconds / genmi` that is aimed at. */
  readonly target?: number;
}

const LIMITS = [READ_LIMIT, READ_LIMIT_WHOLE, PEAK];
const ALONE = ' on one thread';

/** @param earlier figures of the rows before: targets of float64 are half of the ratios of float32 */
export function figuresOf(
  row: Row,
  times: Readonly<Record<string, readonly number[]>>,
  earlier: readonly Figure[],
  withTargets: boolean,
): Figure[] {
  const medians = Object.fromEntries(Object.entries(times).map(([name, each]) => [name, median(each)]));
  const { genmi, ...others } = withoutSlower(medians);
  const libraries = Object.keys(others).filter((name) => !LIMITS.includes(name));
  const fastest = libraries.toSorted((a, b) => others[a] - others[b])[0];
  const targetOf = (peer: string): number | undefined => {
    if (row.float32 === undefined) return row.targets[peer] ?? (peer === fastest ? row.targets[BEST_BLAS] : undefined);
    const single = earlier.find(({ name, peer: other }) => name === row.float32 && other === peer);
    if (single?.seconds === undefined || !libraries.includes(peer)) return undefined;
    return Number((single.seconds / single.genmi / 2).toPrecision(3));
  };
  if (Object.keys(others).length === 0) return [{ name: row.name, genmi }];
  return Object.entries(others).map(([peer, seconds]) => {
    const target = withTargets ? targetOf(peer) : undefined;
    return { name: row.name, peer, genmi, seconds, ...(target !== undefined && { target }) };
  });
}

/** Leaves out the slower time of a peer that was measured both on all threads and on one. */
function withoutSlower(seconds: Readonly<Record<string, number>>): Record<string, number> {
  const slower = Object.keys(seconds).flatMap((name) => {
    const alone = `${name}${ALONE}`;
    if (!(alone in seconds)) return [];
    return seconds[alone] < seconds[name] ? name : alone;
  });
  return Object.fromEntries(Object.entries(seconds).filter(([name]) => !slower.includes(name)));
}

const ratio = ({ seconds, genmi, target }: Figure): string =>
  seconds === undefined ? '-' : against(seconds / genmi, target, 'at least');

export const figureColumns: readonly Column<Figure>[] = [
  { title: 'work', width: 34, text: ({ name }) => name },
  { title: 'against', width: 28, text: ({ peer }) => peer ?? '-' },
  { title: 'its time, ms', width: 12, text: ({ seconds }) => (seconds === undefined ? '-' : milliseconds(seconds)) },
  { title: 'genmi, ms', width: 10, text: ({ genmi }) => milliseconds(genmi) },
  { title: 'ratio', width: 16, text: ratio },
];
