// Trains the GEMINI paper's MLP on MNIST without labels, and shows how well its clusters agree with them.

import { Affinity, type GeminiName, gemini, type Objective } from 'genmi';
import { geminiLoss } from 'genmi/tfjs';
import { type Digits, PIXELS, readDigits } from '../../support/digits.js';
import { loadEngine } from '../../support/engine.js';
import { createModel } from '../../support/model.js';
import { type Options, parseOptions } from './options.js';
import { createProgress } from './progress.js';
import { writeReport } from './report.js';
import { type Results, summarise } from './results.js';
import { NonFiniteError, predict, train } from './train.js';

const options = parseOptions(process.argv);
try {
  await run(options);
} catch (error) {
  if (!(error instanceof NonFiniteError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function run(options: Options): Promise<void> {
  const engine = await loadEngine(options.engine);
  if (engine.note) console.log(engine.note);
  const trainDigits = readDigits('train', options.samples);
  const testDigits = readDigits('t10k', options.samples);
  const count = trainDigits.count.toLocaleString('en');
  console.log(
    `${options.objective}, ${options.clusters} clusters, ${count} images, engine ${engine.name}, seed ${options.seed}`,
  );

  const { tf } = engine;
  const model = createModel(tf, options.clusters, options.seed);
  const loss = geminiLoss(tf, createObjective(options.objective, trainDigits), { from: 'logits' });
  const progress = createProgress(options.epochs, Math.ceil(trainDigits.count / options.batch));
  const interruption = interruptible();
  const history = await train({
    ...{ tf, model, loss, train: trainDigits, test: testDigits },
    ...{ epochs: options.epochs, batch: options.batch, seed: options.seed, decay: !options.full },
    signal: interruption.signal,
    onStep: progress.step,
    onEpoch: progress.epoch,
  }).finally(() => progress.stop());
  const interrupted = interruption.signal.aborted;
  interruption.end();
  if (history.length === 0) {
    console.log('Interrupted before the first step: nothing to show.');
    return;
  }

  const clusters = predict({ tf, model }, testDigits.images);
  const results = summarise({ options, engine, train: trainDigits, test: testDigits, history, interrupted, clusters });
  printSummary(results, writeReport(options.out, results, testDigits, clusters));
}

/** Makes the objective with the paper's kernel or distance; f-divergences need neither. */
function createObjective(name: GeminiName, { images, count }: Digits): Objective {
  const x = { data: images, shape: [count, PIXELS] as const };
  if (name.startsWith('mmd_')) return gemini(name, { affinity: Affinity.kernel(x, { kernel: 'linear' }) });
  if (name.startsWith('wasserstein_'))
    return gemini(name, { affinity: Affinity.distance(x, { metric: 'sqeuclidean' }) });
  return gemini(name);
}

/** Ctrl-C asks for an end after the current step; a second one ends the process at once. */
function interruptible(): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const abort = () => controller.abort();
  process.once('SIGINT', abort);
  return { signal: controller.signal, end: () => process.off('SIGINT', abort) };
}

function printSummary({ options, final, interrupted, history }: Results, page: string): void {
  const { loss, rest } = final.seconds;
  console.log(`
${interrupted ? `Interrupted in epoch ${history.length} of ${options.epochs}. ` : ''}On test images:
  ARI            ${final.ari.toFixed(3)}
  accuracy       ${final.accuracy.toFixed(3)}
  clusters used  ${final.usedClusters} of ${options.clusters}
  objective      ${final.objective.toFixed(4)}  (${options.objective}, mean of the last epoch's mini-batches)
  seconds        ${loss.toFixed(1)} in the loss, ${rest.toFixed(1)} in the rest of the training

Open ${page} in a browser; results.json beside it has the numbers.`);
}
