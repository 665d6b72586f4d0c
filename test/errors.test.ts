/** Every wrong input: the class of its error, its code, and a message with argument, expected and received. */
import { describe, expect, expectTypeOf, it, onTestFinished, vi } from 'vitest';
import {
  Affinity,
  add,
  chi2,
  config,
  emd,
  entropy,
  fDivergence,
  GenmiError,
  gemini,
  hellinger,
  info,
  kl,
  type Matrix,
  mmd,
  type Objective,
  scale,
  TransportSolver,
  tv,
  wasserstein,
} from '../src/index.js';
import { type NativeSolver, native } from '../src/native.js';
import { type ExpectedError, expectError, rejectionOf, thrownBy } from './support/errors.js';
import { asView, toFloat32 } from './support/matrices.js';
import { gaussian, probabilities, random } from './support/random.js';

const next = random(13);
const n = 8;
const x = gaussian(next, n, 2);
const tau = probabilities(next, n, 3);
const kernel = Affinity.kernel(x, { kernel: 'rbf' });
const distance = Affinity.distance(x, { metric: 'euclidean' });
const objectives: Record<string, Objective> = {
  kl: kl({ mode: 'ova' }),
  tv: tv({ mode: 'ovo' }),
  mmd: mmd({ mode: 'ovo', affinity: kernel }),
  wasserstein: wasserstein({ mode: 'ova', affinity: distance }),
  sum: add(kl({ mode: 'ova' }), mmd({ mode: 'ova', affinity: kernel })),
};

const type = 'ERR_INVALID_ARG_TYPE';
const range = 'ERR_OUT_OF_RANGE';

// Calls of JavaScript users: the types would not let them pass.
// biome-ignore lint/suspicious/noExplicitAny: that is the point
type Loose = any;

type Wrong = [what: string, value: unknown, error: ExpectedError];

function matrixErrors(argument: string): Wrong[] {
  return [
    ['undefined', undefined, { code: type, argument, expected: 'a matrix { data, shape }', received: 'undefined' }],
    ['null', null, { code: type, argument, received: 'null' }],
    ['a number', 3, { code: type, argument, received: '3' }],
    ['a string', 'abc', { code: type, argument, received: "'abc'" }],
    ['a bare typed array', tau.data, { code: type, argument, received: 'Float64Array(24)' }],
    ['no shape', { data: tau.data }, { code: type, argument, received: 'an object with keys data' }],
    [
      'a plain array as data',
      { data: [1, 2], shape: [1, 2] },
      {
        code: type,
        argument: `${argument}.data`,
        expected: 'Float32Array or Float64Array',
        received: 'an array of length 2',
      },
    ],
    [
      'integers',
      { data: new Int32Array(2), shape: [1, 2] },
      { code: type, argument: `${argument}.data`, received: 'Int32Array(2)' },
    ],
    [
      '5 numbers for 3 x 2',
      { data: new Float64Array(5), shape: [3, 2] },
      { code: range, argument: `${argument}.data`, expected: '6 numbers for a 3 x 2 matrix', received: '5' },
    ],
    [
      'three sizes',
      { data: new Float64Array(6), shape: [3, 2, 1] },
      { code: range, argument: `${argument}.shape`, expected: '[rows, columns]', received: '[3, 2, 1]' },
    ],
    [
      'a negative size',
      { data: new Float64Array(6), shape: [-3, -2] },
      { code: range, argument: `${argument}.shape`, received: '[-3, -2]' },
    ],
    [
      'half a size',
      { data: new Float64Array(6), shape: [1.5, 4] },
      { code: range, argument: `${argument}.shape`, received: '[1.5, 4]' },
    ],
    [
      'a shape that is none',
      { data: new Float64Array(6), shape: '3x2' },
      { code: range, argument: `${argument}.shape`, received: "'3x2'" },
    ],
    ...(
      [
        ['transposed, as ndarray has it', { stride: [1, 3], offset: 0 }, 'stride', '[2, 1], row-major', '[1, 3]'],
        ['every other column', { stride: [4, 2], offset: 0 }, 'stride', '[2, 1]', '[4, 2]'],
        ['reversed', { stride: Int32Array.of(-2, 1), offset: 4 }, 'stride', '[2, 1]', '[-2, 1]'],
        ['transposed, as stdlib has it', { strides: [1, 3], order: 'column-major' }, 'strides', '[2, 1]', '[1, 3]'],
        ['strides of one dimension', { strides: [2] }, 'strides', '[2, 1]', '[2]'],
        ['strides that are none', { strides: () => [2, 1] }, 'strides', '[2, 1]', 'a function'],
        ['an offset', { stride: [2, 1], offset: 2 }, 'offset', '0', '2'],
        ['column-major by a word', { order: 'F' }, 'order', "'row-major'", "'F'"],
      ] as const
    ).map(
      ([what, layout, property, expected, received]): Wrong => [
        what,
        { data: new Float64Array(6), shape: [3, 2], ...layout },
        {
          code: range,
          argument: `${argument}.${property}`,
          expected,
          received: `${received}; copy it into row-major order first`,
        },
      ],
    ),
    ['ragged rows', [[1, 2], [3]], { code: range, argument: `${argument}[1]`, expected: '2 numbers', received: '1' }],
    [
      'rows that are none',
      [[1, 2], 'ab'],
      { code: type, argument: `${argument}[1]`, expected: 'an array of numbers', received: "'ab'" },
    ],
    [
      'an entry that is no number',
      [[1, 'b']],
      { code: type, argument: `${argument}[0][1]`, expected: 'a number', received: "'b'" },
    ],
  ];
}

describe.each(Object.entries(objectives))('predictions of %s', (_, objective) => {
  const wrong: Wrong[] = [
    ...matrixErrors('predictions'),
    ['no rows', [], { code: range, argument: 'predictions', expected: 'at least one row', received: '0 x 0' }],
    ['no columns', [[], []], { code: range, argument: 'predictions', received: '2 x 0' }],
    [
      'NaN',
      { data: tau.data.with(7, Number.NaN), shape: [n, 3] },
      { code: range, argument: 'predictions', expected: 'finite', received: 'at row 2, column 1' },
    ],
    [
      'infinity',
      { data: tau.data.with(3, Number.NEGATIVE_INFINITY), shape: [n, 3] },
      { code: range, argument: 'predictions', expected: 'finite', received: 'at row 1, column 0' },
    ],
  ];

  it.each(wrong)('%s', async (_what, value, error) => {
    const calls = objective as Loose;
    expectError(
      thrownBy(() => calls.value(value)),
      error,
    );
    expectError(
      thrownBy(() => calls.valueAndGrad(value)),
      error,
    );
    expectError(
      thrownBy(() => calls.valueAndGrad(value, { from: 'logits' })),
      error,
    );
    expectError(await rejectionOf(() => calls.valueAsync(value)), error);
    expectError(await rejectionOf(() => calls.valueAndGradAsync(value)), error);
  });

  it.each<[string, unknown, ExpectedError]>([
    ['that are none', 3, { code: type, argument: 'options', expected: 'an object', received: '3' }],
    [
      'unknown',
      { form: 'logits' },
      { code: type, argument: 'options.form', expected: 'from, rows, clip, epsilon, out', received: "'form'" },
    ],
    [
      'from elsewhere',
      { from: 'logit' },
      { code: range, argument: 'from', expected: "'probabilities', 'logits'", received: "'logit'" },
    ],
    ['from a number', { from: 1 }, { code: type, argument: 'from', received: '1' }],
    [
      'another clip',
      { clip: 'hard' },
      { code: range, argument: 'clip', expected: "'fused', 'mask'", received: "'hard'" },
    ],
    ['epsilon 0', { epsilon: 0 }, { code: range, argument: 'epsilon', expected: '(0, 0.5)', received: '0' }],
    ['epsilon 0.5', { epsilon: 0.5 }, { code: range, argument: 'epsilon', expected: '(0, 0.5)', received: '0.5' }],
    ['epsilon -1', { epsilon: -1 }, { code: range, argument: 'epsilon', received: '-1' }],
    ['epsilon NaN', { epsilon: Number.NaN }, { code: range, argument: 'epsilon', received: 'NaN' }],
    [
      'epsilon as text',
      { epsilon: '1e-9' },
      { code: type, argument: 'epsilon', expected: 'a number', received: "'1e-9'" },
    ],
    [
      'rows of text',
      { rows: 'all' },
      { code: type, argument: 'rows', expected: 'an Int32Array or an array of integers', received: "'all'" },
    ],
    ['rows of floats', { rows: new Float32Array(n) }, { code: type, argument: 'rows', received: 'Float32Array(8)' }],
    [
      'a row that is no number',
      { rows: [0, '1'] },
      { code: type, argument: 'rows[1]', expected: 'an integer', received: "'1'" },
    ],
    ['half a row', { rows: [0, 0.5] }, { code: range, argument: 'rows[1]', expected: 'an integer', received: '0.5' }],
    ['a row beyond int32', { rows: [2 ** 31] }, { code: range, argument: 'rows[0]', received: '2147483648' }],
  ])('options %s', async (_what, options, error) => {
    const calls = objective as Loose;
    expectError(
      thrownBy(() => calls.value(tau, options)),
      error,
    );
    expectError(
      thrownBy(() => calls.valueAndGrad(tau, options)),
      error,
    );
    if (typeof options === 'object') {
      expectError(await rejectionOf(() => calls.valueAsync(tau, options)), error);
      expectError(await rejectionOf(() => calls.valueAndGradAsync(tau, options)), error);
    }
  });

  it.each<[string, unknown, ExpectedError]>([
    ['too short', new Float64Array(23), { code: range, argument: 'out', expected: '24 numbers', received: '23' }],
    ['too long', new Float32Array(25), { code: range, argument: 'out', expected: '24 numbers', received: '25' }],
    [
      'integers',
      new Int32Array(24),
      { code: type, argument: 'out', expected: 'Float32Array or Float64Array', received: 'Int32Array(24)' },
    ],
    ['an array', [], { code: type, argument: 'out', received: 'an array of length 0' }],
    [
      'the predictions',
      tau.data,
      { code: range, argument: 'out', expected: 'memory of its own', received: 'predictions' },
    ],
  ])('out that is %s', async (_what, out, error) => {
    const calls = objective as Loose;
    expectError(
      thrownBy(() => calls.valueAndGrad(tau, { out })),
      error,
    );
    expectError(await rejectionOf(() => calls.valueAndGradAsync(tau, { out })), error);
  });

  it('out that overlaps the predictions', () => {
    const memory = new Float64Array(40);
    const inside: Matrix = { data: memory.subarray(0, 24), shape: [n, 3] };
    const error = { code: range, argument: 'out', expected: 'memory of its own' };
    expectError(
      thrownBy(() => objective.valueAndGrad(inside, { out: memory.subarray(16, 40) })),
      error,
    );
  });

  it('a signal that is none', async () => {
    const calls = objective as Loose;
    const error = { code: type, argument: 'signal', expected: 'an AbortSignal', received: "'stop'" };
    expectError(await rejectionOf(() => calls.valueAsync(tau, { signal: 'stop' })), error);
    expectError(await rejectionOf(() => calls.valueAndGradAsync(tau, { signal: 'stop' })), error);
  });

  it.each([
    [0, 3],
    [8, 0],
    [-1, 3],
    [1.5, 3],
    [Number.NaN, 3],
    ['8', 3],
  ])('an estimate for %s x %s', (rows, columns) => {
    const error = thrownBy(() => (objective as Loose).estimate(rows, columns));
    expect(error).toMatchObject({ code: typeof rows === 'string' ? type : range });
    expect((error as Error).message).toMatch(/^[nk]: expected an integer.*, received /);
  });
});

describe.each(['mmd', 'wasserstein', 'sum'] as const)('rows of %s', (name) => {
  const objective = objectives[name] as Objective;
  const three = probabilities(next, 3, 3);

  it.each<[string, Matrix, number[] | Int32Array | undefined, ExpectedError]>([
    [
      'missing for a mini-batch',
      three,
      undefined,
      { code: range, argument: 'predictions', expected: '8 rows', received: '3' },
    ],
    ['too few', three, [0, 1], { code: range, argument: 'rows', expected: '3 indices', received: '2' }],
    [
      'too many',
      three,
      Int32Array.of(0, 1, 2, 3),
      { code: range, argument: 'rows', expected: '3 indices', received: '4' },
    ],
    ['none', three, [], { code: range, argument: 'rows', expected: '3 indices', received: '0' }],
    ['negative', three, [0, -1, 2], { code: range, argument: 'rows', expected: '[0, 8)', received: '-1 at index 1' }],
    [
      'beyond the last',
      three,
      Int32Array.of(0, 1, 8),
      { code: range, argument: 'rows', expected: '[0, 8)', received: '8 at index 2' },
    ],
  ])('%s', async (_what, predictions, rows, error) => {
    const options = rows === undefined ? {} : { rows };
    expectError(
      thrownBy(() => objective.value(predictions, options)),
      error,
    );
    expectError(
      thrownBy(() => objective.valueAndGrad(predictions, options)),
      error,
    );
    expectError(await rejectionOf(() => objective.valueAsync(predictions, options)), error);
    expectError(await rejectionOf(() => objective.valueAndGradAsync(predictions, options)), error);
  });
});

it('a sum over affinities of different samples', () => {
  const larger = mmd({ mode: 'ova', affinity: Affinity.kernel(gaussian(next, n + 1, 2), { kernel: 'rbf' }) });
  for (const terms of [
    [objectives.mmd, larger],
    [larger, objectives.kl, objectives.sum],
  ]) {
    expectError(
      thrownBy(() => add(...(terms as Objective[]))),
      { code: range, argument: 'objectives', expected: 'the same samples', received: 'different sizes' },
    );
  }
});

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

  it('no kind', () => {
    const error = thrownBy(() => (Affinity.precomputed as Loose)(square));
    expectError(error, { code: type, argument: 'kind', expected: "'kernel', 'distance'", received: 'undefined' });
  });
});

describe('objectives', () => {
  const loose = { kl, tv, hellinger, chi2, fDivergence, mmd, wasserstein, entropy, gemini, add, scale } as Loose;

  it.each(['kl', 'tv', 'hellinger', 'chi2', 'fDivergence', 'mmd', 'wasserstein'])(
    '%s without a mode, or with another',
    (name) => {
      const rest =
        { fDivergence: { f: 'kl' }, mmd: { affinity: kernel }, wasserstein: { affinity: distance } }[name] ?? {};
      expectError(
        thrownBy(() => loose[name](undefined)),
        { code: type, argument: 'options', expected: 'an object', received: 'undefined' },
      );
      expectError(
        thrownBy(() => loose[name](rest)),
        { code: type, argument: 'mode', expected: "'ova', 'ovo'", received: 'undefined' },
      );
      expectError(
        thrownBy(() => loose[name]({ ...rest, mode: 'one' })),
        { code: range, argument: 'mode', expected: "'ova', 'ovo'", received: "'one'" },
      );
      expectError(
        thrownBy(() => loose[name]({ ...rest, mode: 'ova', speed: 1 })),
        { code: type, argument: 'options.speed', received: "'speed'" },
      );
    },
  );

  const disposed = () => {
    const affinity = Affinity.kernel(x, { kernel: 'rbf' });
    affinity.dispose();
    return affinity;
  };

  it.each<[string, () => unknown, ExpectedError]>([
    [
      'a distance for mmd',
      () => mmd({ mode: 'ova', affinity: distance }),
      { code: type, argument: 'affinity', expected: 'a kernel', received: 'a distance' },
    ],
    [
      'a kernel for wasserstein',
      () => wasserstein({ mode: 'ova', affinity: kernel }),
      { code: type, argument: 'affinity', expected: 'a distance', received: 'a kernel' },
    ],
    [
      'no affinity for mmd',
      () => loose.mmd({ mode: 'ova' }),
      { code: type, argument: 'affinity', expected: 'an Affinity', received: 'undefined' },
    ],
    [
      'a matrix for wasserstein',
      () => loose.wasserstein({ mode: 'ova', affinity: x }),
      { code: type, argument: 'affinity', expected: 'an Affinity', received: 'an object with keys data, shape' },
    ],
    [
      'a forged affinity',
      () => loose.mmd({ mode: 'ova', affinity: Object.create(Affinity.prototype) }),
      { code: type, argument: 'affinity', expected: 'an Affinity' },
    ],
    [
      'squared that is no boolean',
      () => loose.mmd({ mode: 'ova', affinity: kernel, squared: 1 }),
      { code: type, argument: 'squared', expected: 'a boolean', received: '1' },
    ],
    [
      'another convention',
      () => loose.chi2({ mode: 'ova', convention: 'gemclus' }),
      { code: range, argument: 'convention', expected: "'pearson', 'half'", received: "'gemclus'" },
    ],
    ['no divergence', () => loose.fDivergence({ mode: 'ova' }), { code: type, argument: 'f', received: 'undefined' }],
    [
      'an unknown divergence',
      () => loose.fDivergence({ mode: 'ova', f: 'wasserstein' }),
      { code: range, argument: 'f', expected: "'kl'", received: "'wasserstein'" },
    ],
    [
      'an alpha that is none',
      () => loose.fDivergence({ mode: 'ova', f: { alpha: '2' } }),
      { code: type, argument: 'f.alpha', received: "'2'" },
    ],
    [
      'alpha NaN',
      () => fDivergence({ mode: 'ova', f: { alpha: Number.NaN } }),
      { code: range, argument: 'f.alpha', received: 'NaN' },
    ],
    [
      'something beside alpha',
      () => loose.fDivergence({ mode: 'ova', f: { alpha: 2, beta: 1 } }),
      { code: type, argument: 'f.beta', received: "'beta'" },
    ],
    [
      'pairs one-vs-all',
      () => wasserstein({ mode: 'ova', affinity: distance, pairs: 2 }),
      { code: range, argument: 'pairs', expected: "'ovo'", received: "'ova'" },
    ],
    [
      'no pairs',
      () => wasserstein({ mode: 'ovo', affinity: distance, pairs: 0 }),
      { code: range, argument: 'pairs', expected: 'an integer', received: '0' },
    ],
    [
      'an empty list of pairs',
      () => wasserstein({ mode: 'ovo', affinity: distance, pairs: [] }),
      { code: type, argument: 'pairs', received: 'an array of length 0' },
    ],
    [
      'pairs of three',
      () => loose.wasserstein({ mode: 'ovo', affinity: distance, pairs: [[0, 1, 2]] }),
      { code: type, argument: 'pairs[0]', expected: 'two clusters', received: 'an array of length 3' },
    ],
    [
      'a negative cluster',
      () =>
        wasserstein({
          mode: 'ovo',
          affinity: distance,
          pairs: [
            [0, 1],
            [0, -1],
          ],
        }),
      { code: range, argument: 'pairs[1]', received: '-1' },
    ],
    [
      'a cluster beyond the last',
      () => wasserstein({ mode: 'ovo', affinity: distance, pairs: [[0, 3]] }).value(tau),
      { code: range, argument: 'pairs', expected: 'below 3', received: '[0, 3]' },
    ],
    [
      'a cluster with itself',
      () => wasserstein({ mode: 'ovo', affinity: distance, pairs: [[1, 1]] }).value(tau),
      { code: range, argument: 'pairs', expected: 'different', received: '[1, 1]' },
    ],
    [
      'a pair twice',
      () =>
        wasserstein({
          mode: 'ovo',
          affinity: distance,
          pairs: [
            [0, 1],
            [1, 0],
          ],
        }).value(tau),
      { code: range, argument: 'pairs', expected: 'distinct', received: '[1, 0]' },
    ],
    [
      'a seed that is none',
      () => loose.wasserstein({ mode: 'ovo', affinity: distance, seed: 'a' }),
      { code: type, argument: 'seed', received: "'a'" },
    ],
    [
      'a warm start that is none',
      () => loose.wasserstein({ mode: 'ovo', affinity: distance, warmStart: 1 }),
      { code: type, argument: 'warmStart', expected: 'a boolean', received: '1' },
    ],
    [
      'no entropy',
      () => loose.entropy({}),
      { code: type, argument: 'of', expected: "'proportions', 'predictions'", received: 'undefined' },
    ],
    ['another entropy', () => loose.entropy({ of: 'tau' }), { code: range, argument: 'of', received: "'tau'" }],
    [
      'an unknown name',
      () => loose.gemini('wasserstein_ovx'),
      { code: range, argument: 'name', expected: 'wasserstein_ovo', received: "'wasserstein_ovx'" },
    ],
    ['a name of no text', () => loose.gemini(3), { code: type, argument: 'name', received: '3' }],
    [
      'a name without its affinity',
      () => gemini('mmd_ova'),
      { code: type, argument: 'affinity', expected: 'an Affinity', received: 'undefined' },
    ],
    [
      'a name with the wrong affinity',
      () => gemini('wasserstein_ova', { affinity: kernel }),
      { code: type, argument: 'affinity', expected: 'a distance', received: 'a kernel' },
    ],
    [
      'a sum of nothing',
      () => add(),
      { code: range, argument: 'objectives', expected: 'at least one', received: 'none' },
    ],
    [
      'a sum with a number',
      () => loose.add(kl({ mode: 'ova' }), 3),
      { code: type, argument: 'objectives[1]', expected: 'an objective made by genmi', received: '3' },
    ],
    [
      'a multiple of nothing',
      () => loose.scale(undefined, 3),
      { code: type, argument: 'objective', expected: 'an objective made by genmi', received: 'undefined' },
    ],
    [
      'a factor that is none',
      () => loose.scale(kl({ mode: 'ova' }), '2'),
      { code: type, argument: 'factor', expected: 'a number', received: "'2'" },
    ],
    [
      'a factor without end',
      () => scale(kl({ mode: 'ova' }), Number.POSITIVE_INFINITY),
      { code: range, argument: 'factor', received: 'Infinity' },
    ],
    [
      'the affinity gradient of one without',
      () => loose.kl({ mode: 'ova' }).affinityGrad(tau),
      { code: type, argument: 'objective', expected: 'an affinity', received: 'without' },
    ],
    [
      'a disposed affinity',
      () => mmd({ mode: 'ova', affinity: disposed() }).value(tau),
      { code: 'ERR_DISPOSED', argument: 'affinity', received: 'disposed' },
    ],
    [
      'a solver over a disposed affinity',
      () => {
        const affinity = Affinity.distance(x, { metric: 'euclidean' });
        affinity.dispose();
        return new TransportSolver(affinity);
      },
      { code: 'ERR_DISPOSED', argument: 'affinity', received: 'disposed' },
    ],
    [
      'a disposed solver',
      () => {
        const solver = new TransportSolver(Affinity.distance(x, { metric: 'euclidean' }));
        solver.dispose();
        solver.dispose();
        return solver.solve(new Float64Array(8).fill(1), new Float64Array(8).fill(1));
      },
      { code: 'ERR_DISPOSED', argument: 'solver', received: 'disposed' },
    ],
    [
      'a solver whose affinity is disposed of',
      () => {
        const affinity = Affinity.distance(x, { metric: 'euclidean' });
        const solver = new TransportSolver(affinity);
        affinity.dispose();
        return solver.solve(new Float64Array(n).fill(1), new Float64Array(n).fill(1));
      },
      { code: 'ERR_DISPOSED', argument: 'affinity', received: 'disposed' },
    ],
  ])('%s', (_what, call, error) => expectError(thrownBy(call), error));

  it('a disposed affinity, in an asynchronous call', async () => {
    const affinity = Affinity.distance(x, { metric: 'euclidean' });
    const objective = wasserstein({ mode: 'ova', affinity });
    affinity.dispose();
    const error = { code: 'ERR_DISPOSED', argument: 'affinity', received: 'disposed' };
    expectError(await rejectionOf(() => objective.valueAsync(tau)), error);
    expect(await rejectionOf(() => objective.valueAsync(tau))).toBeInstanceOf(GenmiError);
  });

  it('of classes that are not ours are no objectives', () => {
    const impostor = { ...kl({ mode: 'ova' }), value: () => 1 };
    expectError(
      thrownBy(() => add(impostor as Loose)),
      { code: type, argument: 'objectives[0]', expected: 'an objective made by genmi' },
    );
    expectError(
      thrownBy(() => scale(impostor as Loose, 2)),
      { code: type, argument: 'objective', expected: 'an objective made by genmi' },
    );
  });
});

describe('transport', () => {
  const solver = new TransportSolver(distance) as Loose;
  const one = new Float64Array(n).fill(1 / n);
  const costs = [
    [0, 1],
    [1, 0],
  ];

  it.each<[string, () => unknown, ExpectedError]>([
    [
      'a solver over a kernel',
      () => new TransportSolver(kernel),
      { code: type, argument: 'distance', expected: 'a distance', received: 'a kernel' },
    ],
    [
      'a solver over a matrix',
      () => new TransportSolver(x as Loose),
      { code: type, argument: 'distance', expected: 'an Affinity', received: 'an object' },
    ],
    [
      'no threads',
      () => new TransportSolver(distance, { threads: 0 }),
      { code: range, argument: 'threads', expected: '[1, 1024]', received: '0' },
    ],
    [
      'half a thread',
      () => new TransportSolver(distance, { threads: 1.5 }),
      { code: range, argument: 'threads', expected: 'an integer', received: '1.5' },
    ],
    [
      'an unknown solver option',
      () => new TransportSolver(distance, { cores: 1 } as Loose),
      { code: type, argument: 'options.cores', received: "'cores'" },
    ],
    [
      'weights that are none',
      () => solver.solve('p', one),
      { code: type, argument: 'p', expected: 'array of numbers', received: "'p'" },
    ],
    [
      'weights of another length',
      () => solver.solve(one, new Float64Array(3)),
      { code: range, argument: 'q', expected: '8 weights', received: '3' },
    ],
    [
      'an unknown solve option',
      () => solver.solve(one, one, { tolerance: 1 }),
      { code: type, argument: 'options.tolerance', received: "'tolerance'" },
    ],
    [
      'a plan that is no boolean',
      () => solver.solve(one, one, { plan: 1 }),
      { code: type, argument: 'plan', expected: 'a boolean', received: '1' },
    ],
    [
      'half a pivot',
      () => solver.solve(one, one, { maxPivots: 0.5 }),
      { code: range, argument: 'maxPivots', expected: 'an integer', received: '0.5' },
    ],
    [
      'fewer pivots than none',
      () => solver.solve(one, one, { maxPivots: -1 }),
      { code: range, argument: 'maxPivots', received: '-1' },
    ],
    ['P that is none', () => solver.solveMany(one, one), { code: type, argument: 'P', received: 'Float64Array(8)' }],
    [
      'P of another width',
      () => solver.solveMany([[1, 2]], one),
      { code: range, argument: 'P', expected: '8 columns', received: '2' },
    ],
    [
      'Q of another width',
      () => solver.solveMany([Array.from(one)], [[1, 2]]),
      { code: range, argument: 'Q', expected: '8 columns', received: '2' },
    ],
    [
      'Q of another height',
      () => solver.solveMany([Array.from(one)], [Array.from(one), Array.from(one)]),
      { code: range, argument: 'Q', expected: '1 rows as P has', received: '2' },
    ],
    [
      'Q that is none',
      () => solver.solveMany([Array.from(one)], undefined),
      { code: type, argument: 'Q', received: 'undefined' },
    ],
    [
      'a warm start that is none',
      () => solver.solveMany([Array.from(one)], one, { warmStart: 1 }),
      { code: type, argument: 'warmStart', received: '1' },
    ],
    [
      'a warm start with a limit',
      () => solver.solveMany([Array.from(one)], one, { warmStart: true, maxPivots: 5 }),
      { code: range, argument: 'maxPivots', expected: 'none with warmStart', received: '5' },
    ],
    [
      'a signal that is none',
      () => solver.solveMany([Array.from(one)], one, { signal: {} }),
      { code: type, argument: 'signal', expected: 'an AbortSignal' },
    ],
    [
      'negative weights',
      () => solver.solve(one, one.with(2, -0.5)),
      { code: range, argument: 'q', expected: '>= 0', received: '-0.5 at index 2' },
    ],
    [
      'weights that are NaN',
      () => solver.solve(one.with(7, Number.NaN), one),
      { code: range, argument: 'p', received: 'at index 7' },
    ],
    [
      'weights that sum to 0',
      () => solver.solve(new Float64Array(n), one),
      { code: range, argument: 'p', expected: 'positive', received: '0' },
    ],
    [
      'negative costs',
      () =>
        emd(
          [1, 1],
          [1, 1],
          [
            [0, -1],
            [1, 0],
          ],
        ),
      { code: range, argument: 'distances', received: '-1 in row 0, column 1' },
    ],
    [
      'costs that are NaN',
      () =>
        emd(
          [1, 1],
          [1, 1],
          [
            [0, Number.NaN],
            [1, 0],
          ],
        ),
      { code: range, argument: 'distances', received: 'in row 0, column 1' },
    ],
    [
      'infinite costs',
      () =>
        emd(
          [1, 1],
          [1, 1],
          [
            [0, 1],
            [1, Number.POSITIVE_INFINITY],
          ],
        ),
      { code: range, argument: 'distances', received: 'in row 1, column 1' },
    ],
    ['no costs', () => emd([], [], []), { code: range, argument: 'distances', received: '0 x 0' }],
    [
      'weights that do not fit the costs',
      () => emd([1, 1, 1], [1, 1], costs),
      { code: range, argument: 'p', expected: '2 weights', received: '3' },
    ],
    [
      'an unknown emd option',
      () => emd([1, 1], [1, 1], costs, { threads: 2 } as Loose),
      { code: type, argument: 'options.threads', received: "'threads'" },
    ],
    ...matrixErrors('distances').map(
      ([what, value, error]) =>
        [`costs: ${what}`, () => emd([1, 1], [1, 1], value as Loose), error] as [string, () => unknown, ExpectedError],
    ),
  ])('%s', (_what, call, error) => expectError(thrownBy(call), error));

  it('rejects asynchronously with the same', async () => {
    const wrong = () => solver.solveManyAsync([[1, 2]], one);
    expectError(await rejectionOf(wrong), { code: range, argument: 'P', expected: '8 columns', received: '2' });
  });
});

describe('what is wrong is told before anything is made', () => {
  const made = (call: () => unknown) => {
    const [measure, solver] = [vi.spyOn(native, 'measure'), vi.spyOn(native, 'Solver')];
    try {
      expect(thrownBy(call)).toMatchObject({ code: expect.any(String) });
      return measure.mock.calls.length + solver.mock.calls.length;
    } finally {
      measure.mockRestore();
      solver.mockRestore();
    }
  };

  it.each<[string, () => unknown]>([
    ['hops with another word for disconnected', () => Affinity.hops(x, { disconnected: '3n' as 'n' })],
    ['hops with too many neighbours to fit', () => Affinity.hops(x, { neighbors: Number.MAX_SAFE_INTEGER })],
    [
      'emd with weights that do not fit',
      () =>
        emd(
          [1, 1, 1],
          [1, 1],
          [
            [0, 1],
            [1, 0],
          ],
        ),
    ],
    [
      'emd with half a pivot',
      () =>
        emd(
          [1, 1],
          [1, 1],
          [
            [0, 1],
            [1, 0],
          ],
          { maxPivots: 0.5 },
        ),
    ],
  ])('%s', (_, call) => expect(made(call)).toBe(0));
});

it('emd gives its costs back, solved or not', () => {
  const { Solver } = native;
  const disposed: NativeSolver[] = [];
  class Counted implements NativeSolver {
    readonly #solver: NativeSolver;
    constructor(...source: ConstructorParameters<typeof Solver>) {
      this.#solver = new Solver(...source);
    }
    solveMany: NativeSolver['solveMany'] = (...args) => this.#solver.solveMany(...args);
    solveManyAsync: NativeSolver['solveManyAsync'] = (...args) => this.#solver.solveManyAsync(...args);
    dispose() {
      disposed.push(this.#solver);
      this.#solver.dispose();
    }
  }
  onTestFinished(() => {
    native.Solver = Solver;
  });
  native.Solver = Counted;
  const costs = [
    [0, 1],
    [1, 0],
  ];
  expect(emd([1, 0], [0, 1], costs).cost).toBe(1);
  expect(disposed).toHaveLength(1);
  expect(thrownBy(() => emd([1, 1], [-1, 1], costs))).toMatchObject({ code: range });
  expect(disposed).toHaveLength(2);
});

const foreignIsa = process.arch === 'arm64' ? 'avx2' : 'neon';

describe('config', () => {
  it.each<[string, unknown, ExpectedError]>([
    ['nothing', undefined, { code: type, argument: 'options', received: 'undefined' }],
    [
      'threads 0',
      { threads: 0 },
      { code: range, argument: 'threads', expected: 'an integer in [1, 1024]', received: '0' },
    ],
    ['threads as text', { threads: '2' }, { code: type, argument: 'threads', received: "'2'" }],
    ['an unknown option', { gpu: true }, { code: type, argument: 'options.gpu', received: "'gpu'" }],
    [
      'an unknown device',
      { device: 'tpu' },
      { code: range, argument: 'device', expected: "'cuda'", received: "'tpu'" },
    ],
    [
      'a device that is not there',
      { device: 'cuda' },
      { code: 'ERR_BACKEND_UNAVAILABLE', argument: 'device', expected: "'cpu'", received: "'cuda'" },
    ],
    ['an unknown instruction set', { isa: 'sse9' }, { code: range, argument: 'isa', received: "'sse9'" }],
    [
      "another processor's instruction set",
      { isa: foreignIsa },
      {
        code: 'ERR_BACKEND_UNAVAILABLE',
        argument: 'isa',
        expected: 'one that this processor has',
        received: `'${foreignIsa}'`,
      },
    ],
  ])('%s, and nothing changes', (_what, options, error) => {
    const before = info();
    expectError(
      thrownBy(() => config(options as Loose)),
      error,
    );
    if (typeof options === 'object') {
      expectError(
        thrownBy(() => config({ threads: 7, ...options } as Loose)),
        error,
      );
    }
    expect(info()).toEqual(before);
  });

  it('sets what is given', () => {
    const { threads } = info();
    config({ threads: 3, device: 'auto', isa: 'auto' });
    expect(info()).toMatchObject({ threads: 3, device: 'cpu' });
    config({ device: 'cpu' });
    expect(info().threads).toBe(3);
    config({ threads });
  });
});

describe('nothing is half written', () => {
  const calls: [string, Objective, Matrix, object][] = [
    ['NaN', objectives.mmd as Objective, { data: tau.data.with(23, Number.NaN), shape: [n, 3] }, {}],
    ['a row out of range', objectives.mmd as Objective, tau, { rows: [0, 1, 2, 3, 4, 5, 6, 99] }],
    ['a wrong epsilon', objectives.kl as Objective, tau, { epsilon: 7 }],
    [
      'a pair out of range',
      wasserstein({
        mode: 'ovo',
        affinity: distance,
        pairs: [
          [0, 1],
          [0, 5],
        ],
      }),
      tau,
      {},
    ],
  ];

  it.each(calls)('when %s is an error', async (_, objective, predictions, options) => {
    const out = new Float64Array(24).fill(42);
    const untouched = Float64Array.from(out);
    expect(thrownBy(() => objective.valueAndGrad(predictions, { ...options, out }))).toBeInstanceOf(Error);
    expect(out).toEqual(untouched);
    expect(await rejectionOf(() => objective.valueAndGradAsync(predictions, { ...options, out }))).toBeInstanceOf(
      Error,
    );
    expect(out).toEqual(untouched);
  });

  it('when the last term of a sum fails', () => {
    const affinity = Affinity.kernel(x, { kernel: 'rbf' });
    const sum = add(kl({ mode: 'ova' }), mmd({ mode: 'ova', affinity }));
    affinity.dispose();
    const out = new Float64Array(24).fill(42);
    expect(thrownBy(() => sum.valueAndGrad(tau, { out }))).toMatchObject({ code: 'ERR_DISPOSED' });
    expect(out).toEqual(new Float64Array(24).fill(42));
  });
});

describe('a range is told as it is', () => {
  it.each<[string, () => unknown, ExpectedError]>([
    [
      'without an upper end',
      () => objectives.kl?.estimate(Number.POSITIVE_INFINITY, 2),
      { code: range, argument: 'n', expected: 'an integer >= 1, received', received: 'Infinity' },
    ],
    [
      'without ends',
      () => scale(kl({ mode: 'ova' }), Number.NaN),
      { code: range, argument: 'factor', expected: 'a finite number, received', received: 'NaN' },
    ],
    [
      'with both',
      () => Affinity.hops(x, { quantile: 2 }),
      { code: range, argument: 'quantile', expected: 'a finite number in [0, 1]', received: '2' },
    ],
  ])('%s', (_what, call, error) => expectError(thrownBy(call), error));
});

it.each([
  [{ stride: [3, 1], offset: 0, order: [1, 0] }],
  [{ strides: [3, 1], offset: 0, order: 'row-major', flags: {} }],
  [{ strides: Int32Array.of(3, 1) }],
  [{ order: 'C' }],
])('row-major arrays of other libraries are no error: %j', (layout) => {
  expect(kl({ mode: 'ova' }).value({ ...tau, ...layout })).toBe(kl({ mode: 'ova' }).value(tau));
});

it('the stride along a single row or column does not matter', () => {
  const row = { data: Float64Array.of(0.2, 0.3, 0.5), shape: [1, 3], stride: [7, 1] } as const;
  const column = { data: Float64Array.of(1, 1, 1), shape: [3, 1], strides: [1, 9], order: 'column-major' } as const;
  for (const matrix of [row, column]) expect(kl({ mode: 'ova' }).value(matrix)).toBeCloseTo(0, 11);
});

describe('inputs are never written to', () => {
  it.each(Object.entries(objectives))('%s', async (_, objective) => {
    const predictions = asView(tau);
    const rows = Int32Array.from({ length: n }, (_row, i) => i);
    const [before, indices] = [Float64Array.from(predictions.data), Int32Array.from(rows)];
    objective.valueAndGrad(predictions, { rows });
    objective.valueAndGrad(predictions, { rows, from: 'logits', clip: 'mask' });
    await objective.valueAndGradAsync(predictions, { rows, from: 'logits' });
    expect(predictions.data).toEqual(before);
    expect(rows).toEqual(indices);
  });

  it('views of predictions and of out are respected', () => {
    for (const objective of Object.values(objectives)) {
      const expected = objective.valueAndGrad(tau);
      const memory = new Float64Array(30).fill(42);
      const out = memory.subarray(4, 28);
      const { value, gradient } = objective.valueAndGrad(asView(tau), { out });
      expect(value).toBe(expected.value);
      expect(gradient.data, 'the lent buffer itself').toBe(out);
      expect(out).toEqual(expected.gradient.data);
      expect([...memory.subarray(0, 4), ...memory.subarray(28)]).toEqual(new Array(6).fill(42));
      const single = new Float32Array(24);
      expect(objective.valueAndGrad(tau, { out: single }).gradient.data).toBe(single);
      expect(single).toEqual(Float32Array.from(expected.gradient.data));
    }
  });

  it('results have the precision of out or of the predictions, and so have their types', async () => {
    const objective = kl({ mode: 'ova' });
    const single = toFloat32(tau);
    const nested = [[0.4, 0.6]];
    const [ofSingle, ofDouble, ofNested] = [single, tau, nested].map(
      (each) => objective.valueAndGrad(each).gradient.data,
    );
    expect([ofSingle, ofDouble, ofNested].map((data) => data?.constructor)).toEqual([
      Float32Array,
      Float64Array,
      Float64Array,
    ]);
    expectTypeOf(objective.valueAndGrad(single).gradient.data).toEqualTypeOf<Float32Array>();
    expectTypeOf(objective.valueAndGrad(tau, { from: 'logits' }).gradient.data).toEqualTypeOf<Float64Array>();
    expectTypeOf(objective.valueAndGrad(nested).gradient.data).toEqualTypeOf<Float64Array>();
    expectTypeOf((await objective.valueAndGradAsync(single, {})).gradient.data).toEqualTypeOf<Float32Array>();
    const lent = objective.valueAndGrad(single, { out: new Float64Array(24) }).gradient.data;
    expectTypeOf(lent).toEqualTypeOf<Float64Array<ArrayBuffer>>();
    expect(lent).toBeInstanceOf(Float64Array);
    expectTypeOf(objective.valueAndGrad(single as Matrix).gradient.data).toEqualTypeOf<Float32Array | Float64Array>();
    const affinityGrad = mmd({ mode: 'ova', affinity: kernel }).affinityGrad(single).data;
    expectTypeOf(affinityGrad).toEqualTypeOf<Float32Array>();
    expect(affinityGrad).toBeInstanceOf(Float32Array);
  });

  it('a result is never used again', () => {
    for (const objective of Object.values(objectives)) {
      const first = objective.valueAndGrad(tau).gradient.data;
      const kept = Float64Array.from(first);
      const second = objective.valueAndGrad(probabilities(next, n, 3)).gradient.data;
      expect(second.buffer).not.toBe(first.buffer);
      expect(first).toEqual(kept);
    }
  });
});
