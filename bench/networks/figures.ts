/** The table: genmi's time beside each peer's, a line for each of them. */
import { median } from '../statistics.js';
import { against, type Column, milliseconds, number } from '../table.js';
import { BEST_BLAS, PEAK, type Row } from './rows.js';

/** A line of the table; times are median seconds. */
export interface Figure {
  readonly name: string;
  /** The threads of each contestant. */
  readonly threads: number;
  readonly genmi: number;
  /** The peer, and its time. */
  readonly peer?: string;
  readonly seconds?: number;
  /** The least `seconds / genmi` that is aimed at. */
  readonly target?: number;
}

/** @param times seconds of each contestant, in all repetitions */
export function figuresOf(
  { name, targets }: Row,
  threads: number,
  times: Readonly<Record<string, readonly number[]>>,
): Figure[] {
  const medians = Object.fromEntries(Object.entries(times).map(([contestant, each]) => [contestant, median(each)]));
  const { genmi, ...others } = medians;
  if (genmi === undefined) return [];
  const libraries = Object.keys(others).filter((peer) => peer !== PEAK);
  const fastest = libraries.toSorted((a, b) => (others[a] as number) - (others[b] as number))[0];
  const figures = Object.entries(others).map(([peer, seconds]): Figure => {
    const target = targets[peer] ?? (peer === fastest ? targets[BEST_BLAS] : undefined);
    return { name, threads, peer, genmi, seconds, ...(target !== undefined && { target }) };
  });
  return figures.length > 0 ? figures : [{ name, threads, genmi }];
}

const ratio = ({ seconds, genmi, target }: Figure): string =>
  seconds === undefined ? '-' : against(seconds / genmi, target, 'at least');

/** How far a ratio is above its target, or below. */
function distance({ seconds, genmi, target }: Figure): string {
  if (seconds === undefined || target === undefined) return '-';
  const percent = 100 * (seconds / genmi / target - 1);
  return `${percent < 0 ? '' : '+'}${number(Math.round(percent))} %`;
}

export const figureColumns: readonly Column<Figure>[] = [
  { title: 'work', width: 26, text: ({ name }) => name },
  { title: 'threads', width: 7, text: ({ threads }) => `${threads}` },
  { title: 'against', width: 12, text: ({ peer }) => peer ?? '-' },
  { title: 'its time, ms', width: 12, text: ({ seconds }) => (seconds === undefined ? '-' : milliseconds(seconds)) },
  { title: 'genmi, ms', width: 10, text: ({ genmi }) => milliseconds(genmi) },
  { title: 'ratio', width: 16, text: ratio },
  { title: 'beyond target', width: 13, text: distance },
];
