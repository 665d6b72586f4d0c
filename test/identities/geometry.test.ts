/** Identities of the objectives with an affinity, however it is stored, whole or by rows. */
import { describe, expect, it } from 'vitest';
import { Affinity, kernels, kl, type Matrix, metrics, mmd, type Objective, tv, wasserstein } from '../../src/index.js';
import { expectClose, expectNumber, largest } from '../support/compare.js';
import { selectRows, submatrix } from '../support/matrices.js';
import { geometryObjectives, modes } from '../support/objectives.js';
import { expectSame, forAll, fromLogits, make, problems } from '../support/problems.js';
import { gaussian, oneHot, permutation, probabilities } from '../support/random.js';

describe('two clusters', () => {
  it('are compared alike one-vs-all and one-vs-one by total variation, MMD and Wasserstein', () => {
    forAll(problems({ k: 2, minK: 2 }), (problem) => {
      const { logits, x } = make(problem);
      const kernel = Affinity.kernel(x, { kernel: 'rbf' });
      const distance = Affinity.distance(x, { metric: 'euclidean' });
      expectSame(tv({ mode: 'ova' }), tv({ mode: 'ovo' }), logits);
      expectSame(mmd({ mode: 'ova', affinity: kernel }), mmd({ mode: 'ovo', affinity: kernel }), logits, {
        tolerance: 1e-10,
      });
      expectSame(
        wasserstein({ mode: 'ova', affinity: distance }),
        wasserstein({ mode: 'ovo', affinity: distance }),
        logits,
        { tolerance: 1e-10 },
      );
    });
  });

  it('are not by Kullback-Leibler', () => {
    const { tau } = make({ n: 9, k: 2, seed: 3 });
    expect(kl({ mode: 'ovo' }).value(tau)).toBeGreaterThan(kl({ mode: 'ova' }).value(tau) * 1.5);
  });
});

describe('MMD', () => {
  it('squared is twice as much one-vs-one as one-vs-all', () => {
    forAll(problems(), (problem) => {
      const { logits, x } = make(problem);
      const affinity = Affinity.kernel(x, { kernel: 'laplacian' });
      const squared = true;
      expectSame(mmd({ mode: 'ovo', affinity, squared }), mmd({ mode: 'ova', affinity, squared }), logits, {
        factor: 2,
      });
    });
  });

  it('squared is kernel k-means for hard clusters', () => {
    forAll(problems(), (problem) => {
      const { next, x } = make(problem);
      const { n, k } = problem;
      const labels = Array.from({ length: n }, () => Math.floor(next() * k));
      const affinity = Affinity.kernel(x, { kernel: 'rbf' });
      const kernel = affinity.toMatrix();
      const sum = (rows: number[]) => submatrix(kernel, rows).data.reduce((a, b) => a + b, 0);
      const clusters = Array.from({ length: k }, (_, c) => labels.flatMap((label, i) => (label === c ? [i] : [])));
      const within = clusters.reduce((total, rows) => total + (rows.length > 0 ? sum(rows) / rows.length : 0), 0);
      const all = Array.from({ length: n }, (_, i) => i);
      const expected = 2 * (within / n - sum(all) / n ** 2);
      const actual = mmd({ mode: 'ovo', affinity, squared: true }).value(oneHot(labels, k));
      expectNumber(actual, expected, 1e-9, 'kernel k-means', 1);
    });
  });

  it('grows with the root of the kernel, Wasserstein with the distance', () => {
    forAll(problems(), (problem) => {
      const { logits, x } = make(problem);
      const kernel = Affinity.kernel(x, { kernel: 'rbf' }).toMatrix();
      const distance = Affinity.distance(x, { metric: 'manhattan' }).toMatrix();
      const times = (matrix: Matrix, factor: number) => ({
        ...matrix,
        data: matrix.data.map((entry) => factor * entry),
      });
      for (const mode of modes) {
        const ofKernel = (matrix: Matrix) => mmd({ mode, affinity: Affinity.precomputed(matrix, 'kernel') });
        const ofDistance = (matrix: Matrix) =>
          wasserstein({ mode, affinity: Affinity.precomputed(matrix, 'distance') });
        expectSame(ofKernel(times(kernel, 9)), ofKernel(kernel), logits, { factor: 3, tolerance: 1e-10 });
        expectSame(ofDistance(times(distance, 9)), ofDistance(distance), logits, { factor: 9, tolerance: 1e-10 });
      }
    });
  });
});

describe('storage', () => {
  it('dense and as features give the same objectives', () => {
    forAll(
      problems({ n: 12, k: 4 }),
      (problem) => {
        const { logits, x } = make(problem);
        for (const mode of modes) {
          for (const kernel of kernels) {
            // The chi2 kernels compare histograms.
            const features = kernel.includes('chi2') ? { ...x, data: x.data.map(Math.abs) } : x;
            const of = (storage: 'dense' | 'features') =>
              mmd({ mode, affinity: Affinity.kernel(features, { kernel, storage }) });
            // Where the distance is near 0 its root is steep: sigmoid may be indefinite there.
            expectSame(of('features'), of('dense'), logits, { tolerance: kernel === 'sigmoid' ? 1e-6 : 1e-9 });
          }
          for (const metric of metrics) {
            const of = (storage: 'dense' | 'features') =>
              wasserstein({ mode, affinity: Affinity.distance(x, { metric, storage }) });
            expectSame(of('features'), of('dense'), logits, { tolerance: 1e-10 });
          }
        }
      },
      25,
    );
  });
});

describe('rows', () => {
  it('of an affinity are the affinity of the rows', () => {
    forAll(
      problems({ n: 16 }),
      (problem) => {
        const { next, x } = make(problem);
        const size = 1 + Math.floor(next() * problem.n);
        const rows = permutation(next, problem.n).slice(0, size);
        const logits = gaussian(next, size, problem.k);
        for (const storage of ['dense', 'features'] as const) {
          const kernel = Affinity.kernel(x, { kernel: 'rbf', storage });
          const distance = Affinity.distance(x, { metric: 'euclidean', storage });
          const batch = {
            kernel: Affinity.precomputed(submatrix(kernel.toMatrix(), rows), 'kernel'),
            distance: Affinity.precomputed(submatrix(distance.toMatrix(), rows), 'distance'),
          };
          for (const mode of modes) {
            const expected = geometryObjectives(mode, batch.kernel, batch.distance);
            for (const [at, objective] of geometryObjectives(mode, kernel, distance).entries()) {
              const { value, gradient } = (expected[at] as Objective).valueAndGrad(logits, fromLogits);
              for (const indices of [rows, Int32Array.from(rows), Int32Array.from([9, ...rows]).subarray(1)]) {
                const actual = objective.valueAndGrad(logits, { from: 'logits', rows: indices });
                expectNumber(actual.value, value, 1e-11, objective.name, Math.max(1, value));
                expectClose(
                  actual.gradient.data,
                  gradient.data,
                  1e-10,
                  objective.name,
                  Math.max(1, largest(gradient.data)),
                );
              }
            }
          }
        }
      },
      25,
    );
  });

  it('may repeat samples', () => {
    const { x, next } = make({ n: 5, k: 3, seed: 11 });
    const rows = [4, 1, 1, 4, 4, 0];
    const repeated = probabilities(next, 6, 3);
    const copies = Affinity.kernel(selectRows(x, rows), { kernel: 'rbf' });
    const objective = mmd({ mode: 'ovo', affinity: Affinity.kernel(x, { kernel: 'rbf' }) });
    expectNumber(objective.value(repeated, { rows }), mmd({ mode: 'ovo', affinity: copies }).value(repeated), 1e-12);
    const line = wasserstein({ mode: 'ovo', affinity: Affinity.distance(x, { metric: 'euclidean' }) });
    const lineOfCopies = Affinity.distance(selectRows(x, rows), { metric: 'euclidean' });
    expectNumber(
      line.value(repeated, { rows }),
      wasserstein({ mode: 'ovo', affinity: lineOfCopies }).value(repeated),
      1e-12,
    );
  });

  it('do not matter to objectives without an affinity', () => {
    const { tau } = make({ n: 5, k: 3, seed: 12 });
    expect(kl({ mode: 'ova' }).value(tau, { rows: [7, 8, 9, 10, 11] })).toBe(kl({ mode: 'ova' }).value(tau));
  });
});
