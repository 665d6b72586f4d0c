import { cpus } from 'node:os';
import { contingency, matchClusters, nce, purity } from 'genmi';
import type { Digits } from '../../support/digits.js';
import type { Engine } from '../../support/engine.js';
import type { Options } from './options.js';
import type { EpochRecord } from './train.js';

/** The content of results.json. Metrics are those of the test images after the last epoch, unless stated otherwise. */
export interface Results {
  readonly options: Options;
  readonly engine: { readonly name: string; readonly tfjs: string; readonly note?: string };
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

export interface Final {
  readonly ari: number;
  readonly accuracy: number;
  readonly purity: number;
  readonly nce: number;
  readonly usedClusters: number;
  /** Mean over the mini-batches of the last epoch. */
  readonly objective: number;
  /** ARI of the predictions made while training, in the last epoch. */
  readonly trainAri: number;
  /** Seconds of the whole training, without evaluations and the start. */
  readonly seconds: { readonly loss: number; readonly rest: number };
}

export interface Run {
  readonly options: Options;
  readonly engine: Engine;
  readonly train: Digits;
  readonly test: Digits;
  readonly history: readonly EpochRecord[];
  readonly interrupted: boolean;
  /** `[test.count]` cluster of each test image. */
  readonly clusters: Int32Array;
}

export function summarise({ options, engine, train, test, history, interrupted, clusters }: Run): Results {
  const confusion = confusionTable(test.labels, clusters, options.clusters);
  const last = history[history.length - 1];
  const total = (part: 'loss' | 'rest') => history.reduce((seconds, epoch) => seconds + epoch.seconds[part], 0);
  return {
    options,
    engine: { name: engine.name, tfjs: engine.tf.version_core, ...(engine.note && { note: engine.note }) },
    machine: { cpu: cpus()[0]?.model.trim() ?? 'unknown', cores: cpus().length, node: process.version },
    images: { train: train.count, test: test.count },
    interrupted,
    final: {
      ari: last.ari,
      accuracy: last.accuracy,
      purity: purity(test.labels, clusters),
      nce: nce(test.labels, clusters),
      usedClusters: last.usedClusters,
      objective: -last.loss,
      trainAri: last.trainAri,
      seconds: { loss: total('loss'), rest: total('rest') },
    },
    history,
    ...confusion,
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
