/** `genmi-cluster explain`: rules for the clusters of any method. */
import { Command } from 'commander';
import { classesOf, readTable } from '../data/index.js';
import { failed } from '../errors.js';
import { prepare } from '../run/index.js';
import { explain } from '../trust/index.js';
import { featuresOf } from './features.js';
import { interruptible } from './interruption.js';
import { inOrderOf } from './joined.js';
import {
  type FeatureValues,
  featureOptions,
  integer,
  type ReadingValues,
  readingOf,
  withFeatures,
  withReading,
} from './options.js';

interface ExplainValues extends ReadingValues, FeatureValues {
  readonly labels: string;
  readonly cluster: string;
  readonly leaves?: number;
  readonly seed: number;
  readonly json?: boolean;
}

export function explainCommand(): Command {
  const command = new Command('explain')
    .description('a small tree of rules for the clusters of any method')
    .argument('<file>', 'the table whose rows have the clusters')
    .requiredOption('--labels <file>', 'labels.csv, or another table with a column of clusters')
    .option('--cluster <column>', 'the column of clusters', 'cluster')
    .option('--leaves <n>', 'the most leaves (default: twice the clusters)', integer(2))
    .option('--seed <n>', 'the seed of the rows that the tree is grown on', integer(-Infinity), 0)
    .option('--json', 'print one JSON object');
  return withReading(withFeatures(command)).action(explainFile);
}

async function explainFile(file: string, values: ExplainValues): Promise<void> {
  using interruption = interruptible();
  const { signal } = interruption;
  const { labels: name, cluster, leaves: maxLeaves, seed, json } = values;
  const { table, x, transformation } = await prepare(file, { ...readingOf(values), signal }, featureOptions(values));
  const labels = await readTable(name, { signal });
  const classes = inOrderOf(table, labels, classesOf(labels, cluster, 'cluster'), labels);
  const missing = classes.labels.indexOf(-1);
  if (missing !== -1) {
    throw failed('ERR_MISSING_VALUE', name, 'a cluster for each row', `none for row ${missing + 1} of ${file}`);
  }
  const { agreement, rules } = await explain(x, classes.labels, { maxLeaves, seed, signal });
  // The groups are numbered in the order of their names, which need not be numbers.
  const text = rules(featuresOf(transformation)).replaceAll(
    /cluster (\d+) \(/g,
    (_, k) => `cluster ${classes.names[k]} (`,
  );
  if (json) console.log(JSON.stringify({ agreement, rules: text }));
  else console.log(`${text}\nThe tree puts ${(100 * agreement).toFixed(1)} % of the rows into the same clusters.`);
}
