import { cpus } from 'node:os';
import { contingency, matchClusters, nce, purity } from 'genmi';
import type { Digits } from '../../support/digits.js';
import type { Options } from './options.js';
import type { Recipe } from './recipe.js';
import type { Agreement, EpochRecord, EpochSeconds, History, Trainer } from './trainer.js';

/** The content of results.json. Metrics are those of the test images after the last epoch, unless stated otherwise. */
export interface Results {
  readonly options: Options;
  readonly recipe: Recipe;
  readonly engine: { readonly name: string; readonly note?: string };
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  readonly images: { readonly train: number; readonly test: number };
  /** Whether Ctrl-C ended the training before its last step. */
  readonly interrupted: boolean;
  readonly final: Final;
  readonly history: readonly EpochRecord[];
  /** Counts of test images, a row for each digit, a column for each cluster. */
  readonly confusion: readonly (readonly number[])[];
  /** The digit that each cluster stands for in the accuracy; -1 for clusters that are left over. */
  readonly digitOfCluster: readonly number[];
}

export interface Final extends Agreement {
  readonly purity: number;
  readonly nce: number;
  /** Mean over the mini-batches of the last epoch. */
  readonly objective: number;
  readonly seconds: Seconds;
}

/** Seconds of the whole training, without the start: the sums over its epochs, and before them. */
export interface Seconds extends EpochSeconds {
  readonly preparation: number;
}

export interface Run {
  readonly options: Options;
  readonly recipe: Recipe;
  readonly trainer: Trainer;
  readonly train: Digits;
  readonly test: Digits;
  readonly history: History;
  readonly interrupted: boolean;
  /** `[test.count]` cluster of each test image. */
  readonly clusters: Int32Array;
}

export function summarise({ options, recipe, trainer, train, test, history, interrupted, clusters }: Run): Results {
  const { epochs, preparation } = history;
  const confusion = confusionTable(test.labels, clusters, options.clusters);
  const { ari, accuracy, usedClusters, objective } = epochs[epochs.length - 1];
  return {
    options,
    recipe,
    engine: { name: trainer.engine, ...(trainer.note && { note: trainer.note }) },
    machine: { cpu: cpus()[0]?.model.trim() ?? 'unknown', cores: cpus().length, node: process.version },
    images: { train: train.count, test: test.count },
    interrupted,
    final: {
      ...{ ari, accuracy, usedClusters, objective },
      purity: purity(test.labels, clusters),
      nce: nce(test.labels, clusters),
      seconds: { ...totalOf(epochs), preparation },
    },
    history: epochs,
    ...confusion,
  };
}

function totalOf(epochs: readonly EpochRecord[]): EpochSeconds {
  const total = (part: keyof EpochSeconds) => epochs.reduce((sum, { seconds }) => sum + seconds[part], 0);
  return {
    network: total('network'),
    objective: total('objective'),
    update: total('update'),
    evaluation: total('evaluation'),
  };
}

/** The contingency table, with columns for the last clusters too where these are empty. */
function confusionTable(labels: Uint8Array, clusters: Int32Array, count: number) {
  const table = contingency(labels, clusters);
  const [rows, columns] = table.shape;
  const confusion = Array.from({ length: rows }, (_, digit) =>
    Array.from({ length: count }, (_, k) => (k < columns ? table.data[digit * columns + k] : 0)),
  );
  const matched = matchClusters(table);
  return { confusion, digitOfCluster: Array.from({ length: count }, (_, k) => matched[k] ?? -1) };
}
