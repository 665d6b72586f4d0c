/** Calls that need more memory than there is are refused before they allocate; the remedies in their errors work. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import '@tensorflow/tfjs-backend-cpu';
import {
  Affinity,
  add,
  contingency,
  type GenmiError,
  kl,
  mmd,
  scale,
  usedClusters,
  wasserstein,
} from '../src/index.js';
import { geminiLoss, rowIndices } from '../src/tfjs/index.js';
import { runProgram } from './support/dist.js';
import { rejectionOf, thrownBy } from './support/errors.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Lets the process believe that this many bytes are left. */
function leave(bytes: number) {
  vi.spyOn(process, 'platform', 'get').mockReturnValue('linux');
  vi.spyOn(process, 'constrainedMemory').mockReturnValue(0);
  return vi.spyOn(process, 'availableMemory').mockReturnValue(bytes);
}

const n = 5000;
const x = { data: Float32Array.from({ length: n }, (_, i) => Math.sin(i * i)), shape: [n, 1] as const };
const distance = Affinity.distance(x, { metric: 'euclidean', storage: 'features' });
const transport = wasserstein({ mode: 'ova', affinity: distance });
const predictions = (rows: number, k = 2) => ({
  data: new Float32Array(rows * k).fill(1 / k),
  shape: [rows, k] as const,
});
const all = predictions(n);
const indices = Int32Array.from({ length: 1000 }, (_, i) => 5 * i);
const some = [predictions(1000), { rows: indices }] as const;

/** Calls that are refused when 50 MB are left, and the remedies in their errors, which work then. */
const calls: [string, () => unknown, RegExp, () => unknown][] = [
  [
    'an evaluation by transport',
    () => transport.value(all),
    /^wasserstein_ova of 5000 samples and 2 clusters: .*; use mini-batches: fewer predictions, with their `rows`$/,
    () => transport.value(...some),
  ],
  [
    'a sum',
    () => add(kl({ mode: 'ova' }), scale(transport, 2)).valueAndGrad(all),
    /^kl_ova \+ 2 \* \(wasserstein_ova\) of 5000 samples/,
    () => add(kl({ mode: 'ova' }), scale(transport, 2)).valueAndGrad(...some),
  ],
  [
    'a loss',
    () => geminiLoss(tf, transport)(tf.fill([n, 2], 0.5)),
    /^-1 \* \(wasserstein_ova\) of 5000 samples/,
    () => geminiLoss(tf, transport)(tf.fill([1000, 2], 0.5), indices),
  ],
  [
    'the gradient of an affinity',
    () => mmd({ mode: 'ova', affinity: Affinity.kernel(x, { kernel: 'linear' }) }).affinityGrad(all),
    /^mmd_ova of 5000 samples/,
    () => mmd({ mode: 'ova', affinity: Affinity.kernel(x, { kernel: 'linear' }) }).affinityGrad(...some),
  ],
  [
    'a large gradient without an affinity',
    () => kl({ mode: 'ova' }).value(predictions(5000, 2000)),
    /^kl_ova of 5000 samples and 2000 clusters: .*; use mini-batches$/,
    () => kl({ mode: 'ova' }).value(predictions(200, 2000)),
  ],
  [
    'a dense affinity',
    () =>
      Affinity.distance({ data: new Float32Array(5000), shape: [5000, 1] }, { metric: 'euclidean', storage: 'dense' }),
    /^A dense 5000 x 5000 affinity: .*100 MB; use storage: 'features', or fewer samples$/,
    () =>
      Affinity.distance(
        { data: new Float32Array(5000), shape: [5000, 1] },
        { metric: 'euclidean', storage: 'features' },
      ),
  ],
  [
    'features',
    () =>
      Affinity.kernel({ data: new Float32Array(1e7), shape: [1000, 1e4] }, { kernel: 'linear', storage: 'features' }),
    /^The features of 1000 samples/,
    () =>
      Affinity.kernel({ data: new Float32Array(5e6), shape: [500, 1e4] }, { kernel: 'linear', storage: 'features' }),
  ],
  [
    'a precomputed affinity',
    () => Affinity.precomputed({ data: new Float32Array(9e6), shape: [3000, 3000] }, 'distance'),
    /^A precomputed affinity of 3000 samples/,
    () => Affinity.precomputed({ data: new Float32Array(4e6), shape: [2000, 2000] }, 'distance'),
  ],
  [
    'hop distances',
    () => Affinity.hops({ data: new Float32Array(6000), shape: [6000, 1] }, { neighbors: 2 }),
    /^Hop distances between 6000 samples/,
    () =>
      Affinity.hops(
        { data: Float32Array.from({ length: 3000 }, (_, i) => Math.sin(i)), shape: [3000, 1] },
        { neighbors: 2 },
      ),
  ],
  [
    'all entries',
    () => distance.toMatrix(),
    /^A 5000 x 5000 matrix: .*; ask for fewer rows$/,
    () => distance.rows(indices),
  ],
  [
    'nested arrays',
    () => kl({ mode: 'ova' }).value(Array.from({ length: 100 }, () => new Array(1e5).fill(0))),
    /^A 100 x 100000 matrix of nested arrays/,
    () => kl({ mode: 'ova' }).value({ data: new Float32Array(100), shape: [100, 1] }),
  ],
  [
    'a table of counts',
    () => contingency([5000], [5000]),
    /^A table of 5001 x 5001 counts/,
    () => contingency([50], [50]),
  ],
  [
    'many labels',
    () => usedClusters(new Uint8Array(2e6)),
    /^Counts of 2000000 labels/,
    () => usedClusters(new Uint8Array(1e6)),
  ],
  [
    'targets for model.fit',
    () => rowIndices(tf, 2e6, 10),
    /^Targets of 2000000 rows: .*; train with a loop of your own/,
    () => rowIndices(tf, 1e6, 10),
  ],
];

describe('with 50 MB left', () => {
  it.each(calls)('%s', (_, call, message, helps) => {
    leave(50e6);
    const error = thrownBy(call) as GenmiError;
    expect(error).toMatchObject({ code: 'ERR_OUT_OF_MEMORY', message: expect.stringMatching(message) });
    expect(error.message).toMatch(/expected at most the 50\.0 MB available, received \d+(\.\d+)? [MG]B;/);
    expect(thrownBy(helps)).toBeUndefined();
  });

  it('asynchronous calls too', async () => {
    leave(50e6);
    const refused = { code: 'ERR_OUT_OF_MEMORY' };
    expect(await rejectionOf(() => transport.valueAsync(all))).toMatchObject(refused);
    expect(await rejectionOf(() => transport.valueAndGradAsync(all))).toMatchObject(refused);
    const features = { data: new Float32Array(5000), shape: [5000, 1] as const };
    for (const make of [
      () => Affinity.kernelAsync(features, { kernel: 'rbf', storage: 'dense' }),
      () => Affinity.distanceAsync(features, { metric: 'euclidean', storage: 'dense' }),
      () => Affinity.hopsAsync({ data: new Float32Array(6000), shape: [6000, 1] }, { neighbors: 2 }),
    ])
      expect(await rejectionOf(make)).toMatchObject(refused);
    await sleep(0);
  });
});

describe('a small request', () => {
  it('is granted without a look at the available memory', () => {
    const asked = leave(0);
    transport.valueAndGrad(...some);
    Affinity.kernel({ data: new Float32Array(2000), shape: [2000, 1] }, { kernel: 'rbf' }).toMatrix();
    expect(asked).not.toHaveBeenCalled();
  });
});

it('checks a warm start once, because its memory is kept', () => {
  const warm = wasserstein({ mode: 'ova', affinity: distance, warmStart: true });
  const both = add(kl({ mode: 'ova' }), wasserstein({ mode: 'ova', affinity: distance, warmStart: true }));
  const rows = Int32Array.from({ length: 4000 }, (_, i) => i);
  for (const objective of [warm, both]) objective.value(predictions(4000), { rows });
  leave(1e6);
  for (const objective of [warm, both]) expect(objective.value(predictions(4000), { rows })).toBeGreaterThanOrEqual(0);
  for (const _ of [1, 2]) expect(thrownBy(() => warm.value(all))).toMatchObject({ code: 'ERR_OUT_OF_MEMORY' });
});

it('refuses 200,000 samples, which once killed the process', async () => {
  const result = await runProgram(`
    const n = 200_000;
    const x = { data: numbers(n, 1), shape: [n, 1] };
    const tau = { data: new Float32Array(2 * n).fill(0.5), shape: [n, 2] };
    const distance = Affinity.distance(x, { metric: 'euclidean' });
    const calls = [
      () => wasserstein({ mode: 'ova', affinity: distance }).value(tau),
      () => wasserstein({ mode: 'ova', affinity: distance }).affinityGrad(tau),
      () => mmd({ mode: 'ova', affinity: Affinity.kernel(x, { kernel: 'linear' }) }).affinityGrad(tau),
      () => new genmi.TransportSolver(distance),
      () => distance.toMatrix(),
    ];
    for (const call of calls) {
      try { call(); console.log('computed'); } catch (error) { console.log(error.code); }
    }
  `);
  expect(result).toMatchObject({ code: 0, signal: null, stdout: 'ERR_OUT_OF_MEMORY\n'.repeat(5) });
});
