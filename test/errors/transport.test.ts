/** Wrong weights, costs and options of transport, and the errors they give. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { emd, TransportSolver } from '../../src/index.js';
import { type NativeSolver, native } from '../../src/native.js';
import { type ExpectedError, expectError, rejectionOf, thrownBy } from '../support/errors.js';
import { distance, kernel, type Loose, madeBefore, matrixErrors, n, range, type } from '../support/wrong-inputs.js';

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
      { code: type, argument: 'costs', expected: 'a distance', received: 'a kernel' },
    ],
    [
      'a solver over nothing',
      () => new TransportSolver(undefined as Loose),
      { code: type, argument: 'costs', expected: 'an Affinity', received: 'undefined' },
    ],
    [
      'a solver over an object',
      () => new TransportSolver({} as Loose),
      { code: type, argument: 'costs', expected: 'an Affinity', received: 'an object' },
    ],
    [
      'a solver over too few costs',
      () => new TransportSolver({ data: new Float64Array(5), shape: [2, 3] }),
      { code: range, argument: 'costs.data', expected: '6', received: '5' },
    ],
    [
      'potentials that are no boolean',
      () => solver.solve(one, one, { potentials: 0 }),
      { code: type, argument: 'potentials', expected: 'a boolean', received: '0' },
    ],
    [
      'weights of targets among costs between other sources',
      () => new TransportSolver([[1, 2, 3]]).solve([1, 1, 1], [1]),
      { code: range, argument: 'p', expected: '1 weights', received: '3' },
    ],
    [
      'a matrix of other sources',
      () => new TransportSolver([[1, 2, 3]]).solveMany([[1, 1, 1]], [[1]]),
      { code: range, argument: 'P', expected: '1 columns, one for each source', received: '3' },
    ],
    [
      'a matrix of other targets',
      () => new TransportSolver([[1, 2, 3]]).solveMany([[1]], [[1]]),
      { code: range, argument: 'Q', expected: '3 columns, one for each target', received: '1' },
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
      { code: range, argument: 'costs', received: 'in row 0, column 1' },
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
      { code: range, argument: 'costs', received: 'in row 1, column 1' },
    ],
    ['no costs', () => emd([], [], []), { code: range, argument: 'costs', received: '0 x 0' }],
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
    ...matrixErrors('costs').map(
      ([what, value, error]) =>
        [`costs: ${what}`, () => emd([1, 1], [1, 1], value as Loose), error] as [string, () => unknown, ExpectedError],
    ),
  ])('%s', (_what, call, error) => expectError(thrownBy(call), error));

  it('rejects asynchronously with the same', async () => {
    const wrong = () => solver.solveManyAsync([[1, 2]], one);
    expectError(await rejectionOf(wrong), { code: range, argument: 'P', expected: '8 columns', received: '2' });
  });
});

describe('wrong arguments are refused before costs are copied', () => {
  it.each<[string, () => unknown]>([
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
  ])('%s', (_, call) => expect(madeBefore(call)).toBe(0));
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
