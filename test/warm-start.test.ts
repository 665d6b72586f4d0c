/** Starting from the last basis: the same optima, proved, and the same training, whatever came between. */
import { describe, expect, it } from 'vitest';
import { Affinity, type Matrix, type TransportResult, TransportSolver, wasserstein } from '../src/index.js';
import { expectNumber, largest } from './support/compare.js';
import { gaussian, random, softmax } from './support/random.js';

const n = 80;
const k = 5;

/** The weights of each cluster, [k, n]. */
function measures(logits: Float64Array): Matrix<Float64Array> {
  const tau = softmax({ data: logits, shape: [n, k] }).data;
  const data = new Float64Array(k * n);
  for (let c = 0; c < k; c++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += tau[i * k + c] as number;
    for (let i = 0; i < n; i++) data[c * n + i] = (tau[i * k + c] as number) / sum;
  }
  return { data, shape: [k, n] };
}

const uniform = new Float64Array(n).fill(1 / n);

/** The comparisons of an objective: each cluster with all data, or with the clusters behind it. */
function problemsOf(mode: 'ova' | 'ovo', logits: Float64Array): [Matrix, Matrix | Float64Array] {
  const clusters = measures(logits);
  if (mode === 'ova') return [clusters, uniform];
  const rows = (of: number[]) => of.flatMap((c) => [...clusters.data.subarray(c * n, (c + 1) * n)]);
  const first = Array.from({ length: k }, (_, a) => Array<number>(k - 1 - a).fill(a)).flat();
  const second = Array.from({ length: k }, (_, a) => Array.from({ length: k - 1 - a }, (_, b) => a + 1 + b)).flat();
  const shape = [first.length, n] as const;
  return [
    { data: Float64Array.from(rows(first)), shape },
    { data: Float64Array.from(rows(second)), shape },
  ];
}

const pivotsOf = (results: TransportResult[]) => results.reduce((total, result) => total + result.pivots, 0);

/** Logits that move a little from step to step. */
function* trajectory(seed: number, steps: number, spread = 0.02): Generator<Float64Array> {
  const next = random(seed);
  let logits = gaussian(next, n, k).data;
  for (let step = 0; step < steps; step++) {
    yield logits;
    const noise = gaussian(next, n, k).data;
    logits = logits.map((logit, i) => logit + spread * (noise[i] as number));
  }
}

const distances = {
  euclidean: Affinity.distance(gaussian(random(1), n, 20), { metric: 'euclidean' }),
  'euclidean in the plane, rounded': Affinity.distance(
    { ...gaussian(random(2), n, 2), data: Float32Array.from(gaussian(random(2), n, 2).data) },
    { metric: 'euclidean', storage: 'dense' },
  ),
  'squared euclidean': Affinity.distance(gaussian(random(3), n, 2), { metric: 'sqeuclidean' }),
  cosine: Affinity.distance(gaussian(random(4), n, 10), { metric: 'cosine' }),
  hops: Affinity.hops(gaussian(random(5), n, 3), { neighbors: 4 }),
};

describe.each(Object.entries(distances))('over distances that are %s', (_, distance) => {
  const scale = largest(distance.toMatrix().data);

  function expectSame(warm: readonly TransportResult[], cold: readonly TransportResult[]) {
    expect(warm.length).toBe(cold.length);
    for (const [i, result] of warm.entries()) {
      const { cost, status, certificate } = result;
      expectNumber(cost, (cold[i] as TransportResult).cost, 1e-12, 'cost', scale);
      expect(status).toBe('optimal');
      expect(Math.abs(certificate.gap)).toBeLessThan(1e-12 * cost + 1e-13 * scale);
      expect(certificate.infeasibility).toBeLessThan(1e-13 * scale);
      expect(certificate.slackness).toBeLessThan(1e-12 * scale);
    }
  }

  it('solveMany finds the same optima, and proves them', () => {
    const [warm, cold] = [new TransportSolver(distance), new TransportSolver(distance)];
    for (const logits of trajectory(7, 20)) {
      const problems = measures(logits);
      expectSame(warm.solveMany(problems, uniform, { warmStart: true }), cold.solveMany(problems, uniform));
    }
  });

  it('solveMany takes no limit of pivots beside it, and the types say so', () => {
    const solver = new TransportSolver(distance);
    const P = measures(gaussian(random(6), n, k).data);
    // @ts-expect-error: not together
    expect(() => solver.solveMany(P, uniform, { warmStart: true, maxPivots: 9 })).toThrow(/^maxPivots: expected none/);
    expect(solver.solveMany(P, uniform, { warmStart: false, maxPivots: 9 })).toHaveLength(k);
    const maybe: boolean = Math.cos(n) > 2;
    expect(solver.solveMany(P, uniform, { warmStart: maybe, maxPivots: undefined })).toHaveLength(k);
  });

  it('solveMany is not misled by problems of another kind, or fewer, or more', () => {
    const [warm, cold] = [new TransportSolver(distance), new TransportSolver(distance)];
    const next = random(8);
    for (const logits of trajectory(9, 12, 1)) {
      const { data } = measures(logits);
      const count = 1 + Math.floor(next() * k);
      const problems = { data: data.slice(0, count * n), shape: [count, n] } as Matrix<Float64Array>;
      // Some points have no mass; the kept basis may still contain them.
      if (next() < 0.5) for (let i = 0; i < count * n; i += 3) problems.data[i] = 0;
      for (let c = 0; c < count; c++) {
        const sum = problems.data.subarray(c * n, (c + 1) * n).reduce((a, b) => a + b, 0);
        for (let i = 0; i < n; i++) problems.data[c * n + i] = (problems.data[c * n + i] as number) / sum;
      }
      expectSame(warm.solveMany(problems, uniform, { warmStart: true }), cold.solveMany(problems, uniform));
    }
  });

  it('asynchronous calls that overlap each find the optimum', async () => {
    const [warm, cold] = [new TransportSolver(distance), new TransportSolver(distance)];
    const steps = [...trajectory(10, 6)].map(measures);
    const results = await Promise.all(steps.map((P) => warm.solveManyAsync(P, uniform, { warmStart: true })));
    for (const [step, problems] of steps.entries())
      expectSame(results[step] as TransportResult[], cold.solveMany(problems, uniform));
  });

  it.each(['ova', 'ovo'] as const)('training by %s goes the same way for 500 steps', (mode) => {
    const train = (warmStart: boolean) => {
      const objective = wasserstein({ mode, affinity: distance, warmStart });
      const logits = Float64Array.from(gaussian(random(11), n, k).data);
      const [losses, path]: [number[], Float64Array[]] = [[], []];
      for (let step = 0; step < 500; step++) {
        const { value, gradient } = objective.valueAndGrad({ data: logits, shape: [n, k] }, { from: 'logits' });
        losses.push(value);
        path.push(logits.slice());
        for (let i = 0; i < logits.length; i++)
          logits[i] = (logits[i] as number) + 0.05 * n * (gradient.data[i] as number);
      }
      return { losses, path };
    };
    const [warm, cold] = [train(true), train(false)];
    for (const [step, loss] of warm.losses.entries())
      expectNumber(loss, cold.losses[step] as number, 1e-9, `loss of step ${step}`);

    // A solver of the same problems tells its pivots: bases must save work, also when predictions are saturated.
    const solver = new TransportSolver(distance);
    const total = { warm: 0, cold: 0 };
    for (const logits of cold.path) {
      const [P, Q] = problemsOf(mode, logits);
      total.warm += pivotsOf(solver.solveMany(P, Q, { warmStart: true }));
      total.cold += pivotsOf(solver.solveMany(P, Q));
    }
    expect(total.warm).toBeLessThan(total.cold / 4);
  });
});

it('a warm start needs a fraction of the pivots', () => {
  const [warm, cold] = [new TransportSolver(distances.euclidean), new TransportSolver(distances.euclidean)];
  const total = { warm: 0, cold: 0 };
  for (const [step, logits] of [...trajectory(13, 20)].entries()) {
    const problems = measures(logits);
    const results = warm.solveMany(problems, uniform, { warmStart: true });
    if (step > 0) total.warm += pivotsOf(results);
    if (step > 0) total.cold += pivotsOf(cold.solveMany(problems, uniform));
  }
  expect(total.warm).toBeGreaterThan(0);
  expect(total.warm).toBeLessThan(total.cold / 4);
});

describe('wasserstein with warmStart', () => {
  it('keeps nothing of a call that was aborted', async () => {
    const uniformly = { data: new Float64Array(n * k).fill(1 / k), shape: [n, k] as const };
    const predictions = softmax(gaussian(random(14), n, k));
    const expected = wasserstein({ mode: 'ova', affinity: distances.euclidean }).value(predictions);
    for (let attempt = 0; attempt < 50; attempt++) {
      const objective = wasserstein({ mode: 'ova', affinity: distances.euclidean, warmStart: true });
      const controller = new AbortController();
      const aborted = objective.valueAsync(uniformly, { signal: controller.signal });
      controller.abort();
      await aborted.catch(() => undefined);
      expectNumber(objective.value(predictions), expected, 1e-12, 'value after an abort');
    }
  });

  it('on other samples at each call, or another number of clusters, has the values of one without', () => {
    const distance = distances.euclidean;
    for (const mode of ['ova', 'ovo'] as const) {
      const [warm, cold] = [true, false].map((warmStart) => wasserstein({ mode, affinity: distance, warmStart }));
      const next = random(12);
      for (let call = 0; call < 20; call++) {
        const clusters = 2 + (call % 3);
        const rows = call % 4 === 0 ? undefined : Int32Array.from({ length: 30 }, () => Math.floor(next() * n));
        const predictions = gaussian(next, rows?.length ?? n, clusters);
        const options = { from: 'logits', ...(rows && { rows }) } as const;
        expectNumber(
          warm?.valueAndGrad(predictions, options).value as number,
          cold?.valueAndGrad(predictions, options).value as number,
          1e-12,
          'value',
        );
      }
    }
  });
});
