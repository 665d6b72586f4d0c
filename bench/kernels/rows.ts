/** The rows of the tables: what is computed, and how many times faster than others it must be. */
import type { GeminiName } from 'genmi';

const precisions = ['float32', 'float64'] as const;
type Precision = (typeof precisions)[number];

/** Value and gradient from probabilities; of `mmd` with a stored rbf kernel. */
export interface ObjectiveWork {
  readonly family: 'objective';
  readonly objective: GeminiName;
  readonly n: number;
  readonly k: number;
  readonly d: number;
  readonly precision: Precision;
}

/** A stored pairwise matrix, from features. */
export interface AffinityWork {
  readonly family: 'affinity';
  readonly measure: 'rbf' | 'laplacian' | 'euclidean' | 'manhattan';
  readonly n: number;
  readonly d: number;
  readonly precision: Precision;
}

/** C = A T for a stored N x N kernel A and N x K numbers T. */
export interface ProductWork {
  readonly family: 'product';
  readonly n: number;
  readonly k: number;
  readonly precision: Precision;
}

/** Shortest paths, with making the graph from stored distances for genmi, without for others. */
export interface HopsWork {
  readonly family: 'hops';
  readonly graph: 'neighbors' | 'quantile';
  readonly neighbors: number;
  readonly n: number;
  readonly d: number;
}

/** The exact 5 % quantile of all N^2 stored distances. */
export interface QuantileWork {
  readonly family: 'quantile';
  readonly n: number;
  readonly d: number;
  readonly precision: Precision;
}

export type Work = ObjectiveWork | AffinityWork | ProductWork | HopsWork | QuantileWork;

export interface Row<W extends Work = Work> {
  readonly name: string;
  readonly work: W;
  /** Others' time over genmi's, on one thread. A limit's time is what the machine itself would take at best. */
  readonly targets: Readonly<Record<string, number>>;
  /** The row of the same work in float32: in float64 at least half of its ratios are expected. */
  readonly float32?: string;
}

const FEATURES = 50;
const NEIGHBORS = 10;

/** What is asked for against the fastest of the libraries that multiply matrices. */
export const BEST_BLAS = 'best BLAS';
export const READ_LIMIT = 'memory read limit';
export const PEAK = 'FMA peak';

/** Rows of the same work in both precisions, the targets for float32. */
function inBoth<W extends Work>(name: string, work: Omit<W, 'precision'>, targets: Row['targets'] = {}): Row[] {
  return precisions.map((precision) => ({
    name: `${name}-${precision}`,
    work: { ...work, precision } as unknown as W,
    ...(precision === 'float32' ? { targets } : { targets: {}, float32: `${name}-float32` }),
  }));
}

function objective(name: GeminiName, n: number, k: number, targets: Row['targets'] = {}): Row[] {
  const work = { family: 'objective', objective: name, n, k, d: FEATURES } as const;
  return inBoth<ObjectiveWork>(`${name}-${n}-${k}`, work, targets);
}

function affinity(measure: AffinityWork['measure'], d: number, target: number): Row[] {
  const work = { family: 'affinity', measure, n: 4000, d } as const;
  return inBoth<AffinityWork>(`${measure}-4000-${d}`, work, { 'scikit-learn': target });
}

function hops(graph: HopsWork['graph'], target: number): Row {
  const work = { family: 'hops', graph, neighbors: NEIGHBORS, n: 2000, d: FEATURES } as const;
  return { name: `hops-${graph}-2000`, work, targets: { 'scipy, given graph': target } };
}

const pointwise = ['kl_ova', 'kl_ovo', 'tv_ova', 'hellinger_ova', 'hellinger_ovo', 'chi2_ova', 'chi2_ovo'] as const;

function product(n: number, targets: Readonly<Record<number, Row['targets']>>): Row[] {
  const both = Object.entries(targets).flatMap(([k, each]) =>
    inBoth<ProductWork>(`product-${n}-${k}`, { family: 'product', n, k: Number(k) }, each),
  );
  // A large matrix is made once for all K.
  return [...both.filter(({ float32 }) => !float32), ...both.filter(({ float32 }) => float32)];
}

export const rows: readonly Row[] = [
  ...objective('mmd_ova', 1000, 10, { gemclus: 60, torch: 4 }),
  ...objective('mmd_ova', 4000, 10, { gemclus: 290, torch: 4.5 }),
  ...objective('mmd_ovo', 1000, 10, { gemclus: 7 }),
  ...objective('mmd_ovo', 4000, 10, { gemclus: 9 }),
  ...product(4000, { 10: { [BEST_BLAS]: 2.8 }, 50: { [BEST_BLAS]: 1.2 }, 200: { [BEST_BLAS]: 1.2, [PEAK]: 0.7 } }),
  ...product(16_000, {
    10: { [BEST_BLAS]: 2.8, [READ_LIMIT]: 0.6 },
    50: { [BEST_BLAS]: 1.2 },
    200: { [BEST_BLAS]: 1.2 },
  }),
  ...objective('tv_ovo', 10_000, 10, { torch: 40 }),
  ...objective('tv_ovo', 10_000, 50, { torch: 300 }),
  ...pointwise.flatMap((name) => [10, 50].flatMap((k) => objective(name, 10_000, k, { torch: 4, gemclus: 3.5 }))),
  ...affinity('rbf', 50, 5),
  ...affinity('rbf', 784, 2.3),
  ...affinity('euclidean', 50, 5),
  ...affinity('euclidean', 784, 2.3),
  ...affinity('manhattan', 50, 20),
  ...affinity('laplacian', 50, 20),
  hops('neighbors', 60),
  hops('quantile', 200),
  ...inBoth<QuantileWork>('quantile-10000', { family: 'quantile', n: 10_000, d: FEATURES }, { numpy: 12 }),
];
