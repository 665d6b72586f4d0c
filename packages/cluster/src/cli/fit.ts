/** `genmi-cluster fit`: clusters of the rows of a file, kept in the folder of a run. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { Command, Option } from 'commander';
import { geminiNames, kernels } from 'genmi';
import { rowIdsOf } from '../data/index.js';
import { createModel, defaultModel, models } from '../estimators/index.js';
import { renderPage } from '../page/index.js';
import { CLUSTERS, fitTable, modelJson, modelOptions, prepare, RunFolder, silhouettesOfSome } from '../run/index.js';
import { stability } from '../trust/index.js';
import { commandOf } from './command-line.js';
import { describeResults, describeTable } from './descriptions.js';
import type { FittedFile, FitValues } from './fitted-file.js';
import { type Interruption, interruptible } from './interruption.js';
import { featureOptions, integer, readingOf, withFeatures, withReading } from './options.js';
import { createProgress } from './progress.js';
import { pageInputOf } from './report.js';
import { type Results, resultsOf } from './results.js';

export function fitCommand(): Command {
  const list = models.map(({ name, description }) => `${name}: ${description}`).join('; ');
  const defaults = 'mixture, kmeans for a large table, mlp with --objective, --kernel or --epochs';
  const command = new Command('fit')
    .description('clusters of the rows of a file, kept in a folder')
    .argument('<file>', 'CSV, TSV, Parquet, Arrow, JSON lines, NPY or IDX')
    .option(
      '--clusters <k>',
      `the number of clusters, for some models the largest one (default: the classes of the label, else ${CLUSTERS})`,
      integer(1),
    )
    .addOption(new Option('--model <name>', `${list} (default: ${defaults})`).choices(models.map(({ name }) => name)))
    .addOption(new Option('--objective <name>', 'the objective of a model that takes one').choices(geminiNames))
    .addOption(new Option('--kernel <name>', 'the kernel of mmd objectives and of kauri').choices(kernels))
    .option('--epochs <n>', 'passes over the data', integer(1))
    .option('--restarts <n>', 'fits from different starts, of which the best is kept', integer(1))
    .option('--seed <n>', 'the seed of all random choices', integer(-Infinity), 0)
    .option(
      '--stability <runs>',
      'also fit parts of the rows this often: how surely the clusters come back',
      integer(2),
    )
    .option('--resume', 'networks: keep a checkpoint in the folder, and go on from one that a killed fit has left')
    .option('--id <column>', 'the column that names the rows (default: found)')
    .option('--out <folder>', 'the folder of the run', 'run')
    .option('--json', 'print the results as one JSON object');
  return withReading(withFeatures(command)).action(fit);
}

async function fit(file: string, values: FitValues): Promise<void> {
  // What is wrong with the options shows before a large file is read.
  createModel(values.model ?? defaultModel(1, 1, values), modelOptions(values, values.clusters ?? 2));
  using interruption = interruptible();
  const folder = await RunFolder.open(values.out);
  let results: Results;
  try {
    const fitted = await fitFile(file, values, interruption);
    const done = { ...fitted, ...(await stabilityOf(fitted, interruption)) };
    const silhouettes = silhouettesOfSome(done.x, done.assigned.labels, values.seed);
    results = resultsOf(done, silhouettes);
    await save(folder, done, results);
    await folder.write('report.html', renderPage(await pageInputOf(done, results, silhouettes)));
    await folder.keep();
    // A fit that Ctrl-C ended can go on another time.
    if (values.resume && !done.interrupted) await rm(checkpointOf(values), { force: true });
  } catch (error) {
    await folder.discard();
    throw error;
  }
  console.log(values.json ? JSON.stringify(results) : describeResults(results, folder.path));
  if (results.interrupted) process.exitCode = 1;
}

async function fitFile(file: string, values: FitValues, { signal }: Interruption): Promise<FittedFile> {
  const prepared = await prepare(file, { ...readingOf(values), signal }, featureOptions(values));
  if (values.id !== undefined) rowIdsOf(prepared.table, values.id); // refuses a wrong one before a long fit
  if (!values.json) console.log(describeTable(prepared, values.clusters));
  const progress = createProgress();
  try {
    const { onProgress } = progress;
    const resumption = values.resume ? { checkpoint: checkpointOf(values), resume: true } : {};
    return { file, values, ...(await fitTable(prepared, values, { stop: signal, onProgress, ...resumption })) };
  } finally {
    progress.stop();
  }
}

/** The stability of the clusters, where it was asked for; none after Ctrl-C, which keeps the fit. */
async function stabilityOf(
  { model, options, x, values, interrupted }: FittedFile,
  { signal }: Interruption,
): Promise<Pick<FittedFile, 'stability'>> {
  const { stability: runs, seed: first } = values;
  if (runs === undefined || interrupted) return {};
  const progress = createProgress();
  try {
    const make = (seed: number) => createModel(model, { ...options, seed });
    return { stability: await stability(x, make, { runs, seed: first, signal, onProgress: progress.onProgress }) };
  } catch (error) {
    if (!signal.aborted) throw error;
    return {};
  } finally {
    progress.stop();
  }
}

const checkpointOf = ({ out }: FitValues) => path.join(out, 'checkpoint.json');

async function save(folder: RunFolder, done: FittedFile, results: Results): Promise<void> {
  const { values, table, transformation, estimator, assigned } = done;
  const ids = rowIdsOf(table, values.id);
  const model = {
    reading: readingOf(values),
    ...(ids && { id: ids.name }),
    transformation,
    estimator: estimator.save(),
  };
  const { labels: clusters, certainty: probabilities } = assigned;
  await folder.writeLabels({ ...(ids && { ids }), clusters, probabilities });
  await folder.write('model.json', modelJson(model));
  await folder.writeResults({ ...results });
  await folder.write('command.txt', [`${commandOf(done)}\n`]);
}
