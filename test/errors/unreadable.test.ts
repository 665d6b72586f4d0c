/** Values that cannot be read, or lie, in the place of every argument, and of every value inside of one. */
import { describe, expect, it } from 'vitest';
import * as genmi from '../../src/index.js';
import * as mixtures from '../../src/mixtures/index.js';
import * as networks from '../../src/networks/index.js';
import * as perturbations from '../../src/perturbations/index.js';
import { geminiLoss, pairLoss, rowIndices } from '../../src/tfjs/index.js';
import { rejectionOf } from '../support/errors.js';
import { distance, kernel, type Loose, tau, x } from '../support/wrong-inputs.js';

const { Affinity } = genmi;
const nested = [
  [0.5, 0.5],
  [0.2, 0.8],
];
const square = { data: Float64Array.of(0, 1, 1, 0), shape: [2, 2] };
const definite = { data: Float64Array.of(2, 1, 1, 2), shape: [2, 2] };
const tensor = { data: Float32Array.of(0, 1, 1, 0), dims: [2, 2], type: 'float32', location: 'cpu' };
const kl = genmi.kl({ mode: 'ova' });
const mmd = genmi.mmd({ mode: 'ova', affinity: kernel });
const pairs = genmi.iic();
const solver = new genmi.TransportSolver(square as Loose);
const rows = [0, 1, 2, 3, 4, 5, 6, 7];
const evaluate = () => ({ from: 'logits', rows: rows, clip: 'mask', epsilon: 1e-9, out: new Float64Array(24) });
const { signal } = new AbortController();

const { Network } = networks;
const network = () => Network.dense({ inputs: 2, layers: [{ width: 3 }], outputs: 2 });
const reader = network();
const bytes = { data: Uint8Array.of(1, 2, 3, 4), shape: [2, 2], scale: 0.5, offset: 1 };
const training = () => ({
  data: nested,
  objective: kl,
  epochs: 1,
  batchSize: 1,
  optimizer: networks.adam(),
  penalty: { l2: 0.1, groupLasso: { alpha: 0.1, groups: [[0]] } },
  vat: { weight: 1, epsilon: [1, 1], xi: 10, power: 1, normalization: 'exact' },
  seed: 1,
  threads: 1,
  signal,
  onEpoch: () => {},
  onProgress: () => {},
  resume: undefined,
});
const snapshot = (await networks.train(network(), { data: nested, objective: kl, epochs: 1 })).snapshot();

const mixture = await new mixtures.DirichletProcessMixture({ truncation: 2 }).fit(nested);

/** As much of TensorFlow.js as a loss without a gradient needs. Its objects are replaced as a whole. */
class Whole {
  constructor(members: object) {
    Object.assign(this, members);
  }
}
const tf = new Whole({
  customGrad: () => {},
  engine: () => ({ isTapeOn: () => false }),
  mul: () => {},
  scalar: (value: number) => value,
  tensor2d: () => {},
});
const predictions = new Whole({
  shape: [2, 2],
  size: 4,
  dtype: 'float32',
  dataSync: () => Float32Array.of(1, 2, 3, 4),
});
const targets = new Whole({ shape: [2, 2], dataSync: () => Float32Array.of(1, 0, 3, 0) });
const loss = geminiLoss(tf as Loose, mmd, { from: 'logits' });

/** Each public function, with right arguments. */
const calls: Record<string, [call: (...args: Loose[]) => unknown, args: () => unknown[]]> = {
  'Affinity.kernel': [
    Affinity.kernel,
    () => [x, { kernel: 'polynomial', gamma: 1, degree: 2, coef0: 1, storage: 'dense', precision: 'float64' }],
  ],
  'Affinity.kernel of a tensor': [Affinity.kernel, () => [tensor, { kernel: 'rbf', gamma: 'median' }]],
  'Affinity.distance': [Affinity.distance, () => [nested, { metric: 'euclidean' }]],
  'Affinity.hops': [
    Affinity.hops,
    () => [x, { metric: 'euclidean', quantile: undefined, neighbors: 2, disconnected: 'n' }],
  ],
  'Affinity.hops of an affinity': [Affinity.hops, () => [distance, { threshold: 2, quantile: undefined }]],
  'Affinity.kernel of bytes': [Affinity.kernel, () => [bytes, { kernel: 'linear', storage: 'features' }]],
  Samples: [(...args) => new genmi.Samples(...(args as [Loose])), () => [bytes]],
  'Affinity.precomputed': [Affinity.precomputed, () => [square, 'distance', { metric: true, precision: 'float32' }]],
  'Affinity.kernelAsync': [Affinity.kernelAsync, () => [x, { kernel: 'rbf', signal, onProgress: () => {} }]],
  'Affinity.distanceAsync': [Affinity.distanceAsync, () => [x, { metric: 'euclidean', signal, onProgress: () => {} }]],
  'Affinity.hopsAsync': [Affinity.hopsAsync, () => [x, { neighbors: 2, signal, onProgress: () => {} }]],
  'Affinity.precomputedAsync': [
    Affinity.precomputedAsync,
    () => [square, 'kernel', { precision: 'float32', signal, onProgress: () => {} }],
  ],
  rows: [(...args) => kernel.rows(...(args as [Loose])), () => [[0, 1]]],
  value: [(...args) => mmd.value(...(args as [Loose])), () => [tau, { ...evaluate(), out: undefined }]],
  valueAndGrad: [(...args) => mmd.valueAndGrad(...(args as [Loose])), () => [tau, evaluate()]],
  affinityGrad: [(...args) => mmd.affinityGrad(...(args as [Loose])), () => [tau, { rows: rows }]],
  valueAsync: [(...args) => mmd.valueAsync(...(args as [Loose])), () => [tau, { rows: rows, signal }]],
  valueAndGradAsync: [(...args) => mmd.valueAndGradAsync(...(args as [Loose])), () => [tau, { ...evaluate(), signal }]],
  estimate: [(...args) => mmd.estimate(...(args as [Loose, Loose])), () => [4, 2]],
  kl: [genmi.kl, () => [{ mode: 'ova' }]],
  chi2: [genmi.chi2, () => [{ mode: 'ova', convention: 'half' }]],
  fDivergence: [genmi.fDivergence, () => [{ mode: 'ova', f: { alpha: 0.5 } }]],
  entropy: [genmi.entropy, () => [{ of: 'proportions' }]],
  pairConstraints: [genmi.pairConstraints, () => [{ mustLink: [[0, 1]], cannotLink: [[2, 3]], factor: 2 }]],
  iic: [genmi.iic, () => [{ lambda: 2 }]],
  ntXent: [genmi.ntXent, () => [{ temperature: 2 }]],
  deepInfoMax: [genmi.deepInfoMax, () => [{ measure: 'KL', mode: 'local' }]],
  infoNce: [genmi.infoNce, () => [{ selfMask: -2 }]],
  'value of a pair': [
    (...args) => pairs.value(...(args as [Loose, Loose])),
    () => [nested, nested, { from: 'logits' }],
  ],
  'valueAndGrad of a pair': [
    (...args) => pairs.valueAndGrad(...(args as [Loose, Loose])),
    () => [nested, nested, { from: 'logits', out: [new Float64Array(4), new Float64Array(4)] }],
  ],
  'valueAndGradAsync of a pair': [
    (...args) => pairs.valueAndGradAsync(...(args as [Loose, Loose])),
    () => [nested, nested, { out: [new Float64Array(4), new Float64Array(4)], signal }],
  ],
  pairLoss: [pairLoss, () => [tf, pairs, { from: 'logits' }]],
  'loss of a pair': [pairLoss(tf as Loose, genmi.iic()), () => [predictions, predictions]],
  affine: [
    perturbations.affine,
    () => [
      { data: Uint8Array.of(1, 2, 3, 4), shape: [1, 2, 2, 1], scale: 2, offset: 1 },
      {
        rotation: 9,
        scale: [0.9, 1.1],
        shear: 1,
        shift: [0, 0.1],
        seed: 1,
        rows: [0],
        probability: 0.5,
        outside: 3,
        out: new Float32Array(4),
      },
    ],
  ],
  affineAsync: [
    perturbations.affineAsync,
    () => [
      { data: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2] },
      { rotation: 9, outside: 'edge', signal },
    ],
  ],
  elastic: [
    perturbations.elastic,
    () => [
      { data: Float32Array.of(1, 2, 3, 4), shape: [2, 1, 2] },
      { amplitude: 2, sigma: 1, rows: [1, 0], seed: 1 },
    ],
  ],
  warp: [
    perturbations.warp,
    () => [
      { data: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2] },
      { data: new Float32Array(8), shape: [1, 2, 2, 2] },
      { rows: [0], outside: 1 },
    ],
  ],
  adef: [
    perturbations.adef,
    () => [
      { data: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2] },
      { values: [1], gradient: { data: [1, 2, 3, 4] } },
      { sigma: 1 },
    ],
  ],
  acceptance: [
    perturbations.acceptance,
    () => [{ data: Uint8Array.of(1, 2), shape: [1, 1, 2] }, { data: Float32Array.of(1, 2), shape: [1, 1, 2] }, 2],
  ],
  w2Perturbation: [
    perturbations.w2Perturbation,
    () => [
      { data: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2] },
      () => ({ values: [1], gradient: { data: [1, 2, 3, 4] } }),
      { epsilon: 1, eta: 1, share: 0.5, sigma: 0, maxSteps: 2, seed: 1, rows: [0], outside: 'edge', signal },
    ],
  ],
  wasserstein2: [
    perturbations.wasserstein2,
    () => [
      { data: Uint8Array.of(1, 2, 3, 4), shape: [1, 2, 2, 1], scale: 2, offset: 1 },
      { data: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2] },
      { gradient: true },
    ],
  ],
  wasserstein2Async: [
    perturbations.wasserstein2Async,
    () => [
      { data: Uint8Array.of(1, 2, 3, 4), shape: [1, 2, 2] },
      { data: Uint8Array.of(1, 2, 3, 4), shape: [1, 2, 2] },
      { gradient: false, signal },
    ],
  ],
  projectedSinkhorn: [
    perturbations.projectedSinkhorn,
    () => [
      { data: Uint8Array.of(1, 2, 3, 4), shape: [1, 2, 2, 1], scale: 2, offset: 1 },
      { data: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2, 1] },
      { epsilon: 1, lambda: 10, window: 3, tolerance: 1e-3, maxIterations: 9, out: new Float32Array(4) },
    ],
  ],
  projectedSinkhornAsync: [
    perturbations.projectedSinkhornAsync,
    () => [
      { data: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2] },
      { data: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2] },
      { epsilon: 1, signal },
    ],
  ],
  conjugateSinkhorn: [
    perturbations.conjugateSinkhorn,
    () => [
      { data: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2] },
      { data: Uint8Array.of(1, 2, 3, 4), shape: [1, 2, 2], scale: 2 },
      { epsilon: 1, lambda: 10, window: 3, out: new Float32Array(4) },
    ],
  ],
  conjugateSinkhornAsync: [
    perturbations.conjugateSinkhornAsync,
    () => [
      { data: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2] },
      { data: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2] },
      { epsilon: 1, signal },
    ],
  ],
  elasticAsync: [
    perturbations.elasticAsync,
    () => [
      { data: Uint8Array.of(1, 2, 3, 4), shape: [1, 2, 2] },
      { sigma: 0, out: new Float32Array(4), signal },
    ],
  ],
  energy: [genmi.energy, () => [{ mode: 'ova', affinity: distance }]],
  mmd: [genmi.mmd, () => [{ mode: 'ova', affinity: kernel, squared: true }]],
  wasserstein: [
    genmi.wasserstein,
    () => [{ mode: 'ovo', affinity: distance, pairs: [[0, 1]], seed: 1, warmStart: false }],
  ],
  gemini: [genmi.gemini, () => ['mmd_ova', { affinity: kernel }]],
  add: [genmi.add, () => [kl, mmd]],
  scale: [genmi.scale, () => [kl, 2]],
  emd: [genmi.emd, () => [[1, 1], Float64Array.of(1, 1), square, { plan: true, potentials: false, maxPivots: 9 }]],
  TransportSolver: [(...args) => new genmi.TransportSolver(...(args as [Loose])), () => [nested, { threads: 1 }]],
  'TransportSolver of an affinity': [
    (...args) => new genmi.TransportSolver(...(args as [Loose])),
    () => [distance, {}],
  ],
  solve: [(...args) => solver.solve(...(args as [Loose, Loose])), () => [[1, 1], [1, 1], { plan: true, maxPivots: 9 }]],
  solveMany: [
    (...args) => solver.solveMany(...(args as [Loose, Loose])),
    () => [[[1, 1]], [[1, 1]], { plan: true, potentials: true, warmStart: true, signal }],
  ],
  solveManyAsync: [
    (...args) => solver.solveManyAsync(...(args as [Loose, Loose])),
    () => [[[1, 1]], [1, 1], { plan: true, warmStart: true, signal }],
  ],
  contingency: [
    genmi.contingency,
    () => [
      [0, 1],
      [1, 0],
    ],
  ],
  ari: [genmi.ari, () => [[0, 1], Int32Array.of(1, 0)]],
  accuracy: [
    genmi.accuracy,
    () => [
      [0, 1],
      [1, 0],
    ],
  ],
  purity: [
    genmi.purity,
    () => [
      [0, 1],
      [1, 0],
    ],
  ],
  nce: [
    genmi.nce,
    () => [
      [0, 1],
      [1, 0],
    ],
  ],
  usedClusters: [genmi.usedClusters, () => [[0, 1]]],
  matchClusters: [genmi.matchClusters, () => [{ data: Int32Array.of(1, 0, 0, 1), shape: [2, 2] }]],
  geminiLoss: [geminiLoss, () => [tf, kl, { from: 'logits', clip: 'mask', epsilon: 1e-9 }]],
  loss: [loss, () => [predictions, [0, 1]]],
  'loss.forFit': [loss.forFit, () => [targets, predictions]],
  rowIndices: [rowIndices, () => [tf, 4, 2]],
  'Network.dense': [
    Network.dense,
    () => [
      {
        inputs: 2,
        layers: [{ width: 2, activation: 'tanh', batchNormalization: true }],
        outputs: 2,
        precision: 'float64',
        seed: 1,
        init: 'he',
        headScale: 0.1,
      },
    ],
  ],
  'Network.linear': [Network.linear, () => [{ inputs: 2, outputs: 2 }]],
  'Network.lassoNet': [Network.lassoNet, () => [{ inputs: 2, layers: [{ width: 2 }], outputs: 2 }]],
  'Network.kernel': [Network.kernel, () => [{ samples: 2, outputs: 2 }]],
  'Network.table': [Network.table, () => [{ samples: 2, outputs: 2, init: 'normal' }]],
  predict: [(...args) => reader.predict(...(args as [Loose])), () => [bytes]],
  predictProba: [(...args) => reader.predictProba(...(args as [Loose])), () => [nested]],
  logits: [(...args) => reader.logits(...(args as [Loose])), () => [nested]],
  predictAsync: [
    (...args) => reader.predictAsync(...(args as [Loose])),
    () => [bytes, { signal, onProgress: () => {} }],
  ],
  load: [
    (...args) => network().load(...(args as [Loose])),
    () => [
      Object.fromEntries(
        Object.entries(reader.parameters()).map(([name, { data, shape }]) => [name, { data: [...data], shape }]),
      ),
    ],
  ],
  forward: [(...args) => network().forward(...(args as [Loose])), () => [nested, { mode: 'frozen' }]],
  'forward of a table': [
    (...args) => Network.table({ samples: 3, outputs: 2 }).forward(...(args as [Loose])),
    () => [[0, 2]],
  ],
  backward: [
    (...args) => {
      const passed = network();
      passed.forward(nested);
      return passed.backward(...(args as [Loose]));
    },
    () => [nested, { input: true, parameters: false }],
  ],
  adam: [
    networks.adam,
    () => [{ learningRate: 1, decay: 'linear', clipNorm: 1, beta1: 0, beta2: 0, epsilon: 1, epsilonOf: 'torch' }],
  ],
  sgd: [networks.sgd, () => [{ learningRate: 1, momentum: 0 }]],
  rmsprop: [networks.rmsprop, () => [{ rho: 0.5, epsilon: 1 }]],
  step: [(...args) => networks.sgd().step(...(args as [Loose])), () => [network(), { learningRate: 0.1 }]],
  train: [networks.train, () => [network(), training()]],
  'train a LassoNet': [
    networks.train,
    () => [
      Network.lassoNet({ inputs: 2, layers: [{ width: 3 }], outputs: 2 }),
      { ...training(), penalty: { hierarchical: { alpha: 1, m: 2, groups: [[0, 1]] } } },
    ],
  ],
  'train, resumed': [networks.train, () => [network(), { data: nested, objective: kl, epochs: 2, resume: snapshot }]],
  neighborLengths: [
    networks.neighborLengths,
    () => [
      { data: Float64Array.from({ length: 24 }, (_, i) => i), shape: [12, 2] },
      { signal, onProgress: () => {} },
    ],
  ],
  alphaJs: [mixtures.alphaJs, () => [{ alpha: 0.5, variant: 'deasy', dual: true, symmetrise: true, floor: 1e-6 }]],
  gaussianKl: [mixtures.gaussianKl, () => [{ floor: 1e-6 }]],
  'value of Gaussians': [
    (...args) => mixtures.gaussianKl().value(...(args as [Loose, Loose])),
    () => [
      { mean: [0, 1], variance: Float32Array.of(1, 2) },
      { mean: [[1, 0]], logVariance: { data: Float64Array.of(0, 1), shape: [1, 2] } },
    ],
  ],
  'valueAndGrad of Gaussians': [
    (...args) => mixtures.alphaJs().valueAndGrad(...(args as [Loose, Loose])),
    () => [
      {
        mean: [0, 1],
        covariance: [
          [1, 0],
          [0, 1],
        ],
      },
      { mean: [1, 0], covariance: definite },
    ],
  ],
  DirichletProcessMixture: [
    (...args) => new mixtures.DirichletProcessMixture(...(args as [Loose])),
    () => [
      {
        truncation: 3,
        covariance: 'full',
        concentration: 1,
        lastStick: 'one',
        meanPrior: [0, 0],
        meanPrecisionPrior: 1,
        degreesOfFreedomPrior: 2,
        covariancePrior: definite,
        regularization: 0,
        maxIterations: 2,
        tolerance: 0,
        seed: 1,
        compat: 'sklearn',
      },
    ],
  ],
  'fit of a mixture': [
    (...args) => new mixtures.DirichletProcessMixture({ truncation: 2 }).fit(...(args as [Loose])),
    () => [nested, { responsibilities: nested, warmStart: false, signal, onProgress: () => {} }],
  ],
  'predict of a mixture': [(...args) => mixture.predict(...(args as [Loose])), () => [nested]],
  'predictProba of a mixture': [(...args) => mixture.predictProba(...(args as [Loose])), () => [nested]],
  'pruned mixture': [(...args) => mixture.pruned(...(args as [Loose])), () => [0]],
  'component of a mixture': [(...args) => mixture.component(...(args as [Loose])), () => [1]],
  'load of a mixture': [mixtures.DirichletProcessMixture.load, () => [mixture.save()]],
  config: [genmi.config, () => [{ threads: 'auto', device: 'auto', isa: 'auto' }]],
};

/** The paths to the arguments, and to the values inside of arrays and plain objects. */
function pathsIn(value: unknown, path: readonly PropertyKey[] = []): (readonly PropertyKey[])[] {
  const prototype: unknown = typeof value === 'object' && value !== null ? Object.getPrototypeOf(value) : undefined;
  const isPlain = prototype === Array.prototype || prototype === Object.prototype;
  const inside = isPlain ? Object.entries(value as object) : [];
  return [path, ...inside.flatMap(([key, each]) => pathsIn(each, [...path, key]))].filter(({ length }) => length > 0);
}

/** A copy in which one value is another. */
function replaced(value: Loose, [key, ...rest]: readonly PropertyKey[], by: (old: unknown) => unknown): Loose {
  if (key === undefined) return by(value);
  const copy = Array.isArray(value) ? [...value] : { ...value };
  copy[key] = replaced(copy[key], rest, by);
  return copy;
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

const own = new Error('of the test');
const fail = () => {
  throw own;
};
const failing = new Proxy({} as ProxyHandler<object>, { get: () => fail });

const values: Record<string, (old: unknown) => unknown> = {
  'a revoked proxy': () => revoked({}),
  'a revoked proxy of an array': () => revoked([]),
  'a revoked proxy of a function': () => revoked(() => {}),
  'a proxy that fails': (old) => new Proxy(Object(old) as object, failing),
  'a proxy': (old) => new Proxy(Object(old) as object, {}),
  'an object that cannot become a primitive': () => ({ [Symbol.toPrimitive]: fail, toString: fail, valueOf: fail }),
  'a number in an object': (old) => Object(old),
  null: () => null,
  'a function': () => () => 1,
  'not a number': () => Number.NaN,
  'an empty array': () => [],
  'a symbol': () => Symbol('s'),
  'a bigint': () => 2n,
  'a DataView': () => new DataView(new ArrayBuffer(32)),
  'a Buffer': () => Buffer.alloc(32),
  'detached memory': () => {
    const array = new Float64Array(24);
    structuredClone(array.buffer, { transfer: [array.buffer] });
    return array;
  },
  'an array of a huge length': () => Object.assign([], { length: 2 ** 32 - 1 }),
  'an array-like object': () => ({ 0: 1, 1: 1, length: 2 }),
};

describe.each(Object.entries(calls))('%s', (_, [call, args]) => {
  it('takes its right arguments', async () => {
    await call(...args());
  });
  it.each(Object.entries(values))('takes %s in no place, or refuses it with a code', async (_, make) => {
    for (const path of pathsIn(args())) {
      const given = replaced(args(), path, make) as unknown[];
      const error = await rejectionOf(async () => call(...given));
      if (error === undefined || error === own) continue;
      const { code, message } = error as { code?: string; message?: string };
      expect({ path: path.map(String).join('.'), code, message }).toMatchObject({
        code: expect.stringMatching(/^ERR_/),
        message: expect.stringMatching(/expected .*, received /),
      });
    }
  });
});
