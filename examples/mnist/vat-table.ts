// Trains the GEMINI paper's network by each objective, without and with virtual adversarial training, and prints a table
// of the test images' clusters. Arguments: how many epochs, and how many of the training images.

import { type GeminiName, geminiNames } from 'genmi';
import { readDigits } from '../../support/digits.js';
import { createGenmiTrainer, type FindLengths, lengthsOf } from './genmi-trainer.js';
import { createObjective, recipeOf } from './recipe.js';
import type { EpochRecord } from './trainer.js';

const [epochs = 8, samples = 10_000] = process.argv.slice(2).map(Number);
const train = readDigits('train', samples);
const test = readDigits('t10k', samples);

/** The weights of virtual adversarial training in the paper's code: objectives of the geometry are larger numbers. */
function weightOf(name: GeminiName): number {
  if (name === 'mmd_ova') return 20;
  if (name === 'mmd_ovo') return 50;
  return name.startsWith('wasserstein_') ? 10 : 1;
}

/** Distances to neighbours are found once for all trainings. */
let lengths: ReturnType<FindLengths> | undefined;
const findOnce: FindLengths = (data, signal) => {
  lengths ??= lengthsOf(data, signal);
  return lengths;
};

/** The clusters of the test images after the last epoch. */
async function trainBy(name: GeminiName, vat: number): Promise<EpochRecord> {
  const recipe = { ...recipeOf(name), vat };
  const trainer = createGenmiTrainer(recipe, createObjective(name, train), 10, 0, findOnce);
  const { signal } = new AbortController();
  const callbacks = { signal, onStep: () => {}, onEpoch: () => {} };
  const history = await trainer.train({ ...recipe, ...callbacks, train, test, epochs, batch: 250, seed: 0 });
  return history.epochs[epochs - 1];
}

const cells = ({ ari, usedClusters }: EpochRecord) => `${ari.toFixed(3)} | ${usedClusters}`;

console.log('| objective | ARI | clusters | weight of VAT | ARI with VAT | clusters |\n|---|--:|--:|--:|--:|--:|');
for (const name of geminiNames) {
  if (name === 'mi') continue; // another name of kl_ova
  const weight = weightOf(name);
  const [without, withVat] = [await trainBy(name, 0), await trainBy(name, weight)];
  console.log(`| ${name} | ${cells(without)} | ${weight} | ${cells(withVat)} |`);
}
