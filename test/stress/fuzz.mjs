// Calls of all public functions, and of the addon itself, with mostly wrong arguments: each returns, or throws an error
// with a code. None crashes, hangs, or writes to memory that is not its own.
import {
  COUNT,
  chance,
  checkError,
  done,
  genmi,
  integer,
  matrix,
  native,
  normals,
  pick,
  probabilities,
  random,
} from './shared.mjs';

const { Affinity } = genmi;
const numbers = () =>
  pick([0, 1, 2, 3, 5, 0.5, -1, -0, 1e-12, 1e9, 1e300, 2 ** 31, 2 ** 32, 2 ** 53, NaN, Infinity, -Infinity, random()]);
const strange = () =>
  pick([
    undefined,
    null,
    true,
    '',
    'rbf',
    5n,
    Symbol('s'),
    {},
    [],
    [[]],
    [[1], [2, 3]],
    () => 1,
    new Date(0),
    new Map(),
    new Proxy({}, {}),
    new ArrayBuffer(8),
    new DataView(new ArrayBuffer(8)),
    new Uint8Array(4),
    new BigInt64Array(2),
    Object.create(null),
    new Float64Array(0),
    new Float32Array(new SharedArrayBuffer(16)),
    { data: new Float64Array(4), shape: [2, 2, 1] },
    numbers(),
  ]);

const affinities = [
  Affinity.kernel(matrix(6, 2), { kernel: 'rbf' }),
  Affinity.distance(matrix(6, 2), { metric: 'euclidean', storage: 'features' }),
  Affinity.distance(matrix(6, 2), { metric: 'sqeuclidean', storage: 'dense' }),
  Affinity.hops(matrix(6, 2), { neighbors: 2 }),
  Affinity.kernel(matrix(5, 3), { kernel: 'linear', storage: 'features' }),
];
const solver = new genmi.TransportSolver(affinities[2]);
const objectives = [
  genmi.kl({ mode: 'ova' }),
  genmi.mmd({ mode: 'ovo', affinity: affinities[0] }),
  genmi.wasserstein({ mode: 'ovo', affinity: affinities[2], warmStart: true }),
  genmi.wasserstein({ mode: 'ova', affinity: affinities[1], pairs: undefined }),
];

const size = () => pick([0, 1, 2, 5, 6, 6, 6, 7]);
const someMatrix = () => {
  if (chance(0.25)) return strange();
  const made = chance(0.5) ? matrix(size(), size()) : probabilities(6, integer(1, 4));
  if (made.data.length > 0 && chance(0.2)) made.data[integer(0, made.data.length - 1)] = numbers();
  if (chance(0.1))
    return Array.from({ length: made.shape[0] }, (_, i) =>
      Array.from(made.data.slice(i * made.shape[1], (i + 1) * made.shape[1])),
    );
  return made;
};
const weights = () => (chance(0.3) ? strange() : pick([Float32Array, Float64Array]).from(normals(size()), Math.abs));
const someAffinity = () => (chance(0.2) ? strange() : pick(affinities));
const someObjective = () => (chance(0.15) ? strange() : pick(objectives));
const value = () =>
  pick([
    numbers,
    strange,
    () =>
      pick(['euclidean', 'cosine', 'rbf', 'dense', 'features', 'float32', 'logits', 'mask', 'ova', 'ovo', 'median']),
  ])();
const NAMES = [
  'kernel',
  'metric',
  'gamma',
  'degree',
  'coef0',
  'storage',
  'precision',
  'quantile',
  'neighbors',
  'threshold',
  'disconnected',
  'mode',
  'affinity',
  'from',
  'clip',
  'epsilon',
  'rows',
  'out',
  'plan',
  'maxPivots',
  'warmStart',
  'threads',
  'pairs',
  'seed',
  'squared',
  'f',
  'alpha',
  'of',
  'more',
];
function options(base = {}) {
  if (chance(0.08)) return strange();
  const made = { ...base };
  for (let i = integer(0, 2); i > 0; i--) made[pick(NAMES)] = value();
  return made;
}
const rows = () =>
  pick([
    undefined,
    undefined,
    [0, 1, 2],
    Int32Array.of(5, 5, 5),
    Int32Array.of(0, 1, 2, 3, 4, 5),
    Int32Array.of(-1),
    [2 ** 31],
    strange(),
  ]);
const evaluation = () => options({ from: pick([undefined, 'logits', 'probabilities']), rows: rows() });

const publicCalls = {
  kernel: () =>
    Affinity.kernel(
      someMatrix(),
      options({ kernel: pick(['rbf', 'linear', 'polynomial', 'cosine', 'chi2', 'laplacian', 'sigmoid', value()]) }),
    ),
  distance: () =>
    Affinity.distance(someMatrix(), options({ metric: pick(['euclidean', 'l1', 'chebyshev', 'cosine', value()]) })),
  hops: () =>
    Affinity.hops(
      chance(0.5) ? someMatrix() : someAffinity(),
      options({ [pick(['quantile', 'neighbors', 'threshold'])]: numbers() }),
    ),
  precomputed: () => Affinity.precomputed(someMatrix(), pick(['kernel', 'distance', value()]), options()),
  rows: () => pick(affinities).rows(rows()),
  value: () => pick(objectives).value(someMatrix(), evaluation()),
  valueAndGrad: () => pick(objectives).valueAndGrad(someMatrix(), evaluation()),
  affinityGrad: () => pick(objectives.slice(1)).affinityGrad(someMatrix(), evaluation()),
  estimate: () => pick(objectives).estimate(pick([1, 3, 6, numbers(), value()]), pick([1, 2, numbers()])),
  mmd: () => genmi.mmd(options({ mode: pick(['ova', 'ovo']), affinity: someAffinity() })),
  wasserstein: () =>
    genmi.wasserstein(
      options({ mode: pick(['ova', 'ovo']), affinity: someAffinity(), pairs: pick([undefined, 2, [[0, 1]], value()]) }),
    ),
  fDivergence: () => genmi.fDivergence(options({ mode: pick(['ova', 'ovo']), f: pick(['kl', 'tv', 'js', value()]) })),
  add: () => genmi.add(someObjective(), someObjective()),
  scale: () => genmi.scale(someObjective(), numbers()),
  emd: () => genmi.emd(weights(), weights(), someMatrix(), options({ plan: pick([true, false]) })),
  solve: () => solver.solve(weights(), weights(), options()),
  solveMany: () =>
    solver.solveMany(someMatrix(), chance(0.5) ? someMatrix() : weights(), options({ warmStart: pick([true, false]) })),
  solver: () => new genmi.TransportSolver(someAffinity(), options()),
  gemini: () =>
    genmi.gemini(
      pick(['mmd_ova', 'kl_ova', 'wasserstein_ovo', value()]),
      chance(0.5) ? options({ affinity: someAffinity() }) : undefined,
    ),
  ari: () => genmi.adjustedRandIndex?.([0, 1, value()], [0, 1, 1]),
  config: () =>
    genmi.config(
      pick([
        { threads: 2 },
        { threads: 'auto' },
        { isa: 'auto' },
        { device: value() },
        { threads: pick([0, -1, 'many', 1e9]) },
      ]),
    ),
};

// The addon checks all arguments again, after TypeScript.
const raw = { affinities: [], objectives: [], solvers: [] };
const data = () =>
  chance(0.2) ? strange() : pick([Float32Array, Float64Array]).from(normals(pick([0, 1, 4, 6, 12, 12, 12, 36])));
const count = () => pick([0, 1, 2, 6, 6, 6, numbers(), value()]);
const object = (list) => (chance(0.25) || list.length === 0 ? strange() : pick(list));
const keep = (list, made) => {
  if (list.length > 20) list.shift();
  list.push(made);
};
const measure = () => ({
  kind: pick(['kernel', 'distance', value()]),
  name: pick(['rbf', 'euclidean', 'linear', 'manhattan', value()]),
  storage: pick(['dense', 'features']),
  precision: pick(['float32', 'float64']),
  gamma: pick([undefined, numbers()]),
});
const evaluated = () => [
  data(),
  count(),
  count(),
  value(),
  value(),
  pick([1e-12, numbers()]),
  pick([null, Int32Array.of(0, 1, 2), Int32Array.of(9), strange()]),
];
const rawCalls = {
  measure: () => keep(raw.affinities, native.measure(data(), count(), count(), chance(0.1) ? strange() : measure())),
  right: () =>
    keep(
      raw.affinities,
      native.measure(matrix(6, 2).data, 6, 2, {
        kind: 'distance',
        name: 'euclidean',
        storage: 'dense',
        precision: 'float64',
      }),
    ),
  hops: () => native.hops(object(raw.affinities), chance(0.1) ? strange() : { neighbors: numbers() }),
  featureHops: () => native.featureHops(data(), count(), count(), measure(), { quantile: numbers() }),
  precomputed: () => native.precomputed(data(), count(), count(), chance(0.1) ? strange() : measure()),
  objective: () =>
    keep(
      raw.objectives,
      new native.Objective(
        pick(['mmd', 'wasserstein', 'f-divergence', 'sum', value()]),
        chance(0.1)
          ? strange()
          : {
              mode: pick(['ova', 'ovo']),
              affinity: object(raw.affinities),
              f: 'kl',
              pairs: numbers(),
              seed: numbers(),
            },
      ),
    ),
  evaluate: () => object(raw.objectives)?.evaluate?.(...evaluated(), pick([null, data()])),
  affinityGradient: () => object(raw.objectives)?.affinityGradient?.(...evaluated(), data()),
  cost: () => object(raw.objectives)?.cost?.(count(), count()),
  solver: () =>
    keep(
      raw.solvers,
      chance(0.5) ? new native.Solver(object(raw.affinities)) : new native.Solver(data(), count(), count()),
    ),
  solve: () =>
    object(raw.solvers)?.solveMany?.(
      data(),
      data(),
      count(),
      value(),
      chance(0.1) ? strange() : { plan: chance(0.5), warmStart: chance(0.5) },
    ),
  submatrix: () => object(raw.affinities)?.submatrix?.(pick([null, Int32Array.of(0, 1), strange()]), data()),
  dispose: () => object(chance(0.5) ? raw.affinities : raw.solvers)?.dispose?.(),
  borrowed: () => pick(raw.objectives)?.evaluate.call(strange(), ...evaluated(), null),
  threads: () => {
    try {
      native.settings(undefined, count());
    } finally {
      native.settings(undefined, 2);
    }
  },
};

let failed = 0;
const names = {
  ...Object.fromEntries(Object.entries(publicCalls)),
  ...Object.fromEntries(Object.entries(rawCalls).map(([name, call]) => [`native.${name}`, call])),
};
for (let i = 0; i < COUNT; i++) {
  const name = pick(Object.keys(names));
  try {
    names[name]();
  } catch (error) {
    failed += 1;
    // V8's own error for a method that is lent to another object.
    if (error?.message !== 'Illegal invocation') checkError(error, name);
  }
  if (i % 200 === 0) await new Promise((resolve) => setImmediate(resolve));
}
genmi.config({ threads: 'auto' });
done(`${COUNT} calls, of which ${failed} failed with an error of genmi`);
