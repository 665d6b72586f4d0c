/** Wrong inputs of networks, optimisers and trainings: the error names the argument, and nothing has changed. */
import { describe, expect, it, vi } from 'vitest';
import { Affinity, kl, mmd } from '../../src/index.js';
import { adam, Network, rmsprop, sgd, train } from '../../src/networks/index.js';
import { native } from '../../src/native.js';
import { type ExpectedError, expectError, rejectionOf, thrownBy } from '../support/errors.js';
import { type Loose, matrixErrors, range, type } from '../support/wrong-inputs.js';

const x = { data: Float64Array.from({ length: 24 }, (_, i) => Math.sin(i * i)), shape: [8, 3] as const };
const objective = kl({ mode: 'ova' });
const network = () => Network.dense({ inputs: 3, layers: [{ width: 4, batchNormalization: true }], outputs: 2 });
const layers = [{ width: 4 }];

type Case = [what: string, call: () => unknown, error: ExpectedError];

const constructors: Case[] = [
  ['no options', () => Network.dense(undefined as Loose), { code: type, argument: 'options', received: 'undefined' }],
  [
    'an unknown option',
    () => Network.dense({ inputs: 1, outputs: 2, width: 3 } as Loose),
    { code: type, argument: 'options.width' },
  ],
  [
    'no inputs',
    () => Network.linear({ outputs: 2 } as Loose),
    { code: type, argument: 'inputs', received: 'undefined' },
  ],
  [
    'half an input',
    () => Network.linear({ inputs: 1.5, outputs: 2 }),
    { code: range, argument: 'inputs', received: '1.5' },
  ],
  ['no clusters', () => Network.linear({ inputs: 1, outputs: 0 }), { code: range, argument: 'outputs', received: '0' }],
  [
    'layers that are none',
    () => Network.dense({ inputs: 1, layers: 4, outputs: 2 } as Loose),
    { code: type, argument: 'layers', received: '4' },
  ],
  [
    'a layer that is a number',
    () => Network.dense({ inputs: 1, layers: [4], outputs: 2 } as Loose),
    { code: type, argument: 'layers[0]', received: '4' },
  ],
  [
    'a layer without a width',
    () => Network.dense({ inputs: 1, layers: [{}], outputs: 2 } as Loose),
    { code: type, argument: 'layers[0].width' },
  ],
  [
    'an unknown activation',
    () => Network.dense({ inputs: 1, layers: [{ width: 1, activation: 'sine' }], outputs: 2 } as Loose),
    { code: range, argument: 'layers[0].activation', received: "'sine'" },
  ],
  [
    'a word for a boolean',
    () => Network.dense({ inputs: 1, layers: [{ width: 1, batchNormalization: 'yes' }], outputs: 2 } as Loose),
    { code: type, argument: 'layers[0].batchNormalization' },
  ],
  [
    'another precision',
    () => Network.linear({ inputs: 1, outputs: 2, precision: 'float16' } as Loose),
    { code: range, argument: 'precision' },
  ],
  [
    'a negative seed',
    () => Network.linear({ inputs: 1, outputs: 2, seed: -1 }),
    { code: range, argument: 'seed', received: '-1' },
  ],
  [
    'unknown initial values',
    () => Network.dense({ inputs: 1, outputs: 2, init: 'zero' } as Loose),
    { code: range, argument: 'init' },
  ],
  [
    'a head of scale 0',
    () => Network.dense({ inputs: 1, outputs: 2, headScale: 0 }),
    { code: range, argument: 'headScale', received: '0' },
  ],
  [
    'initial values of another kind',
    () => Network.table({ samples: 3, outputs: 2, init: 'he' } as Loose),
    { code: range, argument: 'init' },
  ],
  ['no samples', () => Network.kernel({ samples: 0, outputs: 2 }), { code: range, argument: 'samples' }],
  [
    'more weights than there is memory',
    () => Network.dense({ inputs: 2 ** 20, layers: [{ width: 2 ** 20 }], outputs: 2 }),
    { code: 'ERR_OUT_OF_MEMORY', argument: 'A network of this size' },
  ],
  ['new Network()', () => new (Network as Loose)(), { code: type, argument: 'Network', received: 'new Network()' }],
  ['a learning rate of 0', () => adam({ learningRate: 0 }), { code: range, argument: 'learningRate', received: '0' }],
  ['a learning rate that is none', () => adam({ learningRate: Number.NaN }), { code: range, argument: 'learningRate' }],
  ['an unknown option of adam', () => adam({ momentum: 0.9 } as Loose), { code: type, argument: 'options.momentum' }],
  ['beta1 of 1', () => adam({ beta1: 1 }), { code: range, argument: 'beta1', received: '1' }],
  ['an epsilon of 0', () => rmsprop({ epsilon: 0 }), { code: range, argument: 'epsilon' }],
  ['another decay', () => sgd({ decay: 'cosine' } as Loose), { code: range, argument: 'decay', received: "'cosine'" }],
  ['a norm of 0', () => sgd({ clipNorm: 0 }), { code: range, argument: 'clipNorm' }],
  ['another epsilon', () => adam({ epsilonOf: 'keras' } as Loose), { code: range, argument: 'epsilonOf' }],
];

const uses: Case[] = [
  [
    'two columns for three inputs',
    () => network().predict([[1, 2]]),
    { code: range, argument: 'data', expected: '3 columns', received: '2' },
  ],
  ['nothing to predict', () => network().predict(), { code: type, argument: 'data', received: 'undefined' }],
  [
    'a number that is not finite',
    () =>
      network().predictProba([
        [0, 0, 0],
        [1, Number.NaN, 2],
      ]),
    { code: range, argument: 'data', received: 'NaN at row 1, column 1' },
  ],
  [
    'a number beyond float32',
    () => network().logits([[0, 0, 1e300]]),
    { code: range, argument: 'data', expected: 'finite in float32', received: '1e+300 at row 0, column 2' },
  ],
  [
    'too few bytes',
    () => network().logits({ data: new Uint8Array(5), shape: [2, 3] }),
    { code: range, argument: 'data.data', expected: '6 bytes', received: '5' },
  ],
  [
    'a scale that is none',
    () => network().logits({ data: new Uint8Array(6), shape: [2, 3], scale: Number.NaN }),
    { code: range, argument: 'data.scale' },
  ],
  [
    'an offset beyond float32',
    () => network().logits({ data: new Uint8Array(6), shape: [2, 3], offset: 1e300 }),
    { code: range, argument: 'data', received: 'at row 0, column 0' },
  ],
  [
    'integers of 16 bits',
    () => network().logits({ data: new Uint16Array(6), shape: [2, 3] } as Loose),
    { code: type, argument: 'data.data' },
  ],
  [
    'an empty batch',
    () => network().forward({ data: new Float32Array(0), shape: [0, 3] }),
    { code: range, argument: 'batch', received: 'none' },
  ],
  ['another mode', () => network().forward(x, { mode: 'test' } as Loose), { code: range, argument: 'mode' }],
  [
    'a batch that is not finite',
    () => network().forward([[0, Infinity, 0]]),
    { code: range, argument: 'data', received: 'Infinity at row 0, column 1' },
  ],
  [
    'backward before forward',
    () => network().backward([[1, 2]]),
    { code: range, argument: 'backward', received: 'none' },
  ],
  [
    'a gradient of another shape',
    () => {
      const it = network();
      it.forward(x);
      it.backward([[1, 2]]);
    },
    { code: range, argument: 'gradient', expected: '8 x 2', received: '1 x 2' },
  ],
  [
    'a gradient that is not finite',
    () => {
      const it = network();
      it.forward([[1, 2, 3]]);
      it.backward([[1, Number.NaN]]);
    },
    { code: range, argument: 'gradient', received: 'NaN at row 0, column 1' },
  ],
  [
    'a word for input',
    () => network().backward([[1, 2]], { input: 'yes' } as Loose),
    { code: type, argument: 'input' },
  ],
  ['a step along a linear decay', () => adam({ decay: 'linear' }).step(network()), { code: range, argument: 'decay' }],
  [
    'a negative learning rate',
    () => adam().step(network(), { learningRate: -1 }),
    { code: range, argument: 'learningRate' },
  ],
  [
    'a step of something else',
    () => adam().step({} as Loose),
    { code: type, argument: 'network', expected: 'a Network' },
  ],
  [
    'row numbers of a table',
    () => Network.table({ samples: 3, outputs: 2 }).forward([3]),
    { code: range, argument: 'batch', received: '3' },
  ],
  [
    'features for a table',
    () => Network.table({ samples: 3, outputs: 2 }).predict(x),
    { code: range, argument: 'data', expected: 'none for a table' },
  ],
];

const loads: [what: string, change: (all: Loose) => Loose, error: ExpectedError][] = [
  ['nothing', () => undefined, { code: type, argument: 'parameters' }],
  [
    'one missing',
    ({ 'head.bias': _, ...others }) => others,
    { code: type, argument: "parameters['head.bias']", received: 'undefined' },
  ],
  [
    'one too many',
    (all) => ({ ...all, 'tail.bias': all['head.bias'] }),
    { code: type, argument: 'parameters.tail.bias' },
  ],
  [
    'too few numbers',
    (all) => ({ ...all, 'head.bias': { data: [1] } }),
    { code: range, argument: "parameters['head.bias'].data", expected: '2 numbers', received: '1' },
  ],
  [
    'another shape',
    (all) => ({ ...all, 'head.weights': { data: all['head.weights'].data, shape: [2, 4] } }),
    { code: range, argument: "parameters['head.weights'].shape", expected: '[4, 2]', received: '[2, 4]' },
  ],
  [
    'a word',
    (all) => ({ ...all, 'head.bias': { data: [1, 'b'] } }),
    { code: type, argument: "parameters['head.bias'].data[1]", received: "'b'" },
  ],
  [
    'a number that is not finite',
    (all) => ({ ...all, 'head.bias': { data: [Number.NaN, 1] } }),
    { code: range, argument: "parameters['head.bias'].data[0]", received: 'NaN' },
  ],
  [
    'a number beyond float32',
    (all) => ({ ...all, 'head.bias': { data: [1e300, 1] } }),
    { code: range, argument: "parameters['head.bias'].data[0]", received: '1e+300' },
  ],
  [
    'numbers without an object',
    (all) => ({ ...all, 'head.bias': 3 }),
    { code: type, argument: "parameters['head.bias']" },
  ],
];

const right = () => ({ data: x, objective, epochs: 1 });
const affinity = Affinity.kernel([[0], [1]], { kernel: 'linear' });
const trainings: [what: string, options: Loose, error: ExpectedError, of?: () => Network][] = [
  ['no options', undefined, { code: type, argument: 'options' }],
  ['an unknown option', { ...right(), epoch: 3 }, { code: type, argument: 'options.epoch' }],
  ['no objective', { ...right(), objective: undefined }, { code: type, argument: 'objective' }],
  ["an objective of one's own", { ...right(), objective: { ...objective } }, { code: type, argument: 'objective' }],
  ['no epochs', { ...right(), epochs: 0 }, { code: range, argument: 'epochs', received: '0' }],
  ['a batch of half a sample', { ...right(), batchSize: 0.5 }, { code: range, argument: 'batchSize' }],
  [
    'no rows',
    { ...right(), data: { data: new Float32Array(0), shape: [0, 3] } },
    { code: range, argument: 'data', received: 'none' },
  ],
  ['two columns', { ...right(), data: [[1, 2]] }, { code: range, argument: 'data', expected: '3 columns' }],
  [
    'other samples than the affinity',
    { ...right(), objective: mmd({ mode: 'ova', affinity }) },
    { code: range, argument: 'data', expected: '2 rows', received: '8' },
  ],
  [
    'a number that is not finite',
    {
      ...right(),
      data: [
        [0, 0, 0],
        [0, 0, -Infinity],
      ],
    },
    { code: range, argument: 'data', received: '-Infinity at row 1, column 2' },
  ],
  [
    'an optimiser of another kind',
    { ...right(), optimizer: 'adam' },
    { code: type, argument: 'optimizer', received: "'adam'" },
  ],
  ['a negative seed', { ...right(), seed: -3 }, { code: range, argument: 'seed' }],
  ['no threads', { ...right(), threads: 0 }, { code: range, argument: 'threads' }],
  ['a signal that is none', { ...right(), signal: {} }, { code: type, argument: 'signal' }],
  ['a callback that is none', { ...right(), onEpoch: 1 }, { code: type, argument: 'onEpoch' }],
  ['another callback that is none', { ...right(), onProgress: 1 }, { code: type, argument: 'onProgress' }],
  ['a snapshot that is text', { ...right(), resume: 'abc' }, { code: type, argument: 'resume' }],
  ['a snapshot of nothing', { ...right(), resume: new Uint8Array(0) }, { code: range, argument: 'resume' }],
  ['an unknown penalty', { ...right(), penalty: { l1: 1 } }, { code: type, argument: 'penalty.l1' }],
  ['a negative penalty', { ...right(), penalty: { l2: -1 } }, { code: range, argument: 'penalty.l2' }],
  [
    'a lasso without alpha',
    { ...right(), penalty: { groupLasso: {} } },
    { code: type, argument: 'penalty.groupLasso.alpha' },
  ],
  [
    'a feature that there is not',
    { ...right(), penalty: { groupLasso: { alpha: 1, groups: [[3]] } } },
    { code: range, argument: 'penalty.groupLasso.groups[0][0]', received: '3' },
  ],
  [
    'a feature twice',
    { ...right(), penalty: { groupLasso: { alpha: 1, groups: [[0, 1], [1]] } } },
    { code: range, argument: 'groups[1][0]' },
  ],
  [
    'a lasso beside a skip connection',
    { ...right(), penalty: { groupLasso: 1 } },
    { code: range, argument: 'penalty.groupLasso' },
    () => Network.lassoNet({ inputs: 3, layers, outputs: 2 }),
  ],
  [
    'hierarchy without a skip connection',
    { ...right(), penalty: { hierarchical: 1 } },
    { code: range, argument: 'penalty.hierarchical' },
  ],
  [
    'hierarchy with M = 0',
    { ...right(), penalty: { hierarchical: { alpha: 1, m: 0 } } },
    { code: range, argument: 'penalty.hierarchical.m' },
    () => Network.lassoNet({ inputs: 3, layers, outputs: 2 }),
  ],
  ['a kernel of features', { ...right(), penalty: { kernel: 1 } }, { code: range, argument: 'penalty.kernel' }],
  ['vat that is a number', { ...right(), vat: 1 }, { code: type, argument: 'vat' }],
  ['vat of weight 0', { ...right(), vat: { weight: 0 } }, { code: range, argument: 'vat.weight' }],
  [
    'too few distances',
    { ...right(), vat: { epsilon: [1, 2] } },
    { code: range, argument: 'vat.epsilon', expected: '8 numbers' },
  ],
  [
    'a negative distance',
    { ...right(), vat: { epsilon: [1, 2, 3, 4, 5, 6, 7, -8] } },
    { code: range, argument: 'vat.epsilon[7]' },
  ],
  ['half a step', { ...right(), vat: { power: 0.5 } }, { code: range, argument: 'vat.power' }],
  [
    'another normalization',
    { ...right(), vat: { normalization: 'none' } },
    { code: range, argument: 'vat.normalization' },
  ],
  [
    'vat of a table',
    { objective, epochs: 1, vat: {} },
    { code: range, argument: 'vat' },
    () => Network.table({ samples: 3, outputs: 2 }),
  ],
  [
    'data of a table',
    right(),
    { code: range, argument: 'data', expected: 'none' },
    () => Network.table({ samples: 3, outputs: 2 }),
  ],
];

it.each([...constructors, ...uses])('%s', (_, call, error) => {
  expectError(thrownBy(call), error);
});

it.each(matrixErrors('data'))('data: %s', async (_, data, error) => {
  const made = vi.spyOn(native, 'Samples');
  expectError(
    thrownBy(() => network().logits(data as Loose)),
    error,
  );
  expectError(await rejectionOf(() => network().logitsAsync(data as Loose)), error);
  expectError(await rejectionOf(() => train(network(), { ...right(), data: data as Loose })), error);
  expect(made.mock.calls).toHaveLength(0);
  made.mockRestore();
});

describe('load()', () => {
  it.each(loads)('%s', (_, change, error) => {
    const it = network();
    const before = it.parameters();
    expectError(
      thrownBy(() => it.load(change(before))),
      error,
    );
    expect(it.parameters()).toEqual(before);
  });
});

describe('train()', () => {
  it.each(trainings)('%s', async (_, options, error, of = network) => {
    const it = of();
    const before = it.parameters();
    expectError(await rejectionOf(() => train(it, options)), error);
    expect(it.parameters()).toEqual(before);
    it.load(before);
  });

  it('something that is no network', async () => {
    for (const it of [undefined, {}, adam()])
      expectError(await rejectionOf(() => train(it as Loose, right())), { code: type, argument: 'network' });
  });

  it('an affinity that is gone', async () => {
    const gone = Affinity.kernel(x, { kernel: 'linear' });
    const it = network();
    const before = it.parameters();
    const options = { ...right(), objective: mmd({ mode: 'ova', affinity: gone }) };
    gone.dispose();
    expect(await rejectionOf(() => train(it, options))).toMatchObject({ code: 'ERR_DISPOSED' });
    expect(it.parameters()).toEqual(before);
  });
});
