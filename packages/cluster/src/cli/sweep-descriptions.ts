/** The words of `sweep`. */
import path from 'node:path';
import { type Choice, describeChoice, type Outcome, type SummaryRow } from '../sweep/index.js';

export function describeOutcome(choice: Choice, { attempts, result, failure }: Outcome): string {
  if (result === undefined) return `${describeChoice(choice)}: failed after ${attempts} attempts: ${failure.message}`;
  const { objective, clusters, seconds } = result;
  const value = objective.value === null ? '' : `${objective.name} ${Number(objective.value.toPrecision(4))}, `;
  return `${describeChoice(choice)}: ${value}${clusters.used} clusters, ${seconds} s`;
}

/** The best fits are shown up to this number. */
const MOST_SHOWN = 10;

export function describeSweep(
  fits: readonly SummaryRow[],
  { done, failed, missing }: Readonly<Record<SummaryRow['status'], number>>,
  folder: string,
  command: string | undefined,
): string {
  const digits = (value: number | null) => (value === null ? '-' : value.toFixed(3));
  const lines = fits.slice(0, Math.min(done, MOST_SHOWN)).map((row) => {
    const known = row.ari === null ? '' : `, ARI ${digits(row.ari)}`;
    const fit = describeChoice(withoutNull(row));
    return `${`${row.rank}.`.padStart(4)} ${fit}: ${row.usedClusters} clusters used, silhouette ${digits(row.silhouette)}${known}`;
  });
  const first = fits.find(({ status }) => status === 'failed');
  return [
    '',
    `${done} fits, ranked by their agreement with all others; ${failed} failed, ${missing} missing`,
    ...lines,
    ...(first ? [`failed: ${describeChoice(withoutNull(first))}: ${first.error}`] : []),
    ...(command === undefined ? [] : ['', `The model and the page of the first one: ${command}`]),
    '',
    `${path.join(folder, 'sweep.csv')} has all of them; sweep.json, and the labels of each fit in KEY.json, are beside it.`,
  ].join('\n');
}

/** The options of a row. */
const withoutNull = (row: SummaryRow) =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as unknown as Choice;
