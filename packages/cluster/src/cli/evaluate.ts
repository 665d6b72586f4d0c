/** `genmi-cluster evaluate`: how far clusters agree with known classes. */
import { Command } from 'commander';
import { type Classes, classesOf, readTable, rowIdsOf, type Table } from '../data/index.js';
import { failed } from '../errors.js';
import { agreementOf } from '../run/index.js';
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
  const clusters = classesOf(table, cluster);
  const second = other === undefined ? table : await readTable(other, readingOf(values));
  const classes = classesOf(second, label);
  const agreement = agreementOf(inOrderOf(table, second, classes), clusters.labels);
  if (json) console.log(JSON.stringify(agreement));
  else
    for (const [name, value] of Object.entries(agreement))
      console.log(`${name.padEnd(12)} ${Number(value.toFixed(4))}`);
}

/** The name of the column that numbers the rows of labels.csv. */
const NUMBERED = 'row';

/** The classes in the order of the clusters' rows: by the column of ids that both tables have, else row by row. */
function inOrderOf(table: Table, other: Table, classes: Classes): Classes {
  if (table === other) return classes;
  const name = table.columns[0]?.name as string;
  if (name !== NUMBERED && other.columns.some((column) => column.name === name)) {
    const places = new Map(rowIdsOf(other, name)?.values.map((id, row) => [id, row]));
    const ids = rowIdsOf(table, name)?.values ?? [];
    return { ...classes, labels: Int32Array.from(ids, (id) => classes.labels[places.get(id) ?? -1] ?? -1) };
  }
  if (table.rows === other.rows) return classes;
  const remedy = `name files with the same rows, or with the same column of ids`;
  throw failed('ERR_COLUMN', other.source, `${table.rows} rows as in ${table.source}`, `${other.rows}`, remedy);
}
