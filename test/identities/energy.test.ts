/** The energy distance against its definition, and against objectives that it equals. */
import { describe, expect, it } from 'vitest';
import { Affinity, energy, type Matrix, mmd } from '../../src/index.js';
import { expectClose, expectNumber } from '../support/compare.js';
import { centralDifferences } from '../support/differences.js';
import { submatrix, toFloat32 } from '../support/matrices.js';
import { modes } from '../support/objectives.js';
import { expectSame, forAll, make, problems } from '../support/problems.js';
import { gaussian, probabilities, random, softmax } from '../support/random.js';

const [n, k] = [30, 4];
const next = random(77);
const x = gaussian(next, n, 3);
const tau = probabilities(next, n, k);

/** sum of weights times 2 E d(x, y) - E d(x, x') - E d(y, y'), for densities with respect to the samples. */
function defined(d: ArrayLike<number>, { data, shape: [rows, clusters] }: Matrix, mode: 'ova' | 'ovo'): number {
  const pi = Array.from({ length: clusters }, (_, a) => {
    let sum = 0;
    for (let i = 0; i < rows; i++) sum += data[i * clusters + a] as number;
    return sum / rows;
  });
  const density = (a: number, i: number) => (a < 0 ? 1 : (data[i * clusters + a] as number) / (pi[a] as number)) / rows;
  const mean = (a: number, b: number) => {
    let sum = 0;
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < rows; j++) sum += density(a, i) * density(b, j) * (d[i * rows + j] as number);
    return sum;
  };
  const between = (a: number, b: number) => 2 * mean(a, b) - mean(a, a) - mean(b, b);
  let value = 0;
  for (let a = 0; a < clusters; a++) {
    if (mode === 'ova') value += (pi[a] as number) * between(a, -1);
    else for (let b = 0; b < clusters; b++) value += (pi[a] as number) * (pi[b] as number) * between(a, b);
  }
  return value;
}

describe.each(modes)('energy distance, %s', (mode) => {
  it.each(['euclidean', 'manhattan', 'chebyshev', 'cosine'] as const)('is its definition for %s', (metric) => {
    const affinity = Affinity.distance(x, { metric });
    const objective = energy({ mode, affinity });
    expectNumber(objective.value(tau), defined(affinity.toMatrix().data, tau, mode), 1e-12);
    const features = energy({ mode, affinity: Affinity.distance(x, { metric, storage: 'features' }) });
    expectNumber(features.value(tau), objective.value(tau), 1e-12);
    const rows = [7, 3, 29, 11, 0, 20];
    const batch: Matrix = { data: tau.data.slice(0, rows.length * k), shape: [rows.length, k] };
    expectNumber(
      objective.value(batch, { rows }),
      defined(submatrix(affinity.toMatrix(), rows).data, batch, mode),
      1e-12,
    );
  });

  it('is its definition for hops, and for a matrix that makes it negative', () => {
    const affinity = Affinity.hops(x, { quantile: 0.3 });
    expectNumber(energy({ mode, affinity }).value(tau), defined(affinity.toMatrix().data, tau, mode), 1e-7); // float32
    const far = Float64Array.from({ length: n * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      return i === j ? 0 : i < n / 2 === j < n / 2 ? 2 : 0.1;
    });
    const halves = softmax({
      data: Float64Array.from({ length: n * 2 }, (_, at) => ((at % 2 === 0) === at < n ? 3 : 0)),
      shape: [n, 2],
    });
    const value = energy({ mode, affinity: Affinity.precomputed({ data: far, shape: [n, n] }, 'distance') }).value(
      halves,
    );
    expect(value).toBeLessThan(0);
    expectNumber(value, defined(far, halves, mode), 1e-12);
  });

  it('is twice the squared discrepancy of the linear kernel for squared distances', () => {
    forAll(problems(), (problem) => {
      const { logits, x: points } = make(problem);
      const squared = mmd({ mode, affinity: Affinity.kernel(points, { kernel: 'linear' }), squared: true });
      const distances = energy({ mode, affinity: Affinity.distance(points, { metric: 'sqeuclidean' }) });
      expectSame(distances, squared, logits, { factor: 2, tolerance: 1e-10 });
    });
  });

  it('has the gradient of its value in the distances', () => {
    const few = gaussian(next, 6, 2);
    const predictions = probabilities(next, 6, 3);
    const { data } = Affinity.distance(few, { metric: 'euclidean' }).toMatrix();
    const objective = energy({ mode, affinity: Affinity.precomputed({ data, shape: [6, 6] }, 'distance') });
    const gradient = objective.affinityGrad(predictions);
    const expected = centralDifferences((d) => defined(d, predictions, mode), Float64Array.from(data));
    expectClose(gradient.data, expected, 1e-9);
  });

  it('is the same on another thread, from float32, and says what it costs', async () => {
    const objective = energy({ mode, affinity: Affinity.distance(toFloat32(x), { metric: 'euclidean' }) });
    const exact = energy({ mode, affinity: Affinity.distance(x, { metric: 'euclidean' }) });
    const later = await objective.valueAndGradAsync(tau);
    expect(later.value).toBe(objective.value(tau));
    expectNumber(later.value, exact.value(tau), 1e-6);
    expectClose(later.gradient.data, exact.valueAndGrad(tau).gradient.data, 1e-5);
    const { seconds, bytes } = objective.estimate(n, k);
    expect(seconds).toBeGreaterThan(0);
    expect(bytes).toBeGreaterThan(0);
  });
});
