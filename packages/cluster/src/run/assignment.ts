/** The clusters of rows, and how certain they are. */
import type { Matrix } from 'genmi';
import { countUpTo } from '../base/labels.js';
import type { Estimator } from '../estimators/index.js';

export interface Assigned {
  /** `[N]` the cluster of each row. */
  readonly labels: Int32Array;
  /** `[N]` the probability of that cluster, in [0, 1]; 1 of a model of hard clusters. */
  readonly certainty: Float64Array;
  /** The number of rows of each cluster; 0 for an empty one. */
  readonly sizes: readonly number[];
  /** Whether the model has probabilities. */
  readonly soft: boolean;
}

export function assign(estimator: Estimator, x: Matrix): Assigned {
  const labels = estimator.predict(x);
  const probabilities = estimator.predictProba?.(x);
  const k = probabilities?.shape[1] ?? countUpTo(labels);
  const certainty = Float64Array.from(labels, (label, i) => probabilities?.data[i * k + label] ?? 1);
  const sizes = new Array<number>(k).fill(0);
  for (const label of labels) sizes[label] = (sizes[label] as number) + 1;
  return { labels, certainty, sizes, soft: probabilities !== undefined };
}
