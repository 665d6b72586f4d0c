/** The words of `fit`: what was found in the file, and what came of it. */
import path from 'node:path';
import { listed } from '../errors.js';
import type { Prepared } from '../run/index.js';
import type { Results } from './results.js';

/** The columns are shown up to this number. */
const MOST_COLUMNS = 40;

/** @param clusters the number of clusters that was asked for; without one it is that of the classes */
export function describeTable({ table, transformation, x, classes }: Prepared, clusters: unknown): string {
  const { report, source, rows, columns } = table;
  const { gzip, format } = report;
  const shown = columns.slice(0, MOST_COLUMNS).map(({ name, type, reason }) => {
    const skipped = transformation.skipped.find((each) => each.name === name);
    const use = skipped === undefined ? `${type}: ${reason}` : `not used: ${skipped.reason}`;
    return [name, use] as const;
  });
  const width = Math.max(...shown.map(([name]) => name.length));
  const more = columns.length > shown.length ? [`  and ${columns.length - shown.length} more columns`] : [];
  return [
    `${source}: ${count(rows, 'row')} of ${format}${gzip ? ', packed by gzip' : ''}`,
    ...[...report.notes, ...x.notes].map((note) => `  ${note}`),
    ...shown.map(([name, use]) => `  ${name.padEnd(width)}  ${use}`),
    ...more,
    `  ${count(x.shape[1], 'feature')}`,
    ...(classes ? [`  ${describeClasses(classes.names, clusters === undefined)}`] : []),
  ].join('\n');
}

function describeClasses(names: readonly string[], setClusters: boolean): string {
  const text = `${count(names.length, 'class', 'classes')} to compare with: ${listed(names)}`;
  return setClusters ? `${text}; as many clusters are looked for` : text;
}

export function describeResults(results: Results, folder: string): string {
  const { clusters, objective, certainty, silhouette, model, interrupted, seconds, data } = results;
  const sizes = clusters.sizes.map(
    (size, k) => `  cluster ${k}: ${count(size, 'row')} (${((100 * size) / data.rows).toFixed(0)} %)`,
  );
  const numbers: [name: string, value: number | null | undefined][] = [
    [objective.name, objective.value],
    ['mean certainty', certainty],
    ['mean silhouette', silhouette],
    ['ARI', results.ari],
    ['accuracy', results.accuracy],
    ['NMI', results.nmi],
    ['mean ARI between parts of the rows', results.stability?.meanAri],
  ];
  const known = numbers.filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  return [
    '',
    ...(interrupted ? [`Interrupted after ${seconds.toFixed(1)} s: the best result so far is kept.`] : []),
    `${model}: ${clusters.used} of ${count(clusters.asked, 'cluster')} used, ${seconds.toFixed(1)} s`,
    ...sizes,
    ...known.map(([name, value]) => `  ${name}: ${Number(value.toPrecision(4))}`),
    '',
    `Open ${path.join(folder, 'report.html')} in a browser; labels.csv, model.json, results.json and the command are beside it.`,
  ].join('\n');
}

const count = (n: number, one: string, many = `${one}s`) => `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
