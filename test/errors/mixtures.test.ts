/** Wrong Gaussians, mixtures and options: the error names the argument, and nothing has changed. */
import { describe, expect, it } from 'vitest';
import {
  alphaJs,
  DirichletProcessMixture,
  type DirichletProcessMixtureModel,
  gaussianKl,
} from '../../src/mixtures/index.js';
import { native } from '../../src/native.js';
import { type ExpectedError, expectError, rejectionOf, thrownBy } from '../support/errors.js';
import { type Loose, matrixErrors, range, type } from '../support/wrong-inputs.js';

const right = { mean: [0, 1], variance: [1, 2] };
const full = {
  mean: [0, 1],
  covariance: [
    [2, 1],
    [1, 2],
  ],
};
const divergence = alphaJs();

describe('the options of divergences between Gaussians', () => {
  it.each<[string, () => unknown, ExpectedError]>([
    [
      'alpha 0',
      () => alphaJs({ alpha: 0 }),
      { code: range, argument: 'alpha', expected: 'interval (0, 1)', received: '0' },
    ],
    ['alpha 1', () => alphaJs({ alpha: 1 }), { code: range, argument: 'alpha', received: '1; gaussianKl()' }],
    ['a negative alpha', () => alphaJs({ alpha: -0.1 }), { code: range, argument: 'alpha', received: '-0.1' }],
    ['alpha above 1', () => alphaJs({ alpha: 1.5 }), { code: range, argument: 'alpha', received: '1.5' }],
    ['alpha NaN', () => alphaJs({ alpha: Number.NaN }), { code: range, argument: 'alpha', received: 'NaN' }],
    ['alpha as text', () => alphaJs({ alpha: '0.5' } as Loose), { code: type, argument: 'alpha', received: "'0.5'" }],
    [
      'another variant',
      () => alphaJs({ variant: 'other' } as Loose),
      { code: range, argument: 'variant', expected: "'deasy'" },
    ],
    ['dual as a number', () => alphaJs({ dual: 1 } as Loose), { code: type, argument: 'dual', received: '1' }],
    ['symmetrise as text', () => alphaJs({ symmetrise: 'yes' } as Loose), { code: type, argument: 'symmetrise' }],
    ['a negative floor', () => alphaJs({ floor: -1 }), { code: range, argument: 'floor', expected: '>= 0' }],
    ['another name', () => alphaJs({ skew: 0.5 } as Loose), { code: type, argument: 'options.skew' }],
    ['no options', () => gaussianKl(null as Loose), { code: type, argument: 'options', received: 'null' }],
    ['alpha of gaussianKl', () => gaussianKl({ alpha: 0.5 } as Loose), { code: type, argument: 'options.alpha' }],
  ])('%s', (_, call, error) => expectError(thrownBy(call), error));
});

const wrong: [string, unknown, ExpectedError][] = [
  ['nothing', undefined, { code: type, argument: 'p', expected: 'an object', received: 'undefined' }],
  ['an array', [0, 1], { code: type, argument: 'p', expected: 'an object', received: 'an array of length 2' }],
  [
    'a mean alone',
    { mean: [0, 1] },
    { code: type, argument: 'p', expected: 'one of variance, logVariance, covariance' },
  ],
  ['two forms', { ...right, logVariance: [0, 0] }, { code: type, argument: 'p', expected: 'one of variance' }],
  ['another name', { ...right, sigma: 1 }, { code: type, argument: 'p.sigma', expected: 'covariance' }],
  ['no mean', { variance: [1, 2] }, { code: type, argument: 'p.mean', received: 'undefined' }],
  [
    'a mean of nothing',
    { mean: [], variance: [] },
    { code: range, argument: 'p.mean', expected: 'at least one number' },
  ],
  [
    'no rows',
    { mean: { data: new Float64Array(0), shape: [0, 2] }, variance: [] },
    { code: range, argument: 'p.mean' },
  ],
  ['NaN', { ...right, mean: [0, Number.NaN] }, { code: range, argument: 'p.mean', received: 'NaN at feature 1' }],
  ['text', { ...right, mean: [0, '1'] }, { code: type, argument: 'p.mean[1]', expected: 'a number', received: "'1'" }],
  [
    'infinity in a row',
    {
      mean: [
        [0, 1],
        [2, Infinity],
      ],
      variance: [
        [1, 1],
        [1, 1],
      ],
    },
    { code: range, argument: 'p.mean', expected: 'finite numbers', received: 'Infinity at row 1, column 1' },
  ],
  [
    'a variance of 0',
    { ...right, variance: [1, 0] },
    { code: range, argument: 'p.variance', expected: '> 0', received: '0 at feature 1; floor' },
  ],
  [
    'a negative variance',
    { ...right, variance: [-1, 1] },
    { code: range, argument: 'p.variance', received: '-1 at feature 0' },
  ],
  [
    'three variances',
    { ...right, variance: [1, 2, 3] },
    { code: range, argument: 'p.variance', expected: '2 numbers, as p.mean has', received: '3' },
  ],
  [
    'variances of other rows',
    {
      mean: [[0, 1]],
      variance: [
        [0, 1],
        [1, 2],
      ],
    },
    { code: range, argument: 'p.variance', expected: '1 x 2 numbers', received: '2 x 2' },
  ],
  [
    'a logarithm that overflows',
    { mean: [0, 1], logVariance: [0, 800] },
    { code: range, argument: 'p.logVariance', expected: 'logarithms of variances that float64 holds', received: '800' },
  ],
  [
    'a logarithm that vanishes',
    { mean: [0, 1], logVariance: [0, -800] },
    { code: range, argument: 'p.logVariance', received: '-800' },
  ],
  [
    'a covariance that is not definite',
    {
      mean: [0, 1],
      covariance: [
        [1, 2],
        [2, 1],
      ],
    },
    {
      code: range,
      argument: 'p.covariance',
      expected: 'a positive definite matrix',
      received: 'a pivot of -3 in row 1; add',
    },
  ],
  [
    'a singular covariance',
    {
      mean: [0, 1],
      covariance: [
        [1, 1],
        [1, 1],
      ],
    },
    { code: range, argument: 'p.covariance', received: 'a pivot of 0' },
  ],
  [
    'a covariance of 0',
    { mean: [0], covariance: [[0]] },
    { code: range, argument: 'p.covariance', received: 'a pivot of 0 in row 0' },
  ],
  [
    'a covariance that is singular but for rounding',
    {
      mean: [0, 0],
      covariance: [
        [0.1 * 0.1, 0.1 * 0.3],
        [0.1 * 0.3, 0.3 * 0.3],
      ],
    },
    { code: range, argument: 'p.covariance', expected: 'a positive definite matrix' },
  ],
  [
    'a covariance that is not symmetric',
    {
      mean: [0, 1],
      covariance: [
        [2, 1],
        [0.5, 2],
      ],
    },
    {
      code: range,
      argument: 'p.covariance',
      expected: 'a symmetric matrix',
      received: '1 at row 0, column 1, and 0.5',
    },
  ],
  [
    'a covariance of another size',
    { mean: [0, 1], covariance: [[1]] },
    { code: range, argument: 'p.covariance', expected: '2 x 2', received: '1 x 1' },
  ],
  [
    'a covariance as a vector',
    { mean: [0, 1], covariance: [1, 2] },
    { code: range, argument: 'p.covariance', expected: '2 x 2', received: '2' },
  ],
  [
    'a covariance of many Gaussians',
    {
      mean: [
        [0, 1],
        [1, 0],
      ],
      covariance: [
        [1, 0],
        [0, 1],
      ],
    },
    { code: range, argument: 'p.mean', expected: '2 numbers, for one Gaussian', received: '2 x 2' },
  ],
];

describe('Gaussians', () => {
  it.each(wrong)('%s', (_, given, error) => {
    expectError(
      thrownBy(() => divergence.value(given as Loose, right)),
      error,
    );
    const asQ = {
      ...error,
      argument: error.argument.replace(/^p/, 'q'),
      expected: error.expected?.replace('p.mean', 'q.mean') ?? '',
    };
    expectError(
      thrownBy(() => divergence.valueAndGrad(right, given as Loose)),
      asQ,
    );
  });

  it.each(matrixErrors('p.variance').filter(([what]) => !/bare typed array|undefined/.test(what)))(
    '%s as variances',
    (_, given, error) => {
      expectError(
        thrownBy(() => divergence.value({ mean: [[0, 1]], variance: given as Loose }, right)),
        error,
      );
    },
  );

  it('of two forms, dimensions or numbers of rows', () => {
    const rows = {
      mean: [
        [0, 1],
        [1, 0],
      ],
      variance: [
        [1, 1],
        [1, 1],
      ],
    };
    expectError(
      thrownBy(() => divergence.value(right, full)),
      { code: type, argument: 'q', expected: 'variances, as p has' },
    );
    expectError(
      thrownBy(() => divergence.value(full, right)),
      { code: type, argument: 'q', expected: 'a covariance, as p has' },
    );
    expectError(
      thrownBy(() => divergence.value(right, { mean: [0], variance: [1] })),
      { code: range, argument: 'q.mean', expected: '1 x 2', received: '1 x 1' },
    );
    expectError(
      thrownBy(() => divergence.value(rows, right)),
      { code: range, argument: 'q.mean', expected: '2 x 2', received: '1 x 2' },
    );
  });

  it('whose divergence or gradient is not finite', () => {
    const far = { mean: [1e200, 0], variance: [1, 1] };
    const error = { code: range, argument: 'p and q', expected: 'finite numbers', received: 'an overflow' };
    expectError(
      thrownBy(() => divergence.value(far, right)),
      error,
    );
    const steep = { mean: Float32Array.of(1e30, 0), variance: Float32Array.of(1e-12, 1) };
    const flat = { mean: Float32Array.of(0, 0), variance: Float32Array.of(1, 1) };
    expectError(
      thrownBy(() => divergence.valueAndGrad(steep, flat)),
      error,
    );
    expect(divergence.value(steep, flat)).toBeGreaterThan(1e60);
  });
});

const x = { data: Float64Array.from({ length: 24 }, (_, i) => Math.sin(i * i)), shape: [12, 2] as const };
const make = (options: object) => () => new DirichletProcessMixture(options as Loose);

describe('the options of a mixture', () => {
  it.each<[string, () => unknown, ExpectedError]>([
    [
      'a truncation of 1',
      make({ truncation: 1 }),
      { code: range, argument: 'truncation', expected: '[2, ', received: '1' },
    ],
    ['half a component', make({ truncation: 2.5 }), { code: range, argument: 'truncation', received: '2.5' }],
    ['truncation as text', make({ truncation: '5' }), { code: type, argument: 'truncation', received: "'5'" }],
    [
      'another covariance',
      make({ covariance: 'tied' }),
      { code: range, argument: 'covariance', expected: "'diagonal', 'full'" },
    ],
    [
      'no concentration',
      make({ concentration: 0 }),
      { code: range, argument: 'concentration', expected: '> 0', received: '0' },
    ],
    [
      'a negative precision',
      make({ meanPrecisionPrior: -1 }),
      { code: range, argument: 'meanPrecisionPrior', received: '-1' },
    ],
    [
      'no degrees of freedom',
      make({ degreesOfFreedomPrior: 0 }),
      { code: range, argument: 'degreesOfFreedomPrior', expected: '> 0' },
    ],
    [
      'a negative regularization',
      make({ regularization: -1 }),
      { code: range, argument: 'regularization', expected: '>= 0' },
    ],
    ['no iterations', make({ maxIterations: 0 }), { code: range, argument: 'maxIterations', received: '0' }],
    ['a negative tolerance', make({ tolerance: -1 }), { code: range, argument: 'tolerance', received: '-1' }],
    ['half a seed', make({ seed: 0.5 }), { code: range, argument: 'seed', received: '0.5' }],
    ['another library', make({ compat: 'torch' }), { code: range, argument: 'compat', expected: "'sklearn'" }],
    [
      'another last stick',
      make({ lastStick: 'two' }),
      { code: range, argument: 'lastStick', expected: "'one', 'sklearn'" },
    ],
    [
      'a prior that is no number',
      make({ meanPrior: [0, Number.NaN] }),
      { code: range, argument: 'meanPrior', received: 'NaN at feature 1' },
    ],
    ['another name', make({ components: 3 }), { code: type, argument: 'options.components' }],
    [
      'no options',
      () => new DirichletProcessMixture(null as Loose),
      { code: type, argument: 'options', received: 'null' },
    ],
  ])('%s', (_, call, error) => expectError(thrownBy(call), error));
});

describe('a fit', () => {
  const fitted = (given: unknown, options: object = {}, of: object = {}) =>
    make(of)().fit(given as Loose, options as Loose);
  const constant = { data: x.data.map((each, at) => (at % 2 === 1 ? 3 : each)), shape: x.shape };
  const withNumber = (number: number) => {
    const data = x.data.slice();
    data[7] = number;
    return { data, shape: x.shape };
  };
  const shares = (rows: number, count: number, share = 1 / count) => ({
    data: new Float64Array(rows * count).fill(share),
    shape: [rows, count],
  });

  it.each(matrixErrors('x'))('%s', async (_, given, error) =>
    expectError(await rejectionOf(() => fitted(given)), error),
  );

  it.each<[string, () => Promise<unknown>, ExpectedError]>([
    ['one sample', () => fitted([[1, 2]]), { code: range, argument: 'x', expected: 'at least 2 rows', received: '1' }],
    ['no samples', () => fitted([]), { code: range, argument: 'x', expected: 'at least 2 rows', received: '0' }],
    [
      'no features',
      () => fitted([[], []]),
      { code: range, argument: 'x', expected: 'at least one column', received: 'none' },
    ],
    [
      'NaN',
      () => fitted(withNumber(Number.NaN)),
      { code: range, argument: 'x', expected: 'finite numbers', received: 'NaN at row 3, column 1' },
    ],
    ['infinity', () => fitted(withNumber(-Infinity)), { code: range, argument: 'x', received: '-Infinity at row 3' }],
    [
      'numbers whose squares overflow',
      () => fitted(withNumber(1e200)),
      { code: range, argument: 'x', received: 'an overflow; divide' },
    ],
    [
      'a constant feature',
      () => fitted(constant),
      { code: range, argument: 'x', expected: 'features that vary', received: 'the constant feature 1; remove it' },
    ],
    [
      'equal samples',
      () =>
        fitted([
          [1, 2],
          [1, 2],
          [1, 2],
        ]),
      { code: range, argument: 'x', received: 'the constant feature 0' },
    ],
    [
      'a feature that depends on another',
      () =>
        fitted({ data: x.data.map((_, at) => (at >> 1) * (1 + (at & 1))), shape: x.shape }, {}, { covariance: 'full' }),
      { code: range, argument: 'x', expected: 'positive definite covariance', received: 'at feature 1; remove' },
    ],
    [
      'a mean of other features',
      () => fitted(x, {}, { meanPrior: [0] }),
      { code: range, argument: 'meanPrior', expected: '2 numbers', received: '1' },
    ],
    [
      'variances for covariances',
      () => fitted(x, {}, { covariance: 'full', covariancePrior: [1, 1] }),
      { code: range, argument: 'covariancePrior', expected: '4 numbers' },
    ],
    [
      'variances of 0',
      () => fitted(x, {}, { covariancePrior: [1, 0] }),
      { code: range, argument: 'covariancePrior', expected: '> 0', received: '0 for feature 1' },
    ],
    [
      'too few degrees of freedom',
      () => fitted(x, {}, { degreesOfFreedomPrior: 1 }),
      { code: range, argument: 'degreesOfFreedomPrior', expected: '> 1', received: '1' },
    ],
    [
      'other responsibilities',
      () => fitted(x, { responsibilities: shares(12, 19) }),
      { code: range, argument: 'responsibilities', expected: '12 x 20', received: '12 x 19' },
    ],
    [
      'responsibilities of other samples',
      () => fitted(x, { responsibilities: shares(3, 20) }),
      { code: range, argument: 'responsibilities', received: '3 x 20' },
    ],
    [
      'responsibilities that are none',
      () => fitted(x, { responsibilities: shares(12, 20, 0.1) }),
      { code: range, argument: 'responsibilities', expected: 'sum to 1', received: 'in row 0' },
    ],
    ['an unknown option', () => fitted(x, { epochs: 3 }), { code: type, argument: 'options.epochs' }],
    ['a signal that is none', () => fitted(x, { signal: 3 }), { code: type, argument: 'signal' }],
    ['progress that is no function', () => fitted(x, { onProgress: 3 }), { code: type, argument: 'onProgress' }],
    ['a word for a boolean', () => fitted(x, { warmStart: 'yes' }), { code: type, argument: 'warmStart' }],
  ])('%s', async (_, call, error) => expectError(await rejectionOf(call), error));

  it('that fails leaves the mixture as it was', async () => {
    const mixture = await fitted(x);
    const before = mixture.save();
    await expect(mixture.fit(constant)).rejects.toThrow('constant feature');
    await expect(mixture.fit([[1], [2]], { warmStart: true })).rejects.toThrow('2 columns');
    expect(mixture.save()).toEqual(before);
    const stopped = mixture.fit(x, {
      onProgress: () => {
        throw new Error('of the callback');
      },
    });
    await expect(stopped).rejects.toThrow('of the callback');
    expect(mixture.save()).toEqual(before);
  });

  it('comes before predictions', async () => {
    const empty = new DirichletProcessMixture();
    const error = { code: type, argument: 'mixture', expected: 'a fitted mixture' };
    for (const call of [
      () => empty.predict(x),
      () => empty.predictProba(x),
      () => empty.weights,
      () => empty.lowerBound,
      () => empty.component(0),
      () => empty.pruned(),
      () => empty.save(),
    ])
      expectError(thrownBy(call), error);
    const mixture = await fitted(x);
    expectError(
      thrownBy(() => mixture.predict([[1, 2, 3]])),
      { code: range, argument: 'x', expected: '2 columns', received: '3' },
    );
    expectError(
      thrownBy(() => mixture.predict([[1, Number.NaN]])),
      { code: range, argument: 'x', received: 'NaN in row 0' },
    );
    expectError(
      thrownBy(() =>
        mixture.predictProba([
          [0, 1],
          [1e200, 0],
        ]),
      ),
      { code: range, argument: 'x', received: 'in row 1' },
    );
    expectError(
      thrownBy(() => mixture.component(20)),
      { code: range, argument: 'k', expected: '[0, 19]', received: '20' },
    );
    expectError(
      thrownBy(() => mixture.pruned(1e9)),
      { code: range, argument: 'least', received: '1000000000' },
    );
    const proxy = new Proxy(mixture, {});
    expectError(
      thrownBy(() => proxy.predict(x)),
      { code: type, argument: 'mixture', received: 'a Proxy around' },
    );
    await expect(proxy.fit(x)).rejects.toThrow('a Proxy around');
  });
});

describe('a model', () => {
  const { load } = DirichletProcessMixture;
  it('that save did not write', async () => {
    const model = (await new DirichletProcessMixture({ truncation: 3 }).fit(x)).save();
    const changed = (change: object) => () => load({ ...model, ...change } as DirichletProcessMixtureModel);
    const numbers = (name: string, list: unknown) => changed({ numbers: { ...model.numbers, [name]: list } });
    const cases: [() => unknown, ExpectedError][] = [
      [() => load(undefined as Loose), { code: type, argument: 'model', received: 'undefined' }],
      [changed({ model: 'k-means' }), { code: range, argument: 'model.model', received: "'k-means'" }],
      [changed({ version: 2 }), { code: range, argument: 'model.version', received: '2' }],
      [changed({ options: { truncation: 1 } }), { code: range, argument: 'truncation' }],
      [changed({ options: 3 }), { code: type, argument: 'model.options' }],
      [
        changed({ options: { covariance: 'full' } }),
        { code: range, argument: 'model.numbers.priorScatter', expected: '4 numbers' },
      ],
      [changed({ history: [] }), { code: range, argument: 'model.history', expected: 'at least one number' }],
      [changed({ converged: 1 }), { code: type, argument: 'model.converged' }],
      [changed({ labels: [] }), { code: type, argument: 'model.labels' }],
      [numbers('means', [1]), { code: range, argument: 'model.numbers.means', expected: '6 numbers', received: '1' }],
      [numbers('means', 'abc'), { code: type, argument: 'model.numbers.means', expected: 'an array of numbers' }],
      [numbers('weights', [0.5, 0.5, 'x']), { code: type, argument: 'model.numbers.weights[2]' }],
      [numbers('counts', []), { code: range, argument: 'model.numbers.counts' }],
      [
        numbers('scatters', [1, 1, 1, 1, 1, -1]),
        { code: range, argument: 'model.numbers', expected: 'positive spread' },
      ],
      [changed({ numbers: { means: [1] } }), { code: type, argument: 'model.numbers.priorMean' }],
    ];
    for (const [call, error] of cases) expectError(thrownBy(call), error);
    expect(load(model).save()).toEqual(model);
  });
});

describe('a pass of the core', () => {
  it('is refused for arrays of other lengths or types', () => {
    const samples = new native.Samples('float64', 3, 2, 1, 0);
    samples.append(new Float64Array(6), 6);
    const pass = (...changes: unknown[]) => {
      const call: unknown[] = [samples, new Float64Array(10), 2, true, false, new Float64Array(12), null, 0];
      for (let i = 0; i < changes.length; i += 2) call[changes[i] as number] = changes[i + 1];
      return thrownBy(() => (native.mixturePass as Loose)(...call));
    };
    expect(pass()).toBeUndefined();
    expectError(pass(1, new Float64Array(9)), {
      code: range,
      argument: 'parameters',
      expected: '10 numbers',
      received: '9',
    });
    expectError(pass(1, new Float32Array(10)), { code: type, argument: 'samples' });
    expectError(pass(2, 0), { code: range, argument: 'samples' });
    expectError(pass(2, 2 ** 40), { code: range, argument: 'samples' });
    expectError(pass(3, false), { code: range, argument: 'parameters', expected: '14 numbers' });
    expectError(pass(4, true), { code: type, argument: 'responsibilities' });
    expectError(pass(5, new Float64Array(11)), { code: range, argument: 'sums', expected: '12 numbers' });
    expectError(pass(5, new Float32Array(12)), { code: type, argument: 'samples' });
    expectError(pass(6, new Float64Array(5)), { code: range, argument: 'responsibilities', expected: '6 numbers' });
    expectError(pass(7, 'x'), { code: type, argument: 'done' });
    expectError(pass(0, {}), { code: type, argument: 'samples' });
    const bytes = new native.Samples('uint8', 3, 2, 1, 0);
    bytes.append(new Uint8Array(6), 6);
    expectError(pass(0, bytes), { code: type, argument: 'samples' });
  });
});
