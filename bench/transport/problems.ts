import type { Matrix } from 'genmi';
import { CLUSTERS } from './rows.js';

/** One-vs-all or one-vs-one: the transport problems of one evaluation of the objective. */
export type SetName = 'ova' | 'ovo';

/** One cluster, whose mass moves to the uniform measure; or two clusters, where the mass of the first moves to the second. */
export type Problem = readonly [number] | readonly [number, number];

const clusters = Array.from({ length: CLUSTERS }, (_, cluster) => cluster);

export const problemSets: Record<SetName, readonly Problem[]> = {
  ova: clusters.map((a) => [a]),
  ovo: clusters.flatMap((a) => clusters.slice(a + 1).map((b): Problem => [a, b])),
};

/** Arguments of `TransportSolver.solveMany`: a row for each problem. */
export interface Measures {
  readonly P: Matrix<Float64Array>;
  readonly Q: Matrix<Float64Array>;
}

/** @param predictions `[n, CLUSTERS]` of one step */
export function measuresOf(problems: readonly Problem[], predictions: Float64Array): Measures {
  const n = predictions.length / CLUSTERS;
  const measures = clusters.map((cluster) =>
    normalised(Float64Array.from({ length: n }, (_, i) => predictions[i * CLUSTERS + cluster])),
  );
  const uniform = normalised(new Float64Array(n).fill(1));
  return {
    P: stack(problems.map(([a]) => measures[a])),
    Q: stack(problems.map(([, b]) => (b === undefined ? uniform : measures[b]))),
  };
}

function normalised(weights: Float64Array): Float64Array {
  const mass = weights.reduce((sum, weight) => sum + weight);
  return weights.map((weight) => weight / mass);
}

function stack(vectors: readonly Float64Array[]): Matrix<Float64Array> {
  const columns = vectors[0].length;
  const data = new Float64Array(vectors.length * columns);
  for (const [i, vector] of vectors.entries()) data.set(vector, i * columns);
  return { data, shape: [vectors.length, columns] };
}

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Indices of a few problems, evenly spaced in the set, other ones in each repetition; all indices if the set has no more. */
export function evenlySpaced(count: number, limit: number, repetition: number): number[] {
  const chosen = Math.min(count, limit);
  const offset = (0.5 + repetition * GOLDEN) % 1;
  return Array.from({ length: chosen }, (_, i) => Math.floor(((i + offset) * count) / chosen));
}
