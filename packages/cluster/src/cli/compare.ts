/** `genmi-cluster compare`: several models on one table, ranked without labels. */
import { Command } from 'commander';
import { geminiNames } from 'genmi';
import { outOfRange } from '../errors.js';
import { createModel, modelNamed, models } from '../estimators/index.js';
import { agreementOf, CLUSTERS, clustersOf, meanVariance, onRowsOf, prepare } from '../run/index.js';
import { type Candidate, compare } from '../trust/index.js';
import { describeTable } from './descriptions.js';
import { interruptible } from './interruption.js';
import {
  type FeatureValues,
  featureOptions,
  integer,
  names,
  type ReadingValues,
  readingOf,
  withFeatures,
  withReading,
} from './options.js';
import { createProgress } from './progress.js';

interface CompareValues extends ReadingValues, FeatureValues {
  readonly models: readonly string[];
  readonly objectives: readonly string[];
  readonly clusters?: readonly number[];
  readonly seed: number;
  readonly json?: boolean;
}

export function compareCommand(): Command {
  const command = new Command('compare')
    .description('several models on one table, ranked without labels: by their agreement, and by silhouettes')
    .argument('<file>', 'CSV, TSV, Parquet, Arrow, JSON lines, NPY or IDX')
    .option('--models <names>', `models, between commas, of ${models.map(({ name }) => name).join(', ')}`, names, [
      ...['kmeans', 'mixture', 'kauri', 'linear', 'mlp'],
    ])
    .option('--objectives <names>', 'objectives of the models that take one', names, ['mmd_ova'])
    .option(
      '--clusters <numbers>',
      `numbers of clusters (default: the classes of the label, else ${CLUSTERS})`,
      (text) => names(text).map(integer(1)),
    )
    .option('--seed <n>', 'the seed of all random choices', integer(-Infinity), 0)
    .option('--json', 'print one JSON array');
  return withReading(withFeatures(command)).action(compareFile);
}

async function compareFile(file: string, values: CompareValues): Promise<void> {
  using interruption = interruptible();
  const { signal } = interruption;
  const prepared = await prepare(file, { ...readingOf(values), signal }, featureOptions(values));
  const { x, classes, table } = prepared;
  const clusters = (values.clusters ?? [undefined]).map((given) => clustersOf(prepared, given));
  const candidates = candidatesOf(values, clusters, meanVariance(x));
  if (!values.json) console.log(describeTable(prepared, values.clusters));
  const progress = createProgress();
  const { onProgress } = progress;
  const fits = () => compare(x, candidates, { signal, seed: values.seed, onProgress });
  const compared = await onRowsOf(table, fits).finally(progress.stop);
  const ranked = compared.map(({ labels, agreement, ...others }) => ({
    ...others,
    ...(classes && pick(agreementOf(classes, labels))),
  }));
  console.log(values.json ? JSON.stringify(ranked) : `\n${tableOf(ranked)}`);
}

const pick = ({ ari, accuracy }: { ari: number; accuracy: number }) => ({ ari, accuracy });

function candidatesOf(values: CompareValues, numbers: readonly number[], variance: number): Candidate[] {
  const { seed } = values;
  const names = models.map(({ name }) => name);
  const [chosen, objectives] = [
    knownOf('--models', values.models, names),
    knownOf('--objectives', values.objectives, geminiNames),
  ];
  const clusters = [...new Set(numbers)];
  const candidates = clusters.flatMap((k) =>
    chosen.flatMap((model) => {
      const takes = modelNamed(model).options.includes('objective');
      return (takes ? objectives : [undefined]).map((objective) => ({
        name: [model, ...(objective ? [objective] : []), ...(clusters.length > 1 ? [`K=${k}`] : [])].join(' '),
        estimator: createModel(model, { clusters: k, seed, variance, objective }),
      }));
    }),
  );
  if (candidates.length >= 2) return candidates;
  const remedy = 'add models, objectives or numbers of clusters';
  throw outOfRange('--models', 'two or more clusterings to compare', `${candidates.length}`, remedy);
}

/** The names of an option, each once. */
function knownOf<T extends string>(option: string, given: readonly string[], known: readonly T[]): T[] {
  const unknown = given.find((name) => !(known as readonly string[]).includes(name));
  if (unknown === undefined) return [...new Set(given as readonly T[])];
  throw outOfRange(option, `names of ${known.join(', ')}`, `'${unknown}'`);
}

/** Rows of equal keys as lines with columns. */
function tableOf(rows: readonly Readonly<Record<string, string | number>>[]): string {
  const titles = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => titles.map((title) => cellOf(row[title])));
  const widths = titles.map((title, j) => Math.max(title.length, ...cells.map((line) => line[j].length)));
  return [titles, ...cells]
    .map((line) => line.map((cell, j) => (j === 0 ? cell.padEnd(widths[j]) : cell.padStart(widths[j]))).join('  '))
    .join('\n');
}

const cellOf = (value: string | number | undefined) =>
  typeof value === 'number' ? `${Number.isInteger(value) ? value : value.toFixed(3)}` : (value ?? '-');
