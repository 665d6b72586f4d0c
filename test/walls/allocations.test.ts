/** Arrays that JavaScript allocates: where the engine has no memory for one, the call fails with ERR_OUT_OF_MEMORY. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as genmi from '../../src/index.js';
import { Network, neighborLengths, train } from '../../src/networks/index.js';
import { affine, elasticAsync, wasserstein2 } from '../../src/perturbations/index.js';
import { geminiLoss, rowIndices, type TensorFlow } from '../../src/tfjs/index.js';
import { rejectionOf } from '../support/errors.js';
import { distance, kernel, type Loose, tau } from '../support/wrong-inputs.js';

const TYPES = { Int32Array, Uint8Array, Float32Array, Float64Array };
const N = 40;
const nested = [
  [0, 1],
  [1, 0],
];
const classes = Array.from({ length: N }, (_, i) => i % 4);
const clusters = Array.from({ length: N }, (_, i) => i % 3);
const many = Array.from({ length: N }, (_, i) => i);
const far = Array.from({ length: N }, (_, i) => 1e6 * i);
const mmd = genmi.mmd({ mode: 'ova', affinity: kernel });
const solver = new genmi.TransportSolver(nested);
const counts = genmi.contingency(classes, clusters);
const other: genmi.Objective = { ...mmd, name: 'mine', valueAndGrad: (p, o) => mmd.valueAndGrad(p, o) };

/** As much of TensorFlow.js as a loss needs: its scalars and tensors are the numbers themselves. */
const gradients: ((dy: Loose) => unknown)[] = [];
const tf = {
  customGrad: (f: Loose) => (p: Loose) => {
    const { value, gradFunc } = f(p);
    gradients.push(gradFunc);
    return value;
  },
  engine: () => ({ isTapeOn: () => recording }),
  mul: () => {},
  scalar: (value: number) => value,
  tensor2d: (data: unknown) => data,
} as Loose as TensorFlow;
let recording = false;
const predictions = { shape: [8, 3], size: 24, dtype: 'float32', dataSync: () => tau.data } as Loose;
const targets = { shape: [8, 1], dataSync: () => [0, 1, 2, 3, 4, 5, 6, 7] } as Loose;

/** A loss of a tape, and its gradient, asked for twice. */
function recorded(objective: genmi.Objective): void {
  recording = true;
  try {
    geminiLoss(tf, objective)(predictions, targets);
    const gradFunc = gradients.pop();
    recording = false;
    for (let i = 0; i < 2; i++) gradFunc?.({ dataSync: () => [1] });
  } finally {
    recording = false;
  }
}

const network = Network.linear({ inputs: 2, outputs: 2 });
const parameters = network.parameters();
const table = Network.table({ samples: 3, outputs: 2 });
const kl = genmi.kl({ mode: 'ova' });
const plane = { data: new Float32Array(24), shape: [12, 2] } as const;

const calls: Record<string, () => unknown> = {
  predict: () => network.predict(nested),
  predictProba: () => network.predictProba(nested),
  logitsAsync: () => network.logitsAsync(nested),
  'predict a table': () => table.predict(),
  parameters: () => network.parameters(),
  load: () => network.load(parameters),
  'forward and backward': () => {
    network.forward(nested);
    return network.backward(nested, { input: true });
  },
  'forward of a table': () => table.forward([0, 1]),
  train: async () => (await train(network, { data: nested, objective: kl, epochs: 2 })).snapshot(),
  'train with lengths and groups': () =>
    train(network, {
      data: nested,
      objective: kl,
      epochs: 1,
      penalty: { groupLasso: { alpha: 1, groups: [[0, 1]] } },
      vat: { epsilon: [1, 1] },
    }),
  neighborLengths: () => neighborLengths(plane),
  affine: () => affine(images, { rotation: 9, rows: [0, 0] }),
  elasticAsync: () => elasticAsync(images),
  wasserstein2: () =>
    wasserstein2({ data: ones, shape: [2, 2, 2] }, { data: ones, shape: [2, 2, 2] }, { gradient: true }),
  'Affinity.kernel of nested arrays': () => genmi.Affinity.kernel(nested, { kernel: 'rbf' }),
  'Affinity.precomputed of nested arrays': () => genmi.Affinity.precomputed(nested, 'distance'),
  'Affinity.hopsAsync of nested arrays': () => genmi.Affinity.hopsAsync([[0], [1], [3]], { neighbors: 1 }),
  rows: () => kernel.rows([0, 1]),
  toMatrix: () => kernel.toMatrix(),
  value: () => mmd.value([[0.5, 0.5]], { rows: [0] }),
  valueAndGrad: () => mmd.valueAndGrad(tau),
  valueAndGradAsync: () => mmd.valueAndGradAsync(tau),
  'valueAndGradAsync into out': () => mmd.valueAndGradAsync(tau, { out }),
  affinityGrad: () => mmd.affinityGrad(tau),
  estimate: () => mmd.estimate(4, 2),
  'wasserstein of pairs': () => genmi.wasserstein({ mode: 'ovo', affinity: distance, pairs: [[0, 1]] }),
  solve: () => solver.solve([1, 1], [1, 1], { plan: true }),
  solveMany: () => solver.solveMany(nested, [0.5, 0.5], { plan: true }),
  solveManyAsync: () => solver.solveManyAsync(nested, [0.5, 0.5], { plan: true }),
  emd: () => genmi.emd([1, 1], [1, 1], nested, { plan: true }),
  contingency: () => genmi.contingency(classes, clusters),
  ari: () => genmi.ari(classes, clusters),
  'ari of many': () => genmi.ari(many, many),
  'accuracy of far labels': () => genmi.accuracy(far, clusters),
  accuracy: () => genmi.accuracy(classes, clusters),
  purity: () => genmi.purity(classes, clusters),
  nce: () => genmi.nce(classes, clusters),
  usedClusters: () => genmi.usedClusters(clusters),
  matchClusters: () => genmi.matchClusters(counts),
  loss: () => geminiLoss(tf, mmd)(predictions, targets),
  'loss and gradient': () => recorded(mmd),
  "loss and gradient of somebody's own objective": () => recorded(other),
  'loss.forFit': () => geminiLoss(tf, mmd).forFit(targets, predictions),
  rowIndices: () => rowIndices(tf, 4, 2),
};
const out = new Float32Array(24);
const images = { data: new Float32Array(8), shape: [2, 2, 2] } as const;
const ones = new Uint8Array(8).fill(1);

/** Makes the engine's array number `failing`, counted from 1, fail, and counts the arrays. */
function countArrays(failing: number): { count: number } {
  const counted = { count: 0 };
  for (const [name, type] of Object.entries(TYPES)) {
    vi.stubGlobal(
      name,
      new Proxy(type, {
        construct(target, args: Loose[], newTarget) {
          counted.count += 1;
          if (counted.count === failing) throw new RangeError('Array buffer allocation failed');
          return Reflect.construct(target, args, newTarget === (globalThis as Loose)[name] ? target : newTarget);
        },
      }),
    );
  }
  return counted;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe.each(Object.entries(calls))('%s', (_, call) => {
  it('has a code, whichever of its arrays the engine refuses', async () => {
    const counted = countArrays(0);
    await call();
    const { count } = counted;
    expect(count, 'arrays').toBeGreaterThan(0);
    for (let failing = 1; failing <= count; failing++) {
      vi.unstubAllGlobals();
      countArrays(failing);
      const error = await rejectionOf(async () => call());
      expect(error, `array ${failing} of ${count}`).toMatchObject({ code: 'ERR_OUT_OF_MEMORY' });
    }
    vi.unstubAllGlobals();
    await call();
  });
});
