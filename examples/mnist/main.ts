// Trains a network on MNIST without labels, and shows how well its clusters agree with them.

import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Objective } from 'genmi';
import { readDigits } from '../../support/digits.js';
import { loadEngine } from '../../support/engine.js';
import { createGenmiTrainer } from './genmi-trainer.js';
import { type Options, parseOptions } from './options.js';
import { createProgress } from './progress.js';
import { createObjective, type Recipe } from './recipe.js';
import { writeReport } from './report.js';
import { type Results, summarise } from './results.js';
import { createTfjsTrainer } from './tfjs-trainer.js';
import { NonFiniteError, type Trainer } from './trainer.js';

const { options, recipe } = parseOptions(process.argv);
try {
  await run(options, recipe);
} catch (error) {
  if (!(error instanceof NonFiniteError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function run(options: Options, recipe: Recipe): Promise<void> {
  const train = readDigits('train', options.samples);
  const test = readDigits('t10k', options.samples);
  const trainer = await createTrainer(options, recipe, createObjective(options.objective, train));
  if (trainer.note) console.log(trainer.note);
  const { objective, clusters, seed } = options;
  const count = train.count.toLocaleString('en');
  console.log(`${objective}, ${clusters} clusters, ${count} images, ${trainer.engine}, seed ${seed}`);

  const progress = createProgress(options.epochs, Math.ceil(train.count / options.batch));
  const interruption = interruptible();
  const { epochs, batch, full } = options;
  const { learningRate, decay } = recipe;
  const history = await trainer
    .train({
      ...{ train, test, epochs, batch, seed, learningRate },
      decay: decay && !full,
      signal: interruption.signal,
      onStep: progress.step,
      onEpoch: progress.epoch,
    })
    .finally(() => progress.stop());
  const interrupted = interruption.signal.aborted;
  interruption.end();
  if (history.epochs.length === 0) {
    console.log('Interrupted before the first result: nothing to show.');
    return;
  }

  const assigned = await trainer.predict(test);
  const results = summarise({ options, recipe, trainer, train, test, history, interrupted, clusters: assigned });
  printSummary(results, writeReport(options.out, results, test, assigned));
}

async function createTrainer(options: Options, recipe: Recipe, objective: Objective): Promise<Trainer> {
  const { engine, clusters, seed } = options;
  if (engine === 'genmi') return createGenmiTrainer(recipe, objective, clusters, seed);
  if (engine === 'tfjs-node') setUpTfjsNode();
  return createTfjsTrainer(await loadEngine(engine), objective, clusters, seed);
}

/** Installs tfjs-node into a folder of its own; the script only looks where this was done before. */
function setUpTfjsNode(): void {
  const root = dirname(createRequire(import.meta.url).resolve('genmi/package.json'));
  execFileSync(process.execPath, [join(root, 'scripts', 'setup-tfjs-node.mjs')], { stdio: 'inherit' });
}

/** Ctrl-C asks for an end after the current step; a second one ends the process at once. */
function interruptible(): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const abort = () => controller.abort();
  process.once('SIGINT', abort);
  return { signal: controller.signal, end: () => process.off('SIGINT', abort) };
}

function printSummary({ options, final, interrupted, history }: Results, page: string): void {
  const { preparation, network, objective, update } = final.seconds;
  const total = preparation + network + objective + update;
  console.log(`
${interrupted ? `Interrupted in epoch ${history.length} of ${options.epochs}. ` : ''}On test images:
  ARI            ${final.ari.toFixed(3)}
  accuracy       ${final.accuracy.toFixed(3)}
  clusters used  ${final.usedClusters} of ${options.clusters}
  objective      ${final.objective.toFixed(4)}  (${options.objective}, mean of the last epoch's mini-batches)
  seconds        ${total.toFixed(1)} of training, ${objective.toFixed(1)} of them in the objective

Open ${page} in a browser; results.json beside it has the numbers.`);
}
