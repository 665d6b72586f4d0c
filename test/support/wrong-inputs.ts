/** Shared by the tests of wrong inputs: good inputs, and matrices that are wrong in every way. */
import { expect, vi } from 'vitest';
import { Affinity, add, kl, mmd, type Objective, tv, wasserstein } from '../../src/index.js';
import { native } from '../../src/native.js';
import { type ExpectedError, thrownBy } from './errors.js';
import { gaussian, probabilities, random } from './random.js';

const next = random(13);
export const n = 8;
export const x = gaussian(next, n, 2);
export const tau = probabilities(next, n, 3);
export const kernel = Affinity.kernel(x, { kernel: 'rbf' });
export const distance = Affinity.distance(x, { metric: 'euclidean' });
export const objectives: Record<string, Objective> = {
  kl: kl({ mode: 'ova' }),
  tv: tv({ mode: 'ovo' }),
  mmd: mmd({ mode: 'ovo', affinity: kernel }),
  wasserstein: wasserstein({ mode: 'ova', affinity: distance }),
  sum: add(kl({ mode: 'ova' }), mmd({ mode: 'ova', affinity: kernel })),
};

export const type = 'ERR_INVALID_ARG_TYPE';
export const range = 'ERR_OUT_OF_RANGE';

// Calls of JavaScript users: the types would not let them pass.
// biome-ignore lint/suspicious/noExplicitAny: that is the point
export type Loose = any;

export type Wrong = [what: string, value: unknown, error: ExpectedError];

export function matrixErrors(argument: string): Wrong[] {
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

/** The number of native objects that a call makes before it throws. */
export function madeBefore(call: () => unknown): number {
  const [measure, solver] = [vi.spyOn(native, 'measure'), vi.spyOn(native, 'Solver')];
  try {
    expect(thrownBy(call)).toMatchObject({ code: expect.any(String) });
    return measure.mock.calls.length + solver.mock.calls.length;
  } finally {
    measure.mockRestore();
    solver.mockRestore();
  }
}
