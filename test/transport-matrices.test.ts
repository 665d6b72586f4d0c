/** Transport over any matrix of costs, rectangular or negative, and results that are left out or do not fit. */
import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { Affinity, emd, type Matrix, type TransportCost, type TransportResult, TransportSolver } from '../src/index.js';
import { native } from '../src/native.js';
import { expectNumber } from './support/compare.js';
import { expectError, rejectionOf, thrownBy } from './support/errors.js';
import { random, weights } from './support/random.js';

const half = [0.5, 0.5];
const negative = [
  [-1, 0.3],
  [0.2, -0.5],
];

const [sources, targets, count] = [7, 12, 5];
const next = random(3);
const costs: Matrix = {
  data: Float64Array.from({ length: sources * targets }, () => 4 * next() - 3),
  shape: [sources, targets],
};
const rows = (width: number): number[][] => Array.from({ length: count }, () => [...weights(next, width)]);
const [P, Q] = [rows(sources), rows(targets)];

afterEach(() => {
  vi.restoreAllMocks();
});

describe('costs of either sign', () => {
  it('are costs like others: (-1 - 0.5) / 2, by hand', () => {
    expect(emd(half, half, negative).cost).toBe(-0.75);
    expect(new TransportSolver(negative).solve(half, half).cost).toBe(-0.75);
  });

  it('cost as much as costs above 0, less the shift, with potentials for the given numbers', () => {
    for (const [i, p] of P.entries()) {
      const q = Q[i] as number[];
      const shifted: Matrix = { data: costs.data.map((cost) => cost + 3), shape: costs.shape };
      const { cost, u, v, certificate, plan } = emd(p, q, costs, { plan: true });
      expectNumber(cost, emd(p, q, shifted).cost - 3, 1e-13, 'cost', 1);
      let [dual, primal] = [0, 0];
      for (const [k, weight] of p.entries()) dual += weight * (u[k] as number);
      for (const [k, weight] of q.entries()) dual += weight * (v[k] as number);
      expectNumber(dual, cost, 1e-13, 'value of the potentials', 1);
      for (const [e, mass] of (plan as NonNullable<typeof plan>).mass.entries()) {
        const [source, target] = [plan?.source[e] as number, plan?.target[e] as number];
        primal += mass * (costs.data[source * targets + target] as number);
      }
      expectNumber(primal, cost, 1e-13, 'cost of the plan', 1);
      for (const value of Object.values(certificate)) expect(Math.abs(value)).toBeLessThan(1e-14);
    }
  });

  it('are refused where a distance is meant, and the remedy helps', () => {
    const error = thrownBy(() => Affinity.precomputed(negative, 'distance'));
    expectError(error, { code: 'ERR_OUT_OF_RANGE', argument: 'matrix', expected: '>= 0', received: '-1 at row 0' });
    expect((error as Error).message).toMatch(/; costs of either sign .* TransportSolver or emd$/);
  });
});

describe('a solver over a matrix', () => {
  const solver = new TransportSolver(costs);

  it('says how many sources and targets it has', () => {
    expect([solver.sources, solver.targets]).toEqual([sources, targets]);
    const square = new TransportSolver(negative);
    expect([square.sources, square.targets, square.size]).toEqual([2, 2, 2]);
  });

  it('gives what emd does, for one problem and for many, at once and asynchronously', async () => {
    const expected = P.map((p, i) => emd(p, Q[i] as number[], costs, { plan: true }));
    expect(P.map((p, i) => solver.solve(p, Q[i] as number[], { plan: true }))).toEqual(expected);
    expect(solver.solveMany(P, Q, { plan: true })).toEqual(expected);
    expect(await solver.solveManyAsync(P, Q, { plan: true })).toEqual(expected);
    for (const { u, v } of expected) expect([u.length, v.length]).toEqual([sources, targets]);
  });

  it('shares one demand, reads float32 costs, and starts warm', () => {
    const q = Q[0] as number[];
    const single = new TransportSolver({ data: Float32Array.from(costs.data), shape: costs.shape });
    const cold = P.map((p) => solver.solve(p, q).cost);
    for (let repeat = 0; repeat < 2; repeat++) {
      for (const [i, { cost }] of solver.solveMany(P, q, { warmStart: true }).entries()) {
        expectNumber(cost, cold[i] as number, 1e-13, 'warm', 1);
      }
    }
    for (const [i, { cost }] of single.solveMany(P, q).entries())
      expectNumber(cost, cold[i] as number, 1e-6, 'single', 1);
  });

  it('keeps costs as they were', () => {
    const own: Matrix = { data: Float64Array.of(1, 2), shape: [1, 2] };
    const before = new TransportSolver(own);
    own.data.fill(9);
    expect(before.solve([1], half).cost).toBe(1.5);
  });
});

describe('results without potentials', () => {
  const solver = new TransportSolver(costs);
  const without = ({ u, v, ...others }: TransportResult): TransportCost => others;

  it('are the same without u and v, also by the types', async () => {
    const options = { plan: true, potentials: false } as const;
    const expected = solver.solveMany(P, Q, { plan: true }).map(without);
    const many = solver.solveMany(P, Q, options);
    expect(many).toEqual(expected);
    expectTypeOf(many).toEqualTypeOf<TransportCost[]>();
    expect(await solver.solveManyAsync(P, Q, options)).toEqual(expected);
    expect(solver.solve(P[0] as number[], Q[0] as number[], options)).toEqual(expected[0]);
    expect(emd(P[0] as number[], Q[0] as number[], costs, options)).toEqual(expected[0]);
    expectTypeOf(solver.solveMany(P, Q, { potentials: true })).toEqualTypeOf<TransportResult[]>();
  });
});

describe('results that do not fit', () => {
  // One source: problems that are solved at once. Potentials are 80 MB.
  const [many, wide] = [2000, 5000];
  const solver = new TransportSolver({ data: new Float64Array(wide).fill(2), shape: [1, wide] });
  const ones: Matrix = { data: new Float64Array(many).fill(1), shape: [many, 1] };
  const demand = new Float64Array(wide).fill(1 / wide);
  const code = 'ERR_OUT_OF_MEMORY';

  it('in the memory there is are refused with their size, and fit without potentials', async () => {
    vi.spyOn(process, 'constrainedMemory').mockReturnValue(0);
    vi.spyOn(process, 'availableMemory').mockReturnValue(70e6);
    const expected = {
      code,
      argument: `Potentials of ${many} transport problems, 1 x ${wide}`,
      expected: '70.0 MB',
      received: '80.0 MB',
    };
    const error = thrownBy(() => solver.solveMany(ones, demand));
    expectError(error, expected);
    expect((error as Error).message).toMatch(/; pass potentials: false, or solve fewer at once$/);
    expectError(await rejectionOf(() => solver.solveManyAsync(ones, demand)), expected);
    const results = solver.solveMany(ones, demand, { potentials: false });
    expect(results).toHaveLength(many);
    expectNumber(results[many - 1]?.cost as number, 2, 1e-13, 'cost', 2);
  });

  // 2^33 numbers and more: the process ended with "v8::ArrayBuffer::New".
  it('in any array are refused with their size', async () => {
    vi.spyOn(process, 'constrainedMemory').mockReturnValue(0);
    vi.spyOn(process, 'availableMemory').mockReturnValue(1e15);
    const far: Matrix = { data: new Float64Array(2e6).fill(1), shape: [2e6, 1] };
    const expected = { code, argument: 'Potentials of 2000000 transport problems, 1 x 5000', received: '80.0 GB' };
    expectError(
      thrownBy(() => solver.solveMany(far, demand)),
      expected,
    );
    expectError(await rejectionOf(() => solver.solveManyAsync(far, demand)), expected);
  });

  it('because of their plans reject with the error of making room for plans', async () => {
    const raw = new native.Solver(Float64Array.of(1, 2), 1, 2);
    const problem = [Float64Array.of(1), Float64Array.of(0.5, 0.5), 1, true] as const;
    const numbers = new Float64Array(native.resultNumbers.length);
    const asked: number[] = [];
    const makeRoom = (entries: number) => {
      asked.push(entries);
      throw new RangeError('no room');
    };
    expect(thrownBy(() => raw.solveMany(...problem, {}, numbers, null, makeRoom))).toEqual(new RangeError('no room'));
    const rejected = raw.solveManyAsync(...problem, {}, numbers, null, makeRoom, new native.Job());
    expect(await rejectionOf(() => rejected)).toEqual(new RangeError('no room'));
    expect(asked).toEqual([2, 2]);
  });

  it('into arrays of any other kind are refused by the addon', () => {
    const raw = new native.Solver(Float64Array.of(1, 2), 1, 2);
    const problem = [Float64Array.of(1), Float64Array.of(0.5, 0.5), 1, true] as const;
    const length = native.resultNumbers.length;
    // biome-ignore lint/suspicious/noExplicitAny: wrong on purpose
    const wrong: [any, any, any][] = [
      [new Float64Array(length - 1), null, null],
      [null, null, null],
      [new Float64Array(length), new Float64Array(2), null],
      [new Float64Array(length), null, () => null],
      [new Float64Array(length), null, () => ({})],
      [
        new Float64Array(length),
        null,
        (n: number) => ({ source: new Int32Array(n), target: new Int32Array(n), mass: [] }),
      ],
      [
        new Float64Array(length),
        null,
        (n: number) => ({ source: new Uint32Array(n), target: new Int32Array(n), mass: new Float64Array(n) }),
      ],
      [
        new Float64Array(length),
        null,
        (n: number) => ({ source: new Int32Array(n), target: new Int32Array(n - 1), mass: new Float64Array(n) }),
      ],
    ];
    for (const arrays of wrong)
      expect((thrownBy(() => raw.solveMany(...problem, {}, ...arrays)) as { code: string }).code).toMatch(/^ERR_/);
  });
});
