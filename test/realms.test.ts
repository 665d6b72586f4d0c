/** Arrays of other realms and tensors of other libraries are taken wherever arrays of this realm are. */
import path from 'node:path';
import { createContext, runInContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs-core';
import { type Tensor as OnnxTensor, Tensor } from 'onnxruntime-common';
import { describe, expect, it } from 'vitest';
import {
  Affinity,
  accuracy,
  ari,
  contingency,
  emd,
  kl,
  type MatrixLike,
  matchClusters,
  mmd,
  type TensorLike,
  TransportSolver,
  usedClusters,
  wasserstein,
} from '../src/index.js';
import '@tensorflow/tfjs-backend-cpu';
import { geminiLoss } from '../src/tfjs/index.js';
import { root } from './support/dist.js';
import { type ExpectedError, expectError, thrownBy } from './support/errors.js';
import { execute } from './support/processes.js';

const context = createContext({});
// biome-ignore lint/suspicious/noExplicitAny: whatever the code makes
const there = (code: string): any => runInContext(code, context);

const x = { data: Float64Array.of(0, 1, 3), shape: [3, 1] as const };
const tau = { data: Float32Array.of(0.9, 0.1, 0.5, 0.5, 0.2, 0.8), shape: [3, 2] as const };
const foreignTau = there('({ data: Float32Array.of(.9, .1, .5, .5, .2, .8), shape: [3, 2] })');
const distance = Affinity.distance(x, { metric: 'euclidean' });
const objectives = [
  kl({ mode: 'ova' }),
  mmd({ mode: 'ovo', affinity: Affinity.kernel(x, { kernel: 'rbf' }) }),
  wasserstein({ mode: 'ovo', affinity: distance }),
];

describe('arrays of another realm', () => {
  it('are foreign', () => {
    expect(foreignTau.data).not.toBeInstanceOf(Float32Array);
    expect(foreignTau.shape).not.toBeInstanceOf(Array);
  });

  it.each(objectives)('are predictions, rows and lent memory of $name', async (objective) => {
    const expected = objective.valueAndGrad(tau, { rows: [2, 1, 0] });
    for (const rows of [there('Int32Array.of(2, 1, 0)'), there('[2, 1, 0]')]) {
      const result = objective.valueAndGrad(foreignTau as typeof tau, { rows });
      expect(result).toEqual(expected);
      expect(result.gradient.data).toBeInstanceOf(Float32Array);
    }
    const out = there('new Float32Array(6)');
    const result = await objective.valueAndGradAsync(foreignTau, { rows: there('[2, 1, 0]'), out });
    expect(result.gradient.data).toBe(out);
    expect([...out]).toEqual([...expected.gradient.data]);
    expect(objective.value(there('[[.9, .1], [.5, .5], [.2, .8]]'), there('({ from: "logits" })'))).toBeCloseTo(
      objective.value(tau, { from: 'logits' }),
      6,
    );
  });

  it('are features and matrices', () => {
    for (const type of ['Float32Array', 'Float64Array']) {
      const foreign = there(`({ data: ${type}.of(0, 1, 3), shape: [3, 1] })`);
      const affinity = Affinity.distance(foreign, there('({ metric: "euclidean" })'));
      expect(affinity.precision).toBe(type === 'Float32Array' ? 'float32' : 'float64');
      expect([...affinity.toMatrix().data]).toEqual([0, 1, 3, 1, 0, 2, 3, 2, 0]);
    }
    const matrix = there('({ data: Float64Array.of(0, 2, 2, 0), shape: [2, 2] })');
    expect([...Affinity.precomputed(matrix, 'distance').rows(there('Int32Array.of(1, 0)')).data]).toEqual([0, 2, 2, 0]);
    expect(wasserstein({ mode: 'ovo', affinity: distance, pairs: there('[[0, 1]]') }).value(tau)).toBeGreaterThan(0);
  });

  it('are weights and costs', async () => {
    const [p, q] = [there('Float64Array.of(1, 0, 0)'), there('Float32Array.of(0, 0, 1)')];
    const solver = new TransportSolver(distance);
    expect(solver.solve(p, q).cost).toBe(3);
    expect(solver.solveMany(there('[[1, 0, 0]]'), q)[0]?.cost).toBe(3);
    expect((await solver.solveManyAsync(there('[[1, 0, 0]]'), there('[[0, 0, 1]]')))[0]?.cost).toBe(3);
    expect(emd(there('[1]'), there('[.5, .5]'), there('[[1, 2]]')).cost).toBe(1.5);
  });

  it('are labels, and tables of them', () => {
    for (const type of ['Int8Array', 'Uint32Array', 'Float64Array', 'Array']) {
      const [classes, clusters] = [there(`${type}.of(0, 0, 1)`), there(`${type}.of(1, 1, 0)`)];
      expect([ari(classes, clusters), accuracy(classes, clusters), usedClusters(clusters)]).toEqual([1, 1, 2]);
      expect([...matchClusters(contingency(classes, clusters))]).toEqual([1, 0]);
    }
    expect([...matchClusters(there('({ data: Int32Array.of(0, 2, 1, 0), shape: [2, 2] })'))]).toEqual([1, 0]);
  });

  it('are rows of a TensorFlow.js loss', () => {
    const loss = geminiLoss(tf, objectives[1] as (typeof objectives)[number]);
    const predictions = tf.tensor2d([...tau.data], [3, 2]);
    expect(loss(predictions, there('Int32Array.of(2, 1, 0)')).dataSync()).toEqual(
      loss(predictions, [2, 1, 0]).dataSync(),
    );
  });

  it.each([
    ['integers', 'new Int32Array(6)', 'Int32Array(6)'],
    ['a DataView', 'new DataView(new ArrayBuffer(24))', 'a DataView'],
    ['what calls itself one', '({ [Symbol.toStringTag]: "Float32Array", length: 6 })', 'an object with keys length'],
    ['what inherits from one', 'Object.create(Float32Array.prototype)', 'a Float32Array'],
  ])('that are %s are refused', (_, code, received) => {
    expectError(
      thrownBy(() => kl({ mode: 'ova' }).value({ data: there(code), shape: [3, 2] })),
      { code: 'ERR_INVALID_ARG_TYPE', argument: 'predictions.data', received },
    );
  });
});

it('runs in a vm context of vitest, and takes its own results there', { timeout: 120_000 }, async () => {
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--config', path.join(root, 'test/realms/vitest.config.ts')];
  const { code, stdout, stderr } = await execute(process.execPath, args, {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1' },
  });
  expect(code, stdout + stderr).toBe(0);
  expect(stdout).toMatch(/Tests\D+4 passed/);
});

describe('tensors of onnxruntime', () => {
  const predictions = new Tensor('float32', tau.data, [3, 2]);

  it.each(objectives)('are predictions of $name', (objective) => {
    const { value, gradient } = objective.valueAndGrad(predictions);
    const expected = objective.valueAndGrad(tau);
    expect(value).toBe(expected.value);
    expect(gradient).toEqual(expected.gradient);
  });

  it('are features, in their precision', () => {
    for (const [type, data] of [
      ['float32', Float32Array.of(0, 1, 3)],
      ['float64', Float64Array.of(0, 1, 3)],
    ] as const) {
      const affinity = Affinity.distance(new Tensor(type, data, [3, 1]), { metric: 'euclidean' });
      expect(affinity.precision).toBe(type);
      expect(affinity.toMatrix().data[2]).toBe(3);
    }
  });

  it('are typed: whatever a session returns is a matrix', () => {
    const returned: OnnxTensor = predictions;
    const matrix: MatrixLike = returned;
    const data: Float32Array | Float64Array = kl({ mode: 'ova' }).valueAndGrad(matrix).gradient.data;
    expect(data).toBeInstanceOf(Float32Array);
  });

  const onGpu = Tensor.fromGpuBuffer({} as Parameters<typeof Tensor.fromGpuBuffer>[0], {
    dataType: 'float32',
    dims: [3, 2],
    download: async () => tau.data,
  });

  it('that are on a GPU are taken once they are downloaded, as the error says', async () => {
    const { value } = kl({ mode: 'ova' }).valueAndGrad(tau);
    expectError(
      thrownBy(() => kl({ mode: 'ova' }).value(onGpu)),
      {
        code: 'ERR_INVALID_ARG_TYPE',
        argument: 'predictions',
        expected: 'a tensor in the memory of the CPU',
        received: "a tensor at 'gpu-buffer'; download it first: { data: await tensor.getData(), dims: tensor.dims }",
      },
    );
    expect(kl({ mode: 'ova' }).value({ data: await onGpu.getData(), dims: onGpu.dims })).toBe(value);
  });

  const disposed = new Tensor('float32', tau.data.slice(), [3, 2]);
  disposed.dispose();
  const wrong: [string, TensorLike, ExpectedError][] = [
    [
      'of three dimensions',
      new Tensor('float32', new Float32Array(6), [1, 3, 2]),
      {
        code: 'ERR_OUT_OF_RANGE',
        argument: 'x.dims',
        expected: '[rows, columns], two sizes',
        received: '[1, 3, 2]; take one matrix out of the tensor, or pool its other dimensions',
      },
    ],
    [
      'of one dimension',
      new Tensor('float32', new Float32Array(6), [6]),
      { code: 'ERR_OUT_OF_RANGE', argument: 'x.dims', received: '[6]' },
    ],
    [
      'of integers',
      new Tensor('int64', new BigInt64Array(6), [3, 2]),
      { code: 'ERR_INVALID_ARG_TYPE', argument: 'x.type', expected: "'float32' or 'float64'", received: "'int64'" },
    ],
    [
      'of half precision',
      { type: 'float16', data: new Uint16Array(6), dims: [3, 2] },
      { code: 'ERR_INVALID_ARG_TYPE', argument: 'x.type', received: "'float16'; convert the numbers first" },
    ],
    [
      'of strings without a type',
      { data: ['a'], dims: [1, 1] },
      { code: 'ERR_INVALID_ARG_TYPE', argument: 'x.data', received: 'an array of length 1' },
    ],
    [
      'of other sizes',
      { data: new Float32Array(5), dims: [3, 2] },
      { code: 'ERR_OUT_OF_RANGE', argument: 'x.data', expected: '6 numbers for a 3 x 2 matrix', received: '5' },
    ],
    [
      'of a negative size',
      { data: new Float32Array(6), dims: [-3, -2] },
      { code: 'ERR_OUT_OF_RANGE', argument: 'x.dims', received: '[-3, -2]' },
    ],
    [
      'disposed of',
      disposed,
      { code: 'ERR_INVALID_ARG_TYPE', argument: 'x', expected: 'a tensor with data', received: 'disposed of' },
    ],
  ];
  it.each(wrong)('%s are refused', (_, tensor, error) => {
    expectError(
      thrownBy(() => Affinity.distance(tensor, { metric: 'euclidean' })),
      error,
    );
  });
});

describe('tensors of transformers.js', () => {
  /** A tensor like that library's: a proxy over a tensor of onnxruntime, with `stride` and `size` besides. */
  class Wrapped {
    constructor(readonly ort_tensor: Tensor) {
      // biome-ignore lint/correctness/noConstructorReturn: so it does
      return new Proxy(this, { get: (target, key) => Reflect.get(target, key) });
    }
    get dims() {
      return this.ort_tensor.dims;
    }
    get data() {
      return this.ort_tensor.data as Float32Array;
    }
    get type() {
      return this.ort_tensor.type;
    }
    get location() {
      return this.ort_tensor.location;
    }
    get size() {
      return this.ort_tensor.size;
    }
    stride() {
      return [2, 1];
    }
  }

  it('are matrices', () => {
    const tensor = new Wrapped(new Tensor('float32', tau.data, [3, 2]));
    const { value, gradient } = kl({ mode: 'ova' }).valueAndGrad(tensor);
    const expected = kl({ mode: 'ova' }).valueAndGrad(tau);
    expect([value, gradient]).toEqual([expected.value, expected.gradient]);
  });
});

it('takes a tensor of TensorFlow.js once it is read, as the error says', async () => {
  const tensor = tf.tensor2d([...tau.data], [3, 2]);
  expectError(
    thrownBy(() => kl({ mode: 'ova' }).value(tensor as never)),
    {
      code: 'ERR_INVALID_ARG_TYPE',
      argument: 'predictions',
      received: 'a tensor whose data is a function; read it first: { data: await tensor.data(), shape: tensor.shape }',
    },
  );
  const read = { data: (await tensor.data()) as Float32Array, shape: tensor.shape };
  expect(kl({ mode: 'ova' }).value(read)).toBe(kl({ mode: 'ova' }).value(tau));
});

describe('what cannot be read', () => {
  const revoked = () => {
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    return proxy as never;
  };
  const calls: [string, () => unknown][] = [
    ['predictions', () => kl({ mode: 'ova' }).value(revoked())],
    ['rows', () => kl({ mode: 'ova' }).value(tau, { rows: revoked() })],
    ['options', () => kl(revoked())],
    ['classes', () => ari(revoked(), [0])],
    ['p', () => emd(revoked(), [1], [[1]])],
  ];
  it.each(calls)('as %s, a draft after its end, has a code', (argument, call) => {
    expectError(thrownBy(call), { code: 'ERR_INVALID_ARG_TYPE', argument });
  });

  it('passes on an error that a getter of options throws', async () => {
    const mine = new Error('mine');
    const throwing = (name: string) =>
      Object.defineProperty({}, name, {
        enumerable: true,
        get() {
          throw mine;
        },
      }) as never;
    expect(thrownBy(() => kl(throwing('mode')))).toBe(mine);
    expect(thrownBy(() => kl({ mode: 'ova' }).value(tau, throwing('from')))).toBe(mine);
    expect(thrownBy(() => Affinity.kernel(x, throwing('kernel')))).toBe(mine);
    expect(thrownBy(() => new TransportSolver(distance, throwing('threads')))).toBe(mine);
    await expect(kl({ mode: 'ova' }).valueAsync(tau, throwing('signal'))).rejects.toBe(mine);
  });
});
