/** The rows of the tables: the work, and the ratio to each peer that is aimed at. */
import type { GeminiName } from 'genmi';

const precisions = ['float32', 'float64'] as const;
export type Precision = (typeof precisions)[number];

/** Value and gradient from probabilities; of `mmd` with an rbf kernel. */
export interface ObjectiveWork {
  readonly family: 'objective';
  readonly objective: GeminiName;
  readonly n: number;
  readonly k: number;
  readonly d: number;
  readonly precision: Precision;
  /** How the kernel is kept: stored, or evaluated from features when it is multiplied. */
  readonly storage: 'dense' | 'features';
  /** Whether the caller lends an array for the gradient; otherwise genmi makes a new one at each call. */
  readonly out: boolean;
}

/** Value and gradients of a loss on two views, n x k each: logits for IIC, embeddings for NT-Xent. */
export interface PairWork {
  readonly family: 'pair';
  readonly loss: 'iic' | 'nt-xent';
  readonly n: number;
  readonly k: number;
  readonly d: 2;
  readonly precision: Precision;
}

/** Iterations of a Dirichlet-process mixture of k diagonal components at most, from given responsibilities. */
export interface MixtureWork {
  readonly family: 'mixture';
  readonly n: number;
  readonly k: number;
  readonly d: number;
  readonly iterations: number;
}

/** A stored pairwise matrix, from features. */
export interface AffinityWork {
  readonly family: 'affinity';
  readonly measure: 'rbf' | 'laplacian' | 'euclidean' | 'manhattan';
  readonly n: number;
  readonly d: number;
  readonly precision: Precision;
}

/** C = A T for a stored N x N kernel A, rbf of points in the plane, and N x K numbers T. */
export interface ProductWork {
  readonly family: 'product';
  readonly n: number;
  readonly k: number;
  readonly d: 2;
  readonly precision: Precision;
}

/** `hops`: stored distances to hop distances, the graph included. `hop-search`: the search in a finished graph alone. */
export interface HopsWork {
  readonly family: 'hops' | 'hop-search';
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

/** Perturbed copies of n images whose sides are the root of d. */
export interface PerturbationWork {
  readonly family: 'perturbation';
  readonly map: 'affine' | 'elastic';
  readonly n: number;
  readonly d: number;
  readonly precision: 'float32';
}

/** Wasserstein distances of n pairs of digits with their duals; or 50 iterations of projections onto balls around n digits. */
export interface BallWork {
  readonly family: 'ball';
  readonly task: 'distance' | 'projection';
  readonly n: number;
  readonly d: 784;
  readonly precision: 'float64';
}

export type Work =
  | ObjectiveWork
  | PairWork
  | MixtureWork
  | PerturbationWork
  | BallWork
  | AffinityWork
  | ProductWork
  | HopsWork
  | QuantileWork;

export interface Row<W extends Work = Work> {
  readonly name: string;
  readonly work: W;
  /** Time of each peer over genmi's, on one thread. The time of a limit is the least time that the machine allows. */
  readonly targets: Readonly<Record<string, number>>;
  /** The row of the same work in float32: float64 must reach half of its ratios. */
  readonly float32?: string;
}

const FEATURES = 50;
const NEIGHBORS = 10;

/** The target against the fastest library that multiplies matrices. */
export const BEST_BLAS = 'best BLAS';
export const READ_LIMIT = 'memory read limit';
/** The least time to read the whole matrix, where genmi reads half of it: a ratio, which may exceed 1, and no share. */
export const READ_LIMIT_WHOLE = 'if all were read';
export const PEAK = 'FMA peak';

/** Two rows of the same work, one for each precision; the targets are those of float32. */
function inBoth<W extends Work>(name: string, work: Omit<W, 'precision'>, targets: Row['targets'] = {}): Row[] {
  return precisions.map((precision) => ({
    name: `${name}-${precision}`,
    work: { ...work, precision } as unknown as W,
    ...(precision === 'float32' ? { targets } : { targets: {}, float32: `${name}-float32` }),
  }));
}

const objectiveWork = (objective: GeminiName, n: number, k: number) =>
  ({ family: 'objective', objective, n, k, d: FEATURES, storage: 'dense', out: false }) as const;

function objective(name: GeminiName, n: number, k: number, targets: Row['targets'] = {}): Row[] {
  return inBoth<ObjectiveWork>(`${name}-${n}-${k}`, objectiveWork(name, n, k), targets);
}

/** The gradient goes into a lent array, which saves its fresh memory. */
function intoArray(name: GeminiName, n: number, k: number): Row {
  const work = { ...objectiveWork(name, n, k), out: true, precision: 'float32' } as const;
  return { name: `${name}-${n}-${k}-out-float32`, work, targets: {} };
}

function fromFeatures(name: GeminiName, n: number, k: number): Row {
  const work = { ...objectiveWork(name, n, k), storage: 'features', precision: 'float32' } as const;
  return { name: `${name}-${n}-${k}-features-float32`, work, targets: {} };
}

function affinity(measure: AffinityWork['measure'], d: number, target: number): Row[] {
  const work = { family: 'affinity', measure, n: 4000, d } as const;
  return inBoth<AffinityWork>(`${measure}-4000-${d}`, work, { 'scikit-learn': target });
}

function hops(graph: HopsWork['graph'], target: number): Row[] {
  return (['hops', 'hop-search'] as const).map((family) => ({
    name: `${family}-${graph}-2000`,
    work: { family, graph, neighbors: NEIGHBORS, n: 2000, d: FEATURES },
    targets: { 'scipy, given graph': target },
  }));
}

function pair(loss: PairWork['loss'], n: number, k: number, target: number): Row[] {
  return inBoth<PairWork>(`${loss}-${n}-${k}`, { family: 'pair', loss, n, k, d: 2 }, { torch: target });
}

function perturbation(map: PerturbationWork['map'], target: number): Row {
  const work = { family: 'perturbation', map, n: 256, d: 784, precision: 'float32' } as const;
  return { name: `${map}-256-28`, work, targets: { scipy: target } };
}

function ball(name: string, task: BallWork['task'], targets: Row['targets']): Row {
  return { name, work: { family: 'ball', task, n: 256, d: 784, precision: 'float64' }, targets };
}

const pointwise = ['kl_ova', 'kl_ovo', 'tv_ova', 'hellinger_ova', 'hellinger_ovo', 'chi2_ova', 'chi2_ovo'] as const;

function product(n: number, targets: Readonly<Record<number, Row['targets']>>): Row[] {
  const both = Object.entries(targets).flatMap(([k, each]) =>
    inBoth<ProductWork>(`product-${n}-${k}`, { family: 'product', n, k: Number(k), d: 2 }, each),
  );
  // Rows of one precision stand together: a large matrix is made once for all K.
  return [...both.filter(({ float32 }) => !float32), ...both.filter(({ float32 }) => float32)];
}

export const rows: readonly Row[] = [
  ...objective('mmd_ova', 1000, 10, { gemclus: 60, torch: 4 }),
  ...objective('mmd_ova', 4000, 10, { gemclus: 290, torch: 4.5 }),
  ...objective('mmd_ovo', 1000, 10, { gemclus: 7 }),
  ...objective('mmd_ovo', 4000, 10, { gemclus: 9 }),
  fromFeatures('mmd_ova', 16_000, 10),
  ...product(4000, { 10: { [BEST_BLAS]: 2.8 }, 50: { [BEST_BLAS]: 1.2 }, 200: { [BEST_BLAS]: 1.2, [PEAK]: 0.7 } }),
  ...product(16_000, {
    10: { [BEST_BLAS]: 2.8, [READ_LIMIT]: 0.6 },
    50: { [BEST_BLAS]: 1.2 },
    200: { [BEST_BLAS]: 1.2 },
  }),
  ...objective('tv_ovo', 10_000, 10, { torch: 40 }),
  ...objective('tv_ovo', 10_000, 50, { torch: 300 }),
  ...pointwise.flatMap((name) => [10, 50].flatMap((k) => objective(name, 10_000, k, { torch: 4, gemclus: 3.5 }))),
  ...[10, 50].flatMap((k) => (['tv_ovo', ...pointwise] as const).map((name) => intoArray(name, 10_000, k))),
  ...pair('iic', 700, 10, 5),
  ...pair('iic', 700, 70, 5),
  ...pair('nt-xent', 256, 128, 1.5),
  perturbation('affine', 10),
  perturbation('elastic', 10),
  {
    name: 'mixture-10000-100',
    work: { family: 'mixture', n: 10_000, k: 100, d: 10, iterations: 10 },
    targets: { 'scikit-learn': 5 },
  },
  ball('wasserstein2-256-28', 'distance', { POT: 25 }),
  ball('projection-256-28', 'projection', { torch: 5 }),
  ...affinity('rbf', 50, 5),
  ...affinity('rbf', 784, 2.3),
  ...affinity('euclidean', 50, 5),
  ...affinity('euclidean', 784, 2.3),
  ...affinity('manhattan', 50, 20),
  ...affinity('laplacian', 50, 20),
  ...hops('neighbors', 60),
  ...hops('quantile', 200),
  ...inBoth<QuantileWork>('quantile-10000', { family: 'quantile', n: 10_000, d: FEATURES }, { numpy: 12 }),
];

/** The same work on few numbers, for a smoke test. */
export function tiny(row: Row): Row {
  const { work } = row;
  if (work.family === 'ball') return { name: row.name, work: { ...work, n: 4 }, targets: {} };
  // scikit-learn wants as many samples as components.
  const n = work.family === 'mixture' ? work.k : 64;
  return { name: row.name, work: { ...work, n, d: Math.min(work.d, 8) } as Work, targets: {} };
}
