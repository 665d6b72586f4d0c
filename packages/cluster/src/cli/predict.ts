/** `genmi-cluster predict`: the clusters of the rows of another file. */
import { realpath } from 'node:fs/promises';
import { Command } from 'commander';
import { readTable, rowIdsOf, transform, typesOf } from '../data/index.js';
import { outOfRange } from '../errors.js';
import { loadModel } from '../estimators/index.js';
import { assign, readModel, writeLabels } from '../run/index.js';
import { within } from './errors.js';
import { interruptible } from './interruption.js';
import { type ReadingValues, readingOf, withReading } from './options.js';

interface PredictValues extends ReadingValues {
  readonly model: string;
  readonly out: string;
  readonly json?: boolean;
}

export function predictCommand(): Command {
  const command = new Command('predict')
    .description('the clusters of the rows of a file, by the model of a run')
    .argument('<file>', 'a table with the columns that the model was fitted to')
    .requiredOption('--model <folder>', 'the folder of a run')
    .option('--out <file>', 'the file of the clusters', 'clusters.csv')
    .option('--json', 'print one JSON object');
  return withReading(command).action(predict);
}

async function predict(file: string, { model: place, out, json, ...values }: PredictValues): Promise<void> {
  using interruption = interruptible();
  await checkDifferent(file, out);
  const { file: modelFile, model } = await readModel(place);
  const { reading, id, transformation, estimator: saved } = model;
  const estimator = within(modelFile, () => loadModel(saved));
  const knownTypes = within(modelFile, () => typesOf(transformation));
  const { signal } = interruption;
  const table = await readTable(file, { ...reading, ...readingOf(values), knownTypes, signal });
  const x = transform(transformation, table);
  const { labels, certainty, sizes } = within(file, () => assign(estimator, x));
  const hasId = id !== undefined && table.columns.some(({ name }) => name === id);
  const ids = hasId ? rowIdsOf(table, id) : undefined;
  await writeLabels(out, { ...(ids && { ids }), clusters: labels, probabilities: certainty });
  if (json) console.log(JSON.stringify({ file, rows: table.rows, out, sizes, notes: x.notes }));
  else console.log([...x.notes, `${out}: the clusters of ${table.rows} rows of ${file}`].join('\n'));
}

/** Refuses to write over the data. */
async function checkDifferent(file: string, out: string): Promise<void> {
  const [data, written] = await Promise.all([file, out].map((name) => realpath(name).catch(() => undefined)));
  if (data !== undefined && data === written) throw outOfRange('--out', 'another file than the data', out);
}
