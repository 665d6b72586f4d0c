/** The third table: the peak memory of work, each row in a process of its own. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { against, type Column, number } from '../table.js';

export interface MemoryRow {
  readonly name: string;
  readonly n: number;
  readonly d: number;
}

export interface Peak {
  readonly name: string;
  readonly seconds: number;
  /** Peak of the whole process, its start and its features included. */
  readonly bytes: number;
}

const GIGABYTE = 1e9;
const TARGET = 4;

/** Hop distances from features, with the 5 % quantile. */
export const memoryRows: readonly MemoryRow[] = [{ name: 'hops-memory-20000', n: 20_000, d: 50 }];

/** @param threads the most threads that genmi may use */
export function measurePeak({ name, n, d }: MemoryRow, threads: number): Peak {
  const child = fileURLToPath(new URL('hops-process.js', import.meta.url));
  const said = execFileSync(process.execPath, [child, `${n}`, `${d}`, `${threads}`], { encoding: 'utf8' });
  return { name, ...(JSON.parse(said) as Omit<Peak, 'name'>) };
}

export const peakColumns: readonly Column<Peak>[] = [
  { title: 'work', width: 34, text: ({ name }) => name },
  { title: 'genmi, s', width: 10, text: ({ seconds }) => number(seconds) },
  { title: 'peak memory, GB', width: 16, text: ({ bytes }) => against(bytes / GIGABYTE, TARGET, 'at most') },
];
