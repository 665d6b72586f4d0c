/** In a vm context, genmi takes its own results as arguments, and makes arrays and errors of this context. */
import { expect, it } from 'vitest';
import {
  Affinity,
  accuracy,
  contingency,
  emd,
  GenmiError,
  matchClusters,
  mmd,
  TransportSolver,
} from '../../src/index.js';

const x = [[0], [1], [3]];
const tau = { data: Float32Array.of(0.9, 0.1, 0.5, 0.5, 0.2, 0.8), shape: [3, 2] } as const;
const distance = Affinity.distance(x, { metric: 'euclidean' });
const objective = mmd({ mode: 'ova', affinity: Affinity.kernel(x, { kernel: 'linear' }) });

it('runs in another realm than the addon was loaded in', () => {
  expect(process.memoryUsage(), 'an object that Node has made').not.toBeInstanceOf(Object);
});

it('takes results as arguments', async () => {
  const { gradient } = objective.valueAndGrad(tau);
  expect(gradient.data).toBeInstanceOf(Float32Array);
  expect(objective.value(gradient, { from: 'logits' })).toBeGreaterThan(0);
  const later = await objective.valueAndGradAsync(tau, { out: gradient.data });
  expect(later.gradient.data).toBe(gradient.data);
  expect(Affinity.precomputed(distance.toMatrix(), 'distance').size).toBe(3);
  const table = contingency(Int32Array.of(0, 1), Int32Array.of(1, 0));
  expect([...matchClusters(table)]).toEqual([1, 0]);
  expect(accuracy([0, 1], [1, 0])).toBe(1);
});

it('makes the arrays of transport here, and takes them', async () => {
  const { u, v, plan } = emd([0.5, 0.5], [1], [[1], [2]], { plan: true });
  for (const array of [u, v, plan?.mass]) expect(array).toBeInstanceOf(Float64Array);
  for (const array of [plan?.source, plan?.target]) expect(array).toBeInstanceOf(Int32Array);
  expect(plan).toEqual({ source: Int32Array.of(0, 1), target: Int32Array.of(0, 0), mass: Float64Array.of(0.5, 0.5) });
  const solver = new TransportSolver(distance);
  const [result] = await solver.solveManyAsync([[1, 0, 0]], plan ? [0, 0, 1] : []);
  expect(result?.cost).toBe(3);
  expect(solver.solve(Float64Array.of(1, 0, 0), Float64Array.of(0, 0, 1)).u).toBeInstanceOf(Float64Array);
});

it('throws errors of this context', async () => {
  expect(() => objective.value([[Number.NaN, 1]], { rows: [0] })).toThrow(RangeError);
  expect(() => objective.value({ data: [1], shape: [1, 1] } as never)).toThrow(TypeError);
  const disposed = Affinity.distance(x, { metric: 'euclidean' });
  disposed.dispose();
  expect(() => disposed.toMatrix()).toThrow(GenmiError);
  const wrong = objective.valueAsync([[Number.NaN, 1]], { rows: Int32Array.of(0) });
  expect(wrong).toBeInstanceOf(Promise);
  await expect(wrong).rejects.toBeInstanceOf(RangeError);
});
