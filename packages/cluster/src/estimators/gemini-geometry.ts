/** The affinities of objectives that know kernels or distances of the samples. */
import {
  Affinity,
  type AsyncOptions,
  type DistanceOptions,
  type GeminiName,
  type HopOptions,
  type KernelOptions,
  type Matrix,
  type Metric,
} from 'genmi';
import { checkOptions } from '../base/options.js';
import { describe, invalidType, outOfRange } from '../errors.js';
import type { KernelChoice } from './kauri.js';

/** A distance by its name, or hop distances with their options. */
export type MetricChoice = Metric | 'hops' | { readonly hops: HopOptions };

/** A kernel and a distance, of which an objective uses at most one. */
export interface Geometry {
  readonly kernel: KernelChoice;
  readonly metric: MetricChoice;
}

type Precision = 'float32' | 'float64';

export function kernelOptions(kernel: KernelChoice = 'linear'): KernelOptions {
  return typeof kernel === 'object' ? kernel : { kernel };
}

function hopOptions(metric: MetricChoice): HopOptions | undefined {
  if (metric === 'hops') return {};
  return typeof metric === 'object' ? metric.hops : undefined;
}

/** @throws RangeError ERR_OUT_OF_RANGE for an affinity over other samples */
export function checkAffinity(affinity: Affinity | undefined, n: number): void {
  if (affinity === undefined || affinity.size === n) return;
  throw outOfRange('affinity', `one over the ${n} samples of x`, `one over ${affinity.size}`);
}

/** The affinity that an objective of this name needs; undefined where it needs none. */
export async function affinityOf(
  objective: GeminiName,
  x: Matrix,
  { kernel, metric }: Geometry,
  precision: Precision,
  { signal }: Pick<AsyncOptions, 'signal'>,
): Promise<Affinity | undefined> {
  if (objective.startsWith('mmd')) return Affinity.kernelAsync(x, { ...kernelOptions(kernel), precision, signal });
  if (!objective.startsWith('wasserstein')) return undefined;
  const hops = hopOptions(metric);
  if (hops) return Affinity.hopsAsync(x, { ...hops, signal });
  return Affinity.distanceAsync(x, { metric: metric as Metric, precision, signal });
}

/** As `affinityOf`, on this thread. */
export function affinityNow(
  objective: GeminiName,
  x: Matrix,
  { kernel, metric }: Geometry,
  precision: Precision,
): Affinity | undefined {
  if (objective.startsWith('mmd')) return Affinity.kernel(x, { ...kernelOptions(kernel), precision });
  if (!objective.startsWith('wasserstein')) return undefined;
  const hops = hopOptions(metric);
  return hops
    ? Affinity.hops(x, hops)
    : Affinity.distance(x, { metric: metric as DistanceOptions['metric'], precision });
}

/** genmi knows the names and parameters of kernels and distances: a trial says what is wrong with them. */
export function checkGeometry({ kernel, metric }: Geometry): void {
  Affinity.kernel([[1], [2]], kernelOptions(kernel)).dispose();
  if (typeof metric === 'object') {
    checkOptions(metric, ['hops'], 'metric');
    if (metric.hops === undefined)
      throw invalidType('metric.hops', 'the options of hop distances', describe(undefined));
  }
  const hops = hopOptions(metric);
  if (hops === undefined) Affinity.distance([[1], [2]], { metric: metric as Metric }).dispose();
  else Affinity.hops([[1], [2], [3]], { ...hops, ...trialGraph(hops) }).dispose();
}

/** A graph of three samples, whatever the right options say: which samples are close depends on the data. */
function trialGraph({ quantile, threshold, neighbors }: HopOptions): HopOptions {
  if (typeof threshold === 'number') return { threshold: Number.isFinite(threshold) ? 9 : threshold };
  if (typeof neighbors === 'number') return { neighbors: Number.isInteger(neighbors) && neighbors > 0 ? 1 : neighbors };
  if (quantile === undefined) return { quantile: 1 };
  return { quantile: quantile >= 0 && quantile <= 1 ? 1 : quantile };
}
