/** Exact transport: optima against POT, and each proved by itself: primal = dual, feasibility, slackness. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Affinity, config, emd, info, type Matrix, type TransportResult, TransportSolver } from '../src/index.js';
import { expectClose, expectNumber, largest } from './support/compare.js';
import { rejectionOf, thrownBy } from './support/errors.js';
import { fixture } from './support/fixtures.js';
import { asView } from './support/matrices.js';
import { gaussian, random, weights } from './support/random.js';

interface Problem {
  family: string;
  name: string;
  n1: number;
  n2: number;
  distance: boolean;
  metric: boolean;
  value: number;
  value_dual: number;
  certified: 'integer' | 'float';
  highs?: number | null;
  scale: number;
  cost: number[];
  p: number[];
  q: number[];
}

const { problems } = fixture<{ problems: Problem[] }>('peers/transport.json');

type Weights = ArrayLike<number>;

/** Everything that makes a result right, computed here from the costs and the weights. */
function expectProved(result: TransportResult, costs: Weights, p: Weights, q: Weights, scale: number) {
  const [n1, n2] = [p.length, q.length];
  const cost = (i: number, j: number) => costs[i * n2 + j] as number;
  const { u, v, plan, certificate } = result;
  expect(result.status).toBe('optimal');
  expect([u.length, v.length]).toEqual([n1, n2]);
  if (plan === undefined) throw new Error('no plan');

  const mass = Array.from(p).reduce((a, b) => a + b, 0);
  const unit = scale * mass;
  const [sent, arrived] = [new Float64Array(n1), new Float64Array(n2)];
  let primal = 0;
  let slackness = 0;
  for (const [e, moved] of plan.mass.entries()) {
    const [i, j] = [plan.source[e] as number, plan.target[e] as number];
    expect(moved).toBeGreaterThan(0);
    sent[i] = (sent[i] as number) + moved;
    arrived[j] = (arrived[j] as number) + moved;
    primal += moved * cost(i, j);
    slackness = Math.max(slackness, cost(i, j) - (u[i] as number) - (v[j] as number));
  }
  let infeasibility = 0;
  for (let i = 0; i < n1; i++) {
    for (let j = 0; j < n2; j++) {
      infeasibility = Math.max(infeasibility, (u[i] as number) + (v[j] as number) - cost(i, j));
    }
  }
  const dot = (a: Weights, b: Weights) => Array.from(a).reduce((sum, each, i) => sum + each * (b[i] as number), 0);
  const dual = dot(u, p) + dot(v, q);

  expectClose(sent, p, 1e-13, 'supply', mass);
  expectClose(arrived, q, 1e-13, 'demand', mass);
  expectNumber(primal, result.cost, 1e-13, 'cost of the plan', unit);
  expectNumber(dual, result.cost, 1e-12, 'value of the potentials', unit);
  expect(infeasibility / scale, 'feasible for all points').toBeLessThan(1e-13);
  expect(slackness / scale, 'slack nowhere that mass flows').toBeLessThan(1e-13);
  // The result's own certificate says the same.
  expectNumber(certificate.gap, primal - dual, 1e-12, 'certified gap', unit);
  expectNumber(certificate.infeasibility, infeasibility, 1e-13, 'certified infeasibility', scale);
  expectNumber(certificate.slackness, slackness, 1e-13, 'certified slackness', scale);
}

const costMatrix = ({ cost, n1, n2 }: Problem): Matrix => ({ data: Float64Array.from(cost), shape: [n1, n2] });

describe.each(problems)('$family $name', (problem) => {
  it('emd finds the optimum, and proves it', () => {
    const result = emd(problem.p, problem.q, costMatrix(problem), { plan: true });
    const expected = problem.certified === 'integer' ? problem.value_dual : problem.value;
    expectNumber(result.cost, expected, 1e-13, 'cost', problem.scale);
    if (problem.highs != null) expectNumber(result.cost, problem.highs, 1e-8, 'cost by HiGHS', problem.scale);
    expectProved(result, problem.cost, problem.p, problem.q, problem.scale);
  });
});

const overDistances = problems.filter(({ distance }) => distance);

describe.each(overDistances)('$family $name, over an affinity', (problem) => {
  it.each(problem.metric ? [false, true] : [false])('with metric %s', (metric) => {
    const solver = new TransportSolver(Affinity.precomputed(costMatrix(problem), 'distance', { metric }));
    expect(solver.size).toBe(problem.n1);
    const result = solver.solve(problem.p, problem.q, { plan: true });
    expectNumber(result.cost, problem.value_dual, 1e-13, 'cost', problem.scale);
    expectProved(result, problem.cost, problem.p, problem.q, problem.scale);
    // Back from q to p it costs as much.
    expectNumber(solver.solve(problem.q, problem.p).cost, problem.value_dual, 1e-13, 'cost back', problem.scale);
  });
});

describe('random problems', () => {
  const shapes = fc.record({
    n: fc.integer({ min: 1, max: 30 }),
    seed: fc.integer({ min: 0, max: 2 ** 31 }),
    kind: fc.constantFrom('plain', 'tied', 'duplicates', 'sparse', 'equal'),
  });

  it('are solved and proved: hop ties, duplicate points, zero weights, one point', () => {
    fc.assert(
      fc.property(shapes, ({ n, seed, kind }) => {
        const next = random(seed);
        const x = gaussian(next, n, 2);
        if (kind === 'tied') for (let i = 0; i < 2 * n; i++) x.data[i] = Math.round(x.data[i] as number);
        if (kind === 'duplicates') for (let i = 2; i < 2 * n; i++) x.data[i] = x.data[i % 4] as number;
        const draw = () => {
          if (kind === 'equal') return new Float64Array(n).fill(1 / n);
          const drawn = weights(next, n);
          if (kind === 'sparse') for (let i = 0; i < n - 1; i++) if (next() < 0.6) drawn[i] = 0;
          const sum = drawn.reduce((a, b) => a + b, 0);
          return drawn.map((weight) => weight / sum);
        };
        const [p, q] = [draw(), draw()];
        for (const metric of ['manhattan', 'sqeuclidean'] as const) {
          const distance = Affinity.distance(x, { metric });
          const costs = distance.toMatrix();
          const scale = Math.max(largest(costs.data), 1e-300);
          expectProved(new TransportSolver(distance).solve(p, q, { plan: true }), costs.data, p, q, scale);
          expectProved(emd(p, q, costs, { plan: true }), costs.data, p, q, scale);
        }
      }),
      { numRuns: 150, seed: 20260102 },
    );
  });

  it('cost nothing from a measure to itself, and obey the triangle inequality', () => {
    const next = random(8);
    const solver = new TransportSolver(Affinity.distance(gaussian(next, 25, 2), { metric: 'euclidean' }));
    const [p, q, r] = [weights(next, 25), weights(next, 25), weights(next, 25)];
    expect(solver.solve(p, p).cost).toBe(0);
    const cost = (a: Float64Array, b: Float64Array) => solver.solve(a, b).cost;
    expect(cost(p, r)).toBeLessThan(cost(p, q) + cost(q, r));
  });

  it.each([1e300, 1e30, 1e-30, 1e-308, 1e-310, 5e-324])('of costs of %d', (cost) => {
    const costs = { data: Float64Array.of(0, cost, cost, 0), shape: [2, 2] as const };
    expect(emd([1, 0], [0, 1], costs).cost).toBe(cost);
    expect(emd([0.5, 0.5], [0, 1], costs).cost).toBe(cost / 2);
  });

  it('on a line cost the area between the distribution functions', () => {
    const next = random(9);
    const points = Array.from({ length: 40 }, () => 10 * next()).sort((a, b) => a - b);
    const [p, q] = [weights(next, 40), weights(next, 40)];
    let [area, above] = [0, 0];
    for (let i = 0; i < 39; i++) {
      above += (p[i] as number) - (q[i] as number);
      area += Math.abs(above) * ((points[i + 1] as number) - (points[i] as number));
    }
    const line = Affinity.distance(
      points.map((point) => [point]),
      { metric: 'euclidean' },
    );
    expectNumber(new TransportSolver(line).solve(p, q).cost, area, 1e-13);
  });

  it('over hop distances move whole hops', () => {
    const ring = Array.from({ length: 20 }, (_, i) => [Math.cos((i * Math.PI) / 10), Math.sin((i * Math.PI) / 10)]);
    const hops = Affinity.hops(ring, { neighbors: 2 });
    expect(hops.metric).toBe(true);
    const [p, q] = [new Float64Array(20), new Float64Array(20)];
    [p[0], p[5], q[3], q[19]] = [0.5, 0.5, 0.5, 0.5];
    expect(new TransportSolver(hops).solve(p, q).cost).toBe(0.5 * 1 + 0.5 * 2);
  });
});

describe('solveMany', () => {
  const n = 40;
  const m = 17;
  const next = random(77);
  const distance = Affinity.distance(gaussian(next, n, 3), { metric: 'sqeuclidean' });
  const stack = (rows: Float64Array[]): Matrix<Float64Array> => ({
    data: Float64Array.from(rows.flatMap((row) => Array.from(row))),
    shape: [rows.length, n],
  });
  const supplies = Array.from({ length: m }, () => weights(next, n));
  const demands = Array.from({ length: m }, () => weights(next, n));
  const [P, Q] = [stack(supplies), stack(demands)];
  const solver = new TransportSolver(distance);

  it('is solve for each row, to the bit', () => {
    const expected = supplies.map((p, i) => solver.solve(p, demands[i] as Float64Array, { plan: true }));
    expect(solver.solveMany(P, Q, { plan: true })).toEqual(expected);
    expect(solver.solveMany(P, Q, { plan: true, warmStart: true }).map(({ cost }) => cost)).toEqual(
      expected.map(({ cost }) => cost),
    );
    expect(solver.solveMany(P, Q)[0]).not.toHaveProperty('plan');
  });

  it('gives arrays that are parts of one buffer, each written to without the others', () => {
    const [first, ...others] = solver.solveMany(P, Q, { plan: true });
    const before = structuredClone(others);
    for (const array of [first?.u, first?.v, first?.plan?.mass]) array?.fill(Number.NaN);
    expect(others).toEqual(before);
    expect(new Set([first, ...others].flatMap((result) => [result?.u.buffer, result?.v.buffer])).size).toBe(1);
  });

  it('shares one demand among all problems, however it is written', () => {
    const shared = demands[0] as Float64Array;
    const expected = supplies.map((p) => solver.solve(p, shared));
    for (const one of [shared, Array.from(shared), [Array.from(shared)], stack([shared])]) {
      expect(solver.solveMany(P, one)).toEqual(expected);
    }
  });

  it('answers nothing for no problems', () => {
    expect(solver.solveMany({ data: new Float64Array(0), shape: [0, n] }, demands[0] as Float64Array)).toEqual([]);
  });

  it('gives the same bits on any number of threads', () => {
    const [expected, ...others] = [1, 2, 3, 8].map((threads) =>
      new TransportSolver(distance, { threads }).solveMany(P, Q, { plan: true }),
    );
    for (const other of others) expect(other).toEqual(expected);
  });

  it('gives the same bits on any instruction set', () => {
    const best = solver.solveMany(P, Q, { plan: true });
    const baseline = process.arch === 'arm64' ? 'neon' : 'baseline';
    for (const isa of ['baseline', 'neon', 'avx2', 'avx512'] as const) {
      const error = thrownBy(() => config({ isa }));
      if (error) expect(error).toMatchObject({ code: 'ERR_BACKEND_UNAVAILABLE' });
      else expect(info().isa).toBe(isa === 'baseline' ? baseline : isa);
      expect(new TransportSolver(distance).solveMany(P, Q, { plan: true })).toEqual(best);
    }
    config({ isa: 'auto' });
  });

  it('asynchronously gives the same, of data as it was at the call', async () => {
    const expected = solver.solveMany(P, Q, { plan: true });
    const [supply, demand] = [stack(supplies), stack(demands)];
    const promise = solver.solveManyAsync(supply, demand, { plan: true });
    supply.data.fill(Number.NaN);
    demand.data.fill(Number.NaN);
    expect(await promise).toEqual(expected);
  });

  it('reads views and float32, and leaves them as they are', () => {
    const expected = solver.solveMany(P, Q);
    const [supply, demand] = [asView(P), asView(Q)];
    expect(supply.data.byteOffset).toBeGreaterThan(0);
    expect(solver.solveMany(supply, demand)).toEqual(expected);
    expect([supply.data, demand.data]).toEqual([P.data, Q.data]);
    const single = (p: Float64Array) => Float32Array.from(p);
    const [p, q] = [single(supplies[0] as Float64Array), single(demands[0] as Float64Array)];
    const viewOf = (array: Float32Array) => asView({ data: array, shape: [1, n] }).data;
    const inSingle = solver.solve(p, q);
    expect(solver.solve(viewOf(p), viewOf(q))).toEqual(inSingle);
    expectNumber(inSingle.cost, solver.solve(supplies[0] as Float64Array, demands[0] as Float64Array).cost, 1e-5);
    expect(emd(viewOf(p), viewOf(q), asView(distance.toMatrix())).cost).toBe(inSingle.cost);
  });
});

describe('an iteration limit', () => {
  const next = random(5);
  const distance = Affinity.distance(gaussian(next, 60, 2), { metric: 'sqeuclidean' });
  const solver = new TransportSolver(distance);
  const [p, q] = [weights(next, 60), weights(next, 60)];
  const optimum = solver.solve(p, q);

  it.each([0, 1, 5, 20])('of %d pivots leaves bounds on the optimum', (maxPivots) => {
    const { cost, status, pivots, certificate, plan } = solver.solve(p, q, { maxPivots, plan: true });
    expect(optimum.pivots).toBeGreaterThan(20);
    expect(status).toBe('iteration-limit');
    expect(pivots).toBeLessThanOrEqual(maxPivots);
    expect(cost).toBeGreaterThanOrEqual(optimum.cost * (1 - 1e-12));
    expect(cost - certificate.gap).toBeLessThanOrEqual(optimum.cost * (1 + 1e-12));
    expect(certificate.gap).toBeGreaterThan(0);
    expectNumber(plan?.mass.reduce((a, b) => a + b, 0) ?? 0, 1, 1e-12, 'mass of the best plan');
  });

  it('that is not reached changes nothing', () => {
    expect(solver.solve(p, q, { maxPivots: optimum.pivots })).toEqual(optimum);
  });
});

describe('abort', () => {
  const n = 1200;
  const count = 400;
  const next = random(66);
  const solver = new TransportSolver(Affinity.distance(gaussian(next, n, 3), { metric: 'sqeuclidean' }));
  const P: Matrix<Float64Array> = { data: new Float64Array(count * n), shape: [count, n] };
  for (let i = 0; i < count; i++) P.data.set(weights(next, n), i * n);
  const uniform = new Float64Array(n).fill(1 / n);

  async function abortAfter(milliseconds: number, start: (signal: AbortSignal) => Promise<unknown>) {
    const controller = new AbortController();
    const reason = { the: 'reason' };
    let aborted = 0;
    const timer = setTimeout(() => {
      aborted = performance.now();
      controller.abort(reason);
    }, milliseconds);
    const error = await rejectionOf(() => start(controller.signal));
    clearTimeout(timer);
    expect(error, 'the reason itself').toBe(reason);
    return performance.now() - aborted;
  }

  it('in the middle of many problems rejects with the reason of the signal, soon', async () => {
    // All of them take several seconds.
    expect(await abortAfter(100, (signal) => solver.solveManyAsync(P, uniform, { signal }))).toBeLessThan(500);
  });

  it('in the middle of one problem stops between its pivots', async () => {
    const size = 3500;
    const affinity = Affinity.distance(gaussian(next, size, 3), { metric: 'sqeuclidean', storage: 'features' });
    const large = new TransportSolver(affinity);
    const p: Matrix = { data: weights(next, size), shape: [1, size] };
    const q = new Float64Array(size).fill(1 / size);
    const start = performance.now();
    large.solve(p.data, q);
    const whole = performance.now() - start;
    const latency = await abortAfter(whole / 8, (signal) => large.solveManyAsync(p, q, { signal }));
    expect(latency).toBeLessThan(whole / 2);
  });

  it('before the call rejects without any work', async () => {
    const reason = new Error('too late');
    const signal = AbortSignal.abort(reason);
    const start = performance.now();
    expect(await rejectionOf(() => solver.solveManyAsync(P, uniform, { signal }))).toBe(reason);
    expect(thrownBy(() => solver.solveMany(P, uniform, { signal }))).toBe(reason);
    expect(performance.now() - start).toBeLessThan(200);
  });

  it('with a timeout of the platform is its TimeoutError', async () => {
    const error = await rejectionOf(() => solver.solveManyAsync(P, uniform, { signal: AbortSignal.timeout(50) }));
    expect(error).toMatchObject({ name: 'TimeoutError' });
  });

  it('leaves the solver as good as new', () => {
    const one = { data: P.data.subarray(0, n), shape: [1, n] as const };
    const [result] = solver.solveMany(one, uniform);
    expect(result?.status).toBe('optimal');
  });
});

describe('wrong problems', () => {
  const distance = Affinity.distance([[0], [1], [3]], { metric: 'euclidean' });
  const solver = new TransportSolver(distance);
  const q = [0.2, 0.3, 0.5];
  const range = 'ERR_OUT_OF_RANGE';

  it.each<[string, number[], string]>([
    ['negative', [-0.1, 0.6, 0.5], '-0.1 at index 0'],
    ['NaN', [0.5, Number.NaN, 0.5], 'nan at index 1'],
    ['infinite', [0.5, 0.5, Number.POSITIVE_INFINITY], 'infinity at index 2'],
    ['all zero', [0, 0, 0], 'the sum 0'],
    ['too few', [0.5, 0.5], '2'],
    ['too many', [0.25, 0.25, 0.25, 0.25], '4'],
  ])('%s weights', async (_, p, received) => {
    const ofSupply = thrownBy(() => solver.solve(p, q));
    expect(ofSupply).toBeInstanceOf(RangeError);
    expect(ofSupply).toMatchObject({ code: range });
    expect((ofSupply as Error).message.toLowerCase()).toContain(`received ${received}`);
    expect((ofSupply as Error).message).toMatch(/^(p|supply): expected/);
    const ofDemand = thrownBy(() => solver.solve(q, p));
    expect((ofDemand as Error).message).toMatch(/^(q|demand): expected/);
    expect(ofDemand).toMatchObject({ code: range });
    for (const call of [
      () => emd(p, q, distance.toMatrix()),
      () => solver.solveMany([p], [q]),
      () => solver.solveMany([q], [p]),
    ]) {
      expect(thrownBy(call)).toMatchObject({ name: 'RangeError', code: range });
    }
    expect(await rejectionOf(() => solver.solveManyAsync([p], [q]))).toMatchObject({ name: 'RangeError', code: range });
  });

  it('sums that differ are infeasible', async () => {
    const error = thrownBy(() => solver.solve([0.2, 0.3, 0.6], q));
    expect((error as Error).message).toMatch(/^(q|demand): expected .*1\.1, received 1;/);
    expect(error).toMatchObject({ name: 'GenmiError', code: 'ERR_INFEASIBLE' });
    const rejected = await rejectionOf(() => solver.solveManyAsync([[0.2, 0.3, 0.6]], [q]));
    expect(rejected).toMatchObject({ name: 'GenmiError', code: 'ERR_INFEASIBLE' });
    expect(thrownBy(() => emd([1], [2], [[0]]))).toMatchObject({ code: 'ERR_INFEASIBLE' });
  });

  it('sums that differ by rounding are not', () => {
    const scaled = q.map((weight) => weight * (1 + 1e-10));
    expect(solver.solve([0.5, 0.3, 0.2], scaled).status).toBe('optimal');
    // A thousand float32 weights sum to 1 only so far.
    const n = 1000;
    const next = random(1);
    const points = new TransportSolver(Affinity.distance(gaussian(next, n, 1), { metric: 'euclidean' }));
    const [p, r] = [Float32Array.from(weights(next, n)), Float32Array.from(weights(next, n))];
    expect(points.solve(p, r).status).toBe('optimal');
  });

  it('one wrong problem among many throws, whatever the threads', () => {
    const P = [q, [0.1, -1, 1.9], q];
    for (const threads of [1, 2]) {
      const many = new TransportSolver(distance, { threads });
      expect(thrownBy(() => many.solveMany(P, q))).toMatchObject({ code: range });
    }
  });
});
