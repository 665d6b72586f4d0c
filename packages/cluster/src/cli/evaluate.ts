/** `genmi-cluster evaluate`: how far clusters agree with known classes. */
import { Command } from 'commander';
import { classesOf, readTable } from '../data/index.js';
import { agreementOf } from '../run/index.js';
import { inOrderOf } from './joined.js';
import { type ReadingValues, readingOf, withReading } from './options.js';

interface EvaluateValues extends ReadingValues {
  readonly cluster: string;
  readonly label: string;
  readonly json?: boolean;
}

export function evaluateCommand(): Command {
  const command = new Command('evaluate')
    .description('how far clusters agree with known classes: in two columns of a file, or in two files')
    .argument('<clusters>', 'labels.csv, or another table with a column of clusters')
    .argument('[classes]', 'a table with a column of classes (default: the same file)')
    .requiredOption('--label <column>', 'the column of classes')
    .option('--cluster <column>', 'the column of clusters', 'cluster')
    .option('--json', 'print one JSON object');
  return withReading(command).action(evaluate);
}

async function evaluate(file: string, other: string | undefined, values: EvaluateValues): Promise<void> {
  const { cluster, label, json } = values;
  const table = await readTable(file, readingOf(values));
  const clusters = classesOf(table, cluster, 'cluster');
  const second = other === undefined ? table : await readTable(other, readingOf(values));
  const classes = classesOf(second, label);
  const agreement = agreementOf(inOrderOf(table, second, classes, table), clusters.labels);
  if (json) console.log(JSON.stringify(agreement));
  else
    for (const [name, value] of Object.entries(agreement))
      console.log(`${name.padEnd(12)} ${Number(value.toFixed(4))}`);
}
