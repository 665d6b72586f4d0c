/** Wrong Gaussians and options of their divergences: the error names the argument. */
import { describe, expect, it } from 'vitest';
import { alphaJs, gaussianKl } from '../../src/mixtures/index.js';
import { type ExpectedError, expectError, thrownBy } from '../support/errors.js';
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
