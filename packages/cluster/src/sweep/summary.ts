/** The fits of a sweep side by side, ranked without labels. */
import { Random } from '../base/random.js';
import { cell } from '../run/labels-csv.js';
import { rankByConsensus } from '../trust/index.js';
import type { Choice } from './grid.js';
import type { Job } from './job.js';
import { readStored } from './results.js';

/** A fit in the summary: its options, then its results; null where one has no meaning. */
export interface SummaryRow {
  /** The place by consensus, from 1: the fits that agree most with all others come first. */
  readonly rank: number | null;
  /** The mean distance to the consensus of all fits, >= 0. */
  readonly consensus: number | null;
  readonly status: 'done' | 'failed' | 'missing';
  readonly model: string;
  /** The number of clusters that was asked for. */
  readonly clusters: number | null;
  readonly objective: string | null;
  readonly kernel: string | null;
  readonly epochs: number | null;
  readonly restarts: number | null;
  readonly seed: number;
  /** The name of the value that the model maximises. */
  readonly maximises: string | null;
  readonly value: number | null;
  readonly usedClusters: number | null;
  readonly silhouette: number | null;
  readonly ari: number | null;
  readonly accuracy: number | null;
  readonly seconds: number | null;
  readonly key: string;
  /** Why it failed. */
  readonly error: string | null;
}

/** The consensus is of at most this number of random rows. */
const MOST_ROWS = 2000;

/** Reads all results, and ranks the fits. Cost O(T 2000^2) for T fits. */
export async function summarise(folder: string, jobs: readonly Job[]): Promise<SummaryRow[]> {
  const rows: SummaryRow[] = [];
  const clusterings: number[][] = [];
  for (const job of jobs) {
    const stored = await readStored(folder, job.key);
    rows.push({ ...unfitted(job), ...(stored && resultsOf(stored)) });
    if (stored?.result) clusterings.push(someOf(stored.result.labels));
  }
  return ranked(rows, clusterings);
}

function unfitted({ key, choice }: Job): SummaryRow {
  const { model, clusters = null, objective = null, kernel = null, epochs = null, restarts = null, seed } = choice;
  const nothing = { maximises: null, value: null, usedClusters: null, silhouette: null, ari: null, accuracy: null };
  const options = { model, clusters, objective, kernel, epochs, restarts, seed };
  return { rank: null, consensus: null, status: 'missing', ...options, ...nothing, seconds: null, key, error: null };
}

function resultsOf({ result, failure }: NonNullable<Awaited<ReturnType<typeof readStored>>>): Partial<SummaryRow> {
  if (result === undefined) return { status: 'failed', error: failure.message };
  const { clusters, objective, silhouette, seconds, agreement } = result;
  return {
    status: 'done',
    clusters: clusters.asked,
    maximises: objective.name,
    value: objective.value,
    usedClusters: clusters.used,
    silhouette,
    ...(agreement && { ari: agreement.ari, accuracy: agreement.accuracy }),
    seconds,
  };
}

/** The labels of random rows, the same ones of all clusterings. */
function someOf(labels: readonly number[]): number[] {
  if (labels.length <= MOST_ROWS) return [...labels];
  return Array.from(new Random(0).permutation(labels.length, MOST_ROWS).sort(), (row) => labels[row] as number);
}

/** Ranked fits first, then failed and missing ones. `clusterings` are those of the fits that are done, in their order. */
function ranked(rows: readonly SummaryRow[], clusterings: readonly number[][]): SummaryRow[] {
  const done = rows.filter(({ status }) => status === 'done');
  const others = rows.filter(({ status }) => status !== 'done').sort((a, b) => (a.status < b.status ? -1 : 1));
  if (done.length < 2) return [...done.map((row) => ({ ...row, rank: 1 })), ...others];
  const { scores, order } = rankByConsensus(clusterings);
  const best = order.map((t, place) => ({
    ...(done[t] as SummaryRow),
    rank: place + 1,
    consensus: scores[t] as number,
  }));
  return [...best, ...others];
}

/** The rows as CSV, with a header; nothing where a value has no meaning. */
export function* csvOf(rows: readonly SummaryRow[]): Generator<string> {
  yield `${Object.keys(rows[0] as SummaryRow).join(',')}\n`;
  for (const row of rows)
    yield `${Object.values(row)
      .map((value) => (value === null ? '' : cell(`${value}`)))
      .join(',')}\n`;
}

/** The options of a fit in one line. */
export const describeChoice = ({ model, clusters, objective, kernel, epochs, restarts, seed }: Choice): string =>
  [
    model,
    ...Object.entries({ clusters, objective, kernel, epochs, restarts, seed }).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name} ${value}`],
    ),
  ].join(', ');
