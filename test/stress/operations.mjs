// Operations of every kind, each once: limits.mjs and leaks.mjs try all of them.
import { genmi, matrix, native, networks, probabilities } from './shared.mjs';

const { Affinity } = genmi;
const { Network, adam, train } = networks;

/** @param n samples: with some thousands an operation takes hundreds of megabytes */
export function operations(n) {
  const lazily = (make) => {
    let made;
    return () => (made ??= make());
  };
  const x = lazily(() => matrix(n, 4, Float64Array));
  const z = lazily(() => probabilities(n, 4, Float64Array));
  const positive = lazily(() => ({ data: x().data.map(Math.abs), shape: [n, 4] }));
  const lent = lazily(() => new Float64Array(4 * n));
  const distance = lazily(() => Affinity.distance(x(), { metric: 'euclidean', storage: 'features' }));
  const stored = lazily(() => Affinity.distance(x(), { metric: 'sqeuclidean', storage: 'dense' }));
  const kernel = lazily(() => Affinity.kernel(x(), { kernel: 'rbf', storage: 'features' }));
  const dense = lazily(() => Affinity.kernel(x(), { kernel: 'rbf', storage: 'dense' }));
  const square = lazily(() => ({ data: new Float64Array(n * n), shape: [n, n] }));
  const uniform = lazily(() => new Float64Array(n).fill(1 / n));
  const solver = lazily(() => new genmi.TransportSolver(stored()));
  const objective = (make) => {
    const made = lazily(make);
    return {
      value: () => made().value(z()),
      valueAndGrad: () => made().valueAndGrad(z()),
      valueAndGradAsync: () => made().valueAndGradAsync(z()),
      estimate: () => made().estimate(n, 4),
      wrong: () => made().value([[Number.NaN]]),
    };
  };
  const objectives = {
    kl: objective(() => genmi.kl({ mode: 'ovo' })),
    symmetricChi2: objective(() => genmi.fDivergence({ mode: 'ova', f: 'symmetric-chi2' })),
    js: objective(() => genmi.fDivergence({ mode: 'ovo', f: 'js' })),
    entropy: objective(() => genmi.entropy({ of: 'proportions' })),
    mmd: objective(() => genmi.mmd({ mode: 'ova', affinity: kernel() })),
    mmdDense: objective(() => genmi.mmd({ mode: 'ovo', affinity: dense() })),
    energy: objective(() => genmi.energy({ mode: 'ovo', affinity: distance() })),
    wasserstein: objective(() => genmi.wasserstein({ mode: 'ova', affinity: distance() })),
    wassersteinWarm: objective(() => genmi.wasserstein({ mode: 'ovo', affinity: stored(), warmStart: true })),
    sum: objective(() =>
      genmi.add(genmi.kl({ mode: 'ova' }), genmi.scale(genmi.mmd({ mode: 'ova', affinity: kernel() }), 2)),
    ),
  };
  const mlp = lazily(() => Network.dense({ inputs: 4, layers: [{ width: 8, batchNormalization: true }], outputs: 4 }));
  const rule = lazily(() => adam());
  const training = (changed) => () =>
    train(mlp(), { data: x(), objective: genmi.kl({ mode: 'ova' }), epochs: 2, batchSize: 512, ...changed });
  const made = (make) => async () => (await make()).dispose();
  return {
    kernel: made(() => Affinity.kernel(x(), { kernel: 'rbf', storage: 'dense' })),
    kernelDropped: () => Affinity.kernel(x(), { kernel: 'rbf', storage: 'dense' }),
    kernelAsync: made(() => Affinity.kernelAsync(x(), { kernel: 'laplacian', gamma: 'median', storage: 'dense' })),
    linear: made(() => Affinity.kernel(x(), { kernel: 'linear', storage: 'features' })),
    distance: made(() => Affinity.distance(x(), { metric: 'manhattan', storage: 'dense' })),
    canberra: made(() => Affinity.distance(x(), { metric: 'canberra', storage: 'dense' })),
    braycurtis: made(() => Affinity.distance(positive(), { metric: 'braycurtis', storage: 'dense' })),
    distanceAsync: made(() => Affinity.distanceAsync(x(), { metric: 'cosine', storage: 'dense' })),
    hops: made(() => Affinity.hops(x(), { neighbors: 2 })),
    hopsAsync: made(() => Affinity.hopsAsync(x(), { neighbors: 2 })),
    hopsOfAffinity: made(() => Affinity.hops(distance(), { quantile: 0.5 })),
    precomputed: made(() => Affinity.precomputed(square(), 'distance')),
    precomputedAsync: made(() => Affinity.precomputedAsync(square(), 'kernel', { precision: 'float32' })),
    rows: () => dense().rows([0, 1, 2]),
    toMatrix: () => kernel().toMatrix(),
    wrongRows: () => dense().rows([-1]),
    mmdAffinityGrad: () => genmi.mmd({ mode: 'ova', affinity: kernel() }).affinityGrad(z()),
    wassersteinAffinityGrad: () => genmi.wasserstein({ mode: 'ova', affinity: distance() }).affinityGrad(z()),
    solver: made(() => new genmi.TransportSolver(distance())),
    solverOfCosts: made(() => new genmi.TransportSolver(square())),
    solverDropped: () => new genmi.TransportSolver(stored()),
    solve: () => solver().solve(uniform(), uniform(), { plan: true }),
    solveMany: () => solver().solveMany(weights(n, 3), uniform(), { warmStart: true }),
    solveManyAsync: () => solver().solveManyAsync(weights(n, 3), uniform(), { plan: true }),
    solveWithoutPotentials: () => solver().solve(uniform(), uniform(), { potentials: false }),
    emdWithoutPotentials: () => genmi.emd(uniform(), uniform(), square(), { potentials: false, plan: true }),
    valueAndGradAsyncInto: () => genmi.kl({ mode: 'ova' }).valueAndGradAsync(z(), { out: lent() }),
    emd: () => genmi.emd(uniform(), uniform(), square()),
    wrongEmd: () => genmi.emd(uniform(), uniform(), [[1]]),
    job: () => new native.Job(),
    objectiveDropped: () => genmi.mmd({ mode: 'ova', affinity: kernel() }),
    aborted: async () => {
      const controller = new AbortController();
      const call = genmi.kl({ mode: 'ova' }).valueAsync(z(), { signal: controller.signal });
      controller.abort();
      return call.catch(() => {});
    },
    network: made(() => Network.lassoNet({ inputs: n, layers: [{ width: 8 }], outputs: 4 })),
    networkDropped: () => Network.table({ samples: n, outputs: 4 }),
    predict: () => mlp().predict(x()),
    predictAsync: () => mlp().predictAsync(x()),
    stepByHand: () => {
      mlp().backward(mlp().forward(x()), { input: true });
      rule().step(mlp());
    },
    parameters: () => mlp().load(mlp().parameters()),
    train: training({}),
    trainAdversarially: training({ vat: { epsilon: 'neighbours' }, penalty: { l2: 0.01 } }),
    trainAgain: async () => training({ resume: (await training({ onEpoch: () => false })()).snapshot() })(),
    trainAborted: training({ signal: AbortSignal.abort() }),
    wrongTrain: training({ data: [[1, 2]] }),
    neighborLengths: () => networks.neighborLengths(x()),
    info: () => genmi.info().isa,
    ...Object.fromEntries(
      Object.entries(objectives).flatMap(([name, calls]) =>
        Object.entries(calls).map(([call, run]) => [`${name}.${call}`, run]),
      ),
    ),
  };
}

// Weights of a few problems, each with a total of 1.
function weights(n, problems) {
  const { data } = probabilities(n, problems, Float64Array);
  const rows = new Float64Array(n * problems);
  for (let p = 0; p < problems; p++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += data[i * problems + p];
    for (let i = 0; i < n; i++) rows[p * n + i] = data[i * problems + p] / sum;
  }
  return { data: rows, shape: [problems, n] };
}

export const failsOnPurpose = (name) => /^wrong|\.wrong$/.test(name);
