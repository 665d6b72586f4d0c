/** Wrong features, matrices and options of affinities, and the errors they give. */
import { describe, expect, it } from 'vitest';
import { Affinity } from '../../src/index.js';
import { type ExpectedError, expectError, rejectionOf, thrownBy } from '../support/errors.js';
import {
  distance,
  kernel,
  type Loose,
  madeBefore,
  matrixErrors,
  n,
  range,
  type,
  type Wrong,
  x,
} from '../support/wrong-inputs.js';

describe('features', () => {
  const makers: [string, (matrix: Loose) => unknown, (matrix: Loose) => Promise<unknown>][] = [
    ['kernel', (m) => Affinity.kernel(m, { kernel: 'rbf' }), (m) => Affinity.kernelAsync(m, { kernel: 'rbf' })],
    [
      'distance',
      (m) => Affinity.distance(m, { metric: 'cosine' }),
      (m) => Affinity.distanceAsync(m, { metric: 'cosine' }),
    ],
    ['hops', (m) => Affinity.hops(m, { neighbors: 1 }), (m) => Affinity.hopsAsync(m, { neighbors: 1 })],
  ];
  const wrong: Wrong[] = [
    ...matrixErrors('x'),
    ['no samples', [], { code: range, argument: 'x', expected: 'at least one sample', received: '0 x 0' }],
    ['no features', { data: new Float64Array(0), shape: [4, 0] }, { code: range, argument: 'x', received: '4 x 0' }],
    [
      'NaN',
      [
        [1, 2],
        [3, Number.NaN],
      ],
      { code: range, argument: 'x', expected: 'finite', received: 'at row 1, column 1' },
    ],
    [
      'infinity',
      [
        [1, Number.POSITIVE_INFINITY],
        [3, 4],
      ],
      { code: range, argument: 'x', expected: 'finite', received: 'at row 0, column 1' },
    ],
  ];

  describe.each(makers)('of %s', (_, make, makeAsync) => {
    it.each(wrong)('%s', async (_what, value, error) => {
      expectError(
        thrownBy(() => make(value)),
        error,
      );
      expectError(await rejectionOf(() => makeAsync(value)), error);
    });
  });

  it.each(['chi2', 'additive_chi2'] as const)('negative for %s', (name) => {
    const error = thrownBy(() =>
      Affinity.kernel(
        [
          [1, 2],
          [3, -0.5],
        ],
        { kernel: name },
      ),
    );
    expectError(error, { code: range, argument: 'x', expected: '>= 0', received: '-0.5 at row 1, column 1' });
  });
});

describe('options of affinities', () => {
  const ofKernel = (options: Loose) => () => Affinity.kernel(x, options);
  const ofDistance = (options: Loose) => () => Affinity.distance(x, options);
  const ofHops = (options: Loose) => () => Affinity.hops(x, options);

  it.each<[string, () => unknown, ExpectedError]>([
    [
      'no kernel options',
      ofKernel(undefined),
      { code: type, argument: 'options', expected: 'an object', received: 'undefined' },
    ],
    ['no kernel', ofKernel({}), { code: type, argument: 'kernel', expected: "'linear', 'rbf'", received: 'undefined' }],
    [
      'an unknown kernel',
      ofKernel({ kernel: 'rbff' }),
      { code: range, argument: 'kernel', expected: "'linear', 'rbf'", received: "'rbff'" },
    ],
    [
      'a metric as kernel',
      ofKernel({ kernel: 'euclidean' }),
      { code: range, argument: 'kernel', received: "'euclidean'" },
    ],
    [
      'an unknown kernel option',
      ofKernel({ kernel: 'rbf', sigma: 1 }),
      { code: type, argument: 'options.sigma', expected: 'gamma', received: "'sigma'" },
    ],
    [
      'gamma as other text',
      ofKernel({ kernel: 'rbf', gamma: 'mean' }),
      { code: type, argument: 'gamma', expected: 'a number', received: "'mean'" },
    ],
    ['gamma NaN', ofKernel({ kernel: 'rbf', gamma: Number.NaN }), { code: range, argument: 'gamma', received: 'NaN' }],
    [
      'degree as text',
      ofKernel({ kernel: 'polynomial', degree: '3' }),
      { code: type, argument: 'degree', received: "'3'" },
    ],
    [
      'coef0 infinite',
      ofKernel({ kernel: 'sigmoid', coef0: Number.POSITIVE_INFINITY }),
      { code: range, argument: 'coef0', received: 'Infinity' },
    ],
    [
      'an unknown storage',
      ofKernel({ kernel: 'rbf', storage: 'disk' }),
      { code: range, argument: 'storage', expected: "'auto', 'dense', 'features'", received: "'disk'" },
    ],
    [
      'an unknown precision',
      ofKernel({ kernel: 'rbf', precision: 'float16' }),
      { code: range, argument: 'precision', expected: "'float32', 'float64'", received: "'float16'" },
    ],
    ['no metric', ofDistance({}), { code: type, argument: 'metric', expected: "'euclidean'", received: 'undefined' }],
    [
      'an unknown metric',
      ofDistance({ metric: 'hamming' }),
      { code: range, argument: 'metric', expected: "'euclidean'", received: "'hamming'" },
    ],
    [
      'gamma for a distance',
      ofDistance({ metric: 'euclidean', gamma: 1 }),
      { code: type, argument: 'options.gamma', received: "'gamma'" },
    ],
    [
      'an unknown hop option',
      ofHops({ radius: 1 }),
      { code: type, argument: 'options.radius', expected: 'quantile', received: "'radius'" },
    ],
    [
      'two ways to connect',
      ofHops({ quantile: 0.1, neighbors: 3 }),
      {
        code: range,
        argument: 'options',
        expected: 'one of quantile, neighbors, threshold',
        received: 'quantile and neighbors',
      },
    ],
    [
      'quantile above 1',
      ofHops({ quantile: 1.5 }),
      { code: range, argument: 'quantile', expected: '[0, 1]', received: '1.5' },
    ],
    ['quantile below 0', ofHops({ quantile: -0.1 }), { code: range, argument: 'quantile', received: '-0.1' }],
    [
      'no neighbours',
      ofHops({ neighbors: 0 }),
      { code: range, argument: 'neighbors', expected: 'an integer', received: '0' },
    ],
    [
      'half a neighbour',
      ofHops({ neighbors: 1.5 }),
      { code: range, argument: 'neighbors', expected: 'an integer', received: '1.5' },
    ],
    ['more neighbours than samples', ofHops({ neighbors: n }), { code: range, argument: 'neighbors', received: '8' }],
    ['a threshold below 0', ofHops({ threshold: -1 }), { code: range, argument: 'threshold', received: '-1' }],
    [
      'another word for disconnected',
      ofHops({ neighbors: 1, disconnected: '3n' }),
      { code: range, argument: 'disconnected', expected: "'2n', 'n'", received: "'3n'" },
    ],
    [
      'disconnected below 0',
      ofHops({ neighbors: 1, disconnected: -4 }),
      { code: range, argument: 'disconnected', received: '-4' },
    ],
    [
      'disconnected NaN',
      ofHops({ neighbors: 1, disconnected: Number.NaN }),
      { code: range, argument: 'disconnected', received: 'NaN' },
    ],
    [
      'hops of a kernel',
      () => Affinity.hops(kernel, { neighbors: 1 }),
      { code: type, argument: 'x', expected: 'distance', received: 'a kernel' },
    ],
    [
      'an affinity by its constructor',
      () => new (Affinity as Loose)(),
      { code: type, argument: 'Affinity', expected: 'Affinity.kernel', received: 'new Affinity()' },
    ],
    ['rows of nothing', () => kernel.rows(undefined as Loose), { code: type, argument: 'rows', received: 'undefined' }],
    [
      'rows beyond the last',
      () => kernel.rows([0, 8]),
      { code: range, argument: 'rows', expected: '[0, 8)', received: '8 at index 1' },
    ],
    [
      'negative rows',
      () => distance.rows(Int32Array.of(-1)),
      { code: range, argument: 'rows', expected: '[0, 8)', received: '-1 at index 0' },
    ],
  ])('%s', (_what, call, error) => expectError(thrownBy(call), error));

  it.each<[string, () => Promise<unknown>, ExpectedError]>([
    [
      'kernelAsync',
      () => Affinity.kernelAsync(x, { kernel: 'no' as Loose }),
      { code: range, argument: 'kernel', received: "'no'" },
    ],
    [
      'distanceAsync',
      () => Affinity.distanceAsync(x, { metric: 'no' as Loose }),
      { code: range, argument: 'metric', received: "'no'" },
    ],
    ['hopsAsync', () => Affinity.hopsAsync(x, { quantile: 2 }), { code: range, argument: 'quantile', received: '2' }],
    [
      'a signal that is none',
      () => Affinity.kernelAsync(x, { kernel: 'rbf', signal: 1 as Loose }),
      { code: type, argument: 'signal', expected: 'an AbortSignal', received: '1' },
    ],
    [
      'onProgress that is none',
      () => Affinity.kernelAsync(x, { kernel: 'rbf', onProgress: 1 as Loose }),
      { code: type, argument: 'onProgress', expected: 'a function', received: '1' },
    ],
  ])('%s rejects', async (_what, call, error) => expectError(await rejectionOf(call), error));
});

describe('precomputed', () => {
  const make =
    (matrix: Loose, kind: Loose = 'distance', options: Loose = {}) =>
    () =>
      Affinity.precomputed(matrix, kind, options);
  const square = [
    [0, 1],
    [1, 0],
  ];

  it.each<[string, () => unknown, ExpectedError]>([
    ...matrixErrors('matrix').map(
      ([what, value, error]) => [what, make(value), error] as [string, () => unknown, ExpectedError],
    ),
    ['not square', make([[0, 1]]), { code: range, argument: 'matrix', expected: 'square', received: '1 x 2' }],
    ['empty', make([]), { code: range, argument: 'matrix', expected: 'square', received: '0 x 0' }],
    [
      'NaN',
      make([
        [0, Number.NaN],
        [1, 0],
      ]),
      { code: range, argument: 'matrix', expected: 'finite', received: 'at row 0, column 1' },
    ],
    [
      'an infinite kernel',
      make(
        [
          [Number.POSITIVE_INFINITY, 0],
          [0, 1],
        ],
        'kernel',
      ),
      { code: range, argument: 'matrix', expected: 'finite', received: 'at row 0, column 0' },
    ],
    [
      'a negative distance',
      make([
        [0, -1],
        [-1, 0],
      ]),
      { code: range, argument: 'matrix', expected: '>= 0', received: '-1 at row 0, column 1' },
    ],
    [
      'asymmetric distances',
      make([
        [0, 1],
        [2, 0],
      ]),
      { code: range, argument: 'matrix', expected: 'symmetric', received: '2 at row 1, column 0' },
    ],
    [
      'an asymmetric kernel',
      make(
        [
          [1, 0.1],
          [0.2, 1],
        ],
        'kernel',
      ),
      { code: range, argument: 'matrix', expected: 'symmetric', received: '0.2 at row 1, column 0' },
    ],
    [
      'distances with a diagonal',
      make([
        [1, 1],
        [1, 0],
      ]),
      { code: range, argument: 'matrix', expected: 'zero diagonal', received: '1 at row 0, column 0' },
    ],
    [
      'another kind',
      make(square, 'metric'),
      { code: range, argument: 'kind', expected: "'kernel', 'distance'", received: "'metric'" },
    ],
    [
      'an unknown option',
      make(square, 'distance', { check: false }),
      { code: type, argument: 'options.check', received: "'check'" },
    ],
    [
      'metric that is no boolean',
      make(square, 'distance', { metric: 1 }),
      { code: type, argument: 'metric', expected: 'a boolean', received: '1' },
    ],
    [
      'another precision',
      make(square, 'distance', { precision: 'double' }),
      { code: range, argument: 'precision', received: "'double'" },
    ],
  ])('%s', (_what, call, error) => expectError(thrownBy(call), error));

  it('a missing kind', () => {
    const error = thrownBy(() => (Affinity.precomputed as Loose)(square));
    expectError(error, { code: type, argument: 'kind', expected: "'kernel', 'distance'", received: 'undefined' });
  });
});

describe('wrong options are refused before features are copied', () => {
  it.each<[string, () => unknown]>([
    ['hops with another word for disconnected', () => Affinity.hops(x, { disconnected: '3n' as 'n' })],
    ['hops with too many neighbours to fit', () => Affinity.hops(x, { neighbors: Number.MAX_SAFE_INTEGER })],
  ])('%s', (_, call) => expect(madeBefore(call)).toBe(0));
});
