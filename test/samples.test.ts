/** Samples in native memory: the same numbers as those of an array, and one copy for all. */
import { describe, expect, it } from 'vitest';
import { Affinity, mmd, type SampleData, Samples } from '../src/index.js';
import { Network, neighborLengths, train } from '../src/networks/index.js';
import { expectError, thrownBy } from './support/errors.js';
import { toFloat32 } from './support/matrices.js';
import { gaussian, random } from './support/random.js';

const [n, d, k] = [120, 7, 3];
const numbers = gaussian(random(5), n, d);
const bytes = {
  data: Uint8Array.from(numbers.data, (z) => 128 + 30 * z),
  shape: numbers.shape,
  scale: 1 / 30,
  offset: -4,
};
const arrays = { float64: numbers, float32: toFloat32(numbers), uint8: bytes };
const signal = AbortSignal.timeout(1e6);

/** All that reads samples. */
const answers: Record<string, (data: SampleData) => unknown> = {
  train: async (data) => {
    const network = Network.dense({ inputs: d, layers: [{ width: 5 }], outputs: k });
    const objective = mmd({ mode: 'ova', affinity: Affinity.kernel(data, { kernel: 'linear' }) });
    const vat = { epsilon: 'neighbours' } as const;
    const { history } = await train(network, { data, objective, epochs: 3, batchSize: 32, vat });
    return [network.parameters(), history.map(({ loss }) => loss)];
  },
  neighborLengths: (data) => neighborLengths(data, { signal }),
  predict: (data) => Network.linear({ inputs: d, outputs: k }).predict(data),
  predictProbaAsync: (data) => Network.linear({ inputs: d, outputs: k }).predictProbaAsync(data),
  forward: (data) => Network.linear({ inputs: d, outputs: k }).forward(data),
  'kernel, linear': (data) => Affinity.kernel(data, { kernel: 'linear' }).toMatrix(),
  'kernelAsync, rbf': async (data) => (await Affinity.kernelAsync(data, { kernel: 'rbf' })).rows([3, 1, 99]),
  distance: (data) => Affinity.distance(data, { metric: 'manhattan', storage: 'features' }).toMatrix(),
  hops: (data) => Affinity.hops(data, { neighbors: 4 }).toMatrix(),
};

describe.each(Object.entries(arrays))('Samples of %s', (type, array) => {
  const samples = new Samples(array);
  it('tell their shape, type and memory', () => {
    expect(samples).toMatchObject({ type, shape: [n, d], bytes: array.data.byteLength });
    expect(thrownBy(() => (samples.shape as unknown as number[]).push(1))).toBeInstanceOf(TypeError);
  });
  it.each(Object.entries(answers))('are read as the array is: %s', async (_, answer) => {
    expect(await answer(samples)).toEqual(await answer(array));
  });
  it('do not change with the array', () => {
    const data = array.data.slice() as typeof array.data;
    const own = new Samples({ ...array, data } as typeof bytes);
    data.fill(1);
    expect(answers.predict?.(own)).toEqual(answers.predict?.(array));
  });
});

describe('an affinity of Samples', () => {
  it('of bytes, with a linear kernel, has no copy of them', () => {
    const make = (data: SampleData) => Affinity.kernel(data, { kernel: 'linear' });
    expect(make(bytes).bytes - make(new Samples(bytes)).bytes).toBe(n * d);
    const float32 = make(new Samples(arrays.float32));
    expect(float32.bytes).toBe(make(arrays.float32).bytes);
  });
  it('has the precision of an affinity of the array', () => {
    const precision = (data: SampleData) => Affinity.kernel(data, { kernel: 'rbf' }).precision;
    for (const [type, array] of Object.entries(arrays))
      expect(precision(new Samples(array)), type).toBe(type === 'float64' ? 'float64' : 'float32');
  });
  it('stays right where the Samples are collected', async () => {
    const { setFlagsFromString } = await import('node:v8');
    const { runInNewContext } = await import('node:vm');
    setFlagsFromString('--expose-gc');
    const affinity = Affinity.kernel(new Samples(bytes), { kernel: 'linear' });
    for (let i = 0; i < 3; i++) {
      runInNewContext('gc')();
      await new Promise((resolve) => setTimeout(resolve, 5));
      new Samples({ ...bytes, data: bytes.data.map(() => 7) });
    }
    expect(affinity.toMatrix()).toEqual(Affinity.kernel(bytes, { kernel: 'linear' }).toMatrix());
  });
});

describe('wrong Samples', () => {
  const network = Network.linear({ inputs: d, outputs: k });
  it.each<[what: string, call: () => unknown, code: string, argument: string]>([
    ['of nothing', () => new Samples(undefined as never), 'ERR_INVALID_ARG_TYPE', 'data'],
    ['of Samples', () => new Samples(new Samples(bytes) as never), 'ERR_INVALID_ARG_TYPE', 'data'],
    ['of too few bytes', () => new Samples({ ...bytes, shape: [n, d + 1] }), 'ERR_OUT_OF_RANGE', 'data.data'],
    ['of other columns', () => network.predict(new Samples({ ...bytes, shape: [d, n] })), 'ERR_OUT_OF_RANGE', 'data'],
    [
      'of no samples',
      () => Affinity.kernel(new Samples({ data: new Uint8Array(), shape: [0, 2] }), { kernel: 'linear' }),
      'ERR_OUT_OF_RANGE',
      'x',
    ],
    [
      'of infinite features',
      () => network.predict(new Samples({ ...bytes, scale: 1e300 })),
      'ERR_OUT_OF_RANGE',
      'data',
    ],
    [
      'in place of a matrix',
      () => Affinity.precomputed(new Samples(bytes) as never, 'kernel'),
      'ERR_INVALID_ARG_TYPE',
      'matrix',
    ],
  ])('%s are refused', (_, call, code, argument) => {
    expectError(thrownBy(call), { code, argument });
  });
});
