/** What holds for every batch, whatever its size: identities, bounds, invariances. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Affinity,
  add,
  chi2,
  type EvaluateOptions,
  entropy,
  type FDivergenceName,
  fDivergence,
  gemini,
  geminiNames,
  hellinger,
  kl,
  type Matrix,
  type Mode,
  mi,
  mmd,
  type Objective,
  scale,
  tv,
  wasserstein,
} from '../src/index.js';
import { expectClose, expectFinite, expectNumber, largest } from './support/compare.js';
import { selectColumns, selectRows, submatrix, toFloat32, toFloat64 } from './support/matrices.js';
import { allObjectives, fDivergences, geometryObjectives, modes } from './support/objectives.js';
import { gaussian, oneHot, permutation, probabilities, random } from './support/random.js';

interface Problem {
  n: number;
  k: number;
  seed: number;
}

/** Of any size, one sample and one cluster among them; the seed makes its numbers. */
const problems = (bounds: { n?: number; k?: number; minK?: number } = {}) =>
  fc.record({
    n: fc.integer({ min: 1, max: bounds.n ?? 24 }),
    k: fc.integer({ min: bounds.minK ?? 1, max: bounds.k ?? 6 }),
    seed: fc.integer({ min: 0, max: 2 ** 31 }),
  });

function forAll(arbitrary: fc.Arbitrary<Problem>, check: (problem: Problem) => void, numRuns = 60) {
  fc.assert(fc.property(arbitrary, check), { numRuns, seed: 20260101 });
}

function make({ n, k, seed }: Problem) {
  const next = random(seed);
  const logits = gaussian(next, n, k, 1.5);
  const tau = probabilities(next, n, k);
  const x = gaussian(next, n, 3);
  return { next, logits, tau, x };
}

const fromLogits = { from: 'logits' } as const;

/** Same value and same logits gradient, up to a factor. */
function expectSame(
  a: Objective,
  b: Objective,
  logits: Matrix,
  { factor = 1, offset = 0, tolerance = 1e-11 }: { factor?: number; offset?: number; tolerance?: number } = {},
) {
  const actual = a.valueAndGrad(logits, fromLogits);
  const other = b.valueAndGrad(logits, fromLogits);
  const expected = other.gradient.data.map((g) => factor * g);
  const value = factor * other.value + offset;
  expectNumber(actual.value, value, tolerance, `${a.name}, ${b.name}: value`, Math.max(1, Math.abs(value)));
  expectClose(
    actual.gradient.data,
    expected,
    tolerance,
    `${a.name}, ${b.name}: gradient`,
    Math.max(1, largest(expected)),
  );
}

const f = (name: FDivergenceName | number, mode: Mode) =>
  fDivergence({ mode, f: typeof name === 'number' ? { alpha: name } : name });

describe('f-divergences (gemini.md 3)', () => {
  it('one-vs-one, Kullback-Leibler is its reverse, Jeffreys one-vs-all and half of Jeffreys one-vs-one', () => {
    forAll(problems(), (problem) => {
      const { logits } = make(problem);
      expectSame(f('reverse-kl', 'ovo'), kl({ mode: 'ovo' }), logits);
      expectSame(f('jeffreys', 'ova'), kl({ mode: 'ovo' }), logits);
      expectSame(f('jeffreys', 'ovo'), kl({ mode: 'ovo' }), logits, { factor: 2 });
    });
  });

  it('one-vs-one, Neyman is Pearson', () => {
    forAll(problems(), (problem) => expectSame(f('neyman', 'ovo'), f('pearson', 'ovo'), make(problem).logits));
  });

  it.each(modes)('the alpha family holds Hellinger, Pearson and Neyman, %s', (mode) => {
    forAll(problems(), (problem) => {
      const { logits } = make(problem);
      expectSame(f(0.5, mode), hellinger({ mode }), logits, { factor: 4 });
      expectSame(f(2, mode), f('pearson', mode), logits, { factor: 0.5 });
      expectSame(f(-1, mode), f('neyman', mode), logits, { factor: 0.5 });
    });
  });

  it.each(modes)('the alpha family is continuous at its limits, %s', (mode) => {
    forAll(problems(), (problem) => {
      const { logits } = make(problem);
      for (const [limit, name] of [
        [1, 'kl'],
        [0, 'reverse-kl'],
      ] as const) {
        expectSame(f(limit, mode), f(name, mode), logits);
        expectSame(f(limit + 1e-9, mode), f(name, mode), logits, { tolerance: 1e-7 });
        for (const near of [-1e-6, 1e-6]) expectSame(f(limit + near, mode), f(name, mode), logits, { tolerance: 1e-4 });
      }
    });
  });

  it.each(modes)("chi2's half convention is (Pearson + 1) / 2, %s", (mode) => {
    forAll(problems(), (problem) => {
      const half = chi2({ mode, convention: 'half' });
      expectSame(half, chi2({ mode }), make(problem).logits, { factor: 0.5, offset: 0.5 });
    });
  });

  it('the closed forms are those of the names', () => {
    forAll(problems(), (problem) => {
      const { logits } = make(problem);
      for (const mode of modes) {
        expectSame(kl({ mode }), f('kl', mode), logits);
        expectSame(tv({ mode }), f('tv', mode), logits);
        expectSame(hellinger({ mode }), f('hellinger', mode), logits);
        expectSame(chi2({ mode }), f('pearson', mode), logits);
      }
    });
  });

  it('are at least 0; total variation and Hellinger below 1, Jensen-Shannon at most log 2', () => {
    forAll(problems(), (problem) => {
      const { tau } = make(problem);
      for (const mode of modes) {
        for (const objective of fDivergences(mode)) {
          expect(objective.value(tau), objective.name).toBeGreaterThanOrEqual(-1e-14);
        }
        expect(tv({ mode }).value(tau)).toBeLessThan(1);
        expect(hellinger({ mode }).value(tau)).toBeLessThan(1);
        expect(f('js', mode).value(tau)).toBeLessThanOrEqual(Math.LN2);
        expect(mi().value(tau)).toBeLessThanOrEqual(Math.log(problem.k) + 1e-14);
      }
    });
  });

  it('total variation of K balanced hard clusters is 1 - 1/K', () => {
    forAll(problems({ n: 6 }), ({ n, k }) => {
      const labels = Array.from({ length: n * k }, (_, i) => i % k);
      for (const mode of modes) {
        expectNumber(tv({ mode }).value(oneHot(labels, k)), 1 - 1 / k, 1e-11, mode, 1);
      }
    });
  });
});

describe('mutual information', () => {
  it('is Kullback-Leibler one-vs-all, and the difference of the entropies', () => {
    forAll(problems(), (problem) => {
      const { logits } = make(problem);
      const difference = add(entropy({ of: 'proportions' }), scale(entropy({ of: 'predictions' }), -1));
      expectSame(mi(), kl({ mode: 'ova' }), logits);
      expectSame(mi(), difference, logits);
    });
  });

  it('has entropies in [0, log K], with their formulas', () => {
    forAll(problems(), (problem) => {
      const { tau } = make(problem);
      const { n, k } = problem;
      const entropyOf = (p: Float64Array) => -p.reduce((sum, each) => sum + each * Math.log(each), 0);
      const pi = Float64Array.from({ length: k }, (_, j) => selectColumns(tau, [j]).data.reduce((a, b) => a + b) / n);
      expectNumber(entropy({ of: 'proportions' }).value(tau), entropyOf(pi), 2e-12, 'proportions', 1);
      expectNumber(entropy({ of: 'predictions' }).value(tau), entropyOf(tau.data) / n, 2e-12, 'predictions', 1);
    });
  });
});

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

describe('every objective', () => {
  const withAffinities = (x: Matrix): Objective[] =>
    allObjectives(Affinity.kernel(x, { kernel: 'rbf' }), Affinity.distance(x, { metric: 'euclidean' }));

  it('does not depend on the order of the samples', () => {
    forAll(problems({ n: 12 }), (problem) => {
      const { next, logits, x } = make(problem);
      const order = permutation(next, problem.n);
      const permuted = withAffinities(selectRows(x, order));
      for (const [at, objective] of withAffinities(x).entries()) {
        const { value, gradient } = objective.valueAndGrad(logits, fromLogits);
        const other = (permuted[at] as Objective).valueAndGrad(selectRows(logits, order), fromLogits);
        expectNumber(other.value, value, 1e-11, objective.name, Math.max(1, value));
        const moved = selectRows(gradient, order).data;
        expectClose(other.gradient.data, moved, 1e-10, objective.name, Math.max(1, largest(moved)));
      }
    });
  });

  it('does not depend on the order of the clusters', () => {
    forAll(problems({ n: 12 }), (problem) => {
      const { next, logits, x } = make(problem);
      const order = permutation(next, problem.k);
      for (const objective of withAffinities(x)) {
        const { value, gradient } = objective.valueAndGrad(logits, fromLogits);
        const other = objective.valueAndGrad(selectColumns(logits, order), fromLogits);
        expectNumber(other.value, value, 1e-11, objective.name, Math.max(1, value));
        const moved = selectColumns(gradient, order).data;
        expectClose(other.gradient.data, moved, 1e-10, objective.name, Math.max(1, largest(moved)));
      }
    });
  });

  it('does not feel a constant added to the logits of a sample', () => {
    forAll(problems({ n: 12 }), (problem) => {
      const { next, logits, x } = make(problem);
      const shifts = Array.from({ length: problem.n }, () => 100 * next());
      const shifted = {
        ...logits,
        data: logits.data.map((z, at) => z + (shifts[Math.floor(at / problem.k)] as number)),
      };
      for (const objective of withAffinities(x)) {
        const { value, gradient } = objective.valueAndGrad(logits, fromLogits);
        const other = objective.valueAndGrad(shifted, fromLogits);
        expectNumber(other.value, value, 1e-11, objective.name, Math.max(1, value));
        const size = largest(gradient.data);
        expectClose(other.gradient.data, gradient.data, 1e-9, objective.name, Math.max(1, size));
        for (let i = 0; i < problem.n; i++) {
          const row = Array.from(gradient.data.subarray(i * problem.k, (i + 1) * problem.k));
          expectNumber(
            row.reduce((a, b) => a + b, 0),
            0,
            1e-13,
            'sum of a row of the gradient',
            Math.max(1, size),
          );
        }
      }
    });
  });

  it('is 0 for uniform predictions (chi2 in its half convention 0.5), without a gradient', () => {
    forAll(problems({ n: 12 }), (problem) => {
      const { x } = make(problem);
      const { n, k } = problem;
      const uniform: Matrix = { data: new Float64Array(n * k).fill(1 / k), shape: [n, k] };
      const constant: Matrix = { data: new Float64Array(n * k), shape: [n, k] };
      const half = chi2({ mode: 'ova', convention: 'half' });
      // One cluster is clipped to 1 - 1e-12.
      expectNumber(half.value(uniform), 0.5, 2e-12, 'half chi2');
      for (const objective of withAffinities(x).filter(({ name }) => !/^entropy|^chi2/.test(name))) {
        expectNumber(objective.value(uniform), 0, 2e-12, objective.name, 1);
        const { gradient } = objective.valueAndGrad(constant, fromLogits);
        expectClose(gradient.data, new Float64Array(n * k), 1e-13, objective.name, 1);
      }
    });
  });

  it('has the same value alone as with its gradient, to the bit', () => {
    forAll(problems({ n: 12 }), (problem) => {
      const { logits, tau, x } = make(problem);
      for (const objective of withAffinities(x)) {
        for (const clip of ['fused', 'mask'] as const) {
          expect(objective.value(tau, { clip }), objective.name).toBe(objective.valueAndGrad(tau, { clip }).value);
          const options: EvaluateOptions = { clip, from: 'logits' };
          expect(objective.value(logits, options)).toBe(objective.valueAndGrad(logits, options).value);
        }
      }
    });
  });

  it('agrees on probabilities and on their logits, fused and masked, where nothing is clipped', () => {
    forAll(problems({ n: 12, minK: 2 }), (problem) => {
      const { tau, x } = make(problem);
      const logits = { ...tau, data: tau.data.map(Math.log) };
      for (const objective of withAffinities(x)) {
        const expected = objective.valueAndGrad(logits, { from: 'logits', clip: 'mask' });
        const size = Math.max(1, largest(expected.gradient.data));
        const fused = objective.valueAndGrad(logits, fromLogits);
        expectNumber(fused.value, expected.value, 1e-11, objective.name, Math.max(1, expected.value));
        expectClose(fused.gradient.data, expected.gradient.data, 1e-10, objective.name, size);
        expectNumber(objective.value(tau), expected.value, 1e-11, objective.name, Math.max(1, expected.value));
      }
    });
  });

  it('answers float32 in float32, to its precision', () => {
    forAll(problems({ n: 12 }), (problem) => {
      const { logits, x } = make(problem);
      const single = toFloat32(logits);
      for (const objective of withAffinities(x)) {
        const expected = objective.valueAndGrad(toFloat64(single), fromLogits);
        const actual = objective.valueAndGrad(single, fromLogits);
        expect(actual.gradient.data, objective.name).toBeInstanceOf(Float32Array);
        expect(expected.gradient.data).toBeInstanceOf(Float64Array);
        expectNumber(actual.value, expected.value, 1e-6, objective.name, Math.max(1, expected.value));
        const size = Math.max(1 / logits.shape[0], largest(expected.gradient.data));
        expectClose(actual.gradient.data, expected.gradient.data, 1e-6, objective.name, size);
      }
    });
  });

  it('is to float32 accuracy the same with a float32 affinity', () => {
    forAll(problems({ n: 12 }), (problem) => {
      const { tau, x } = make(problem);
      const kernels = (precision: 'float32' | 'float64') => Affinity.kernel(x, { kernel: 'rbf', precision });
      const distances = (precision: 'float32' | 'float64') => Affinity.distance(x, { metric: 'euclidean', precision });
      for (const mode of modes) {
        const single = geometryObjectives(mode, kernels('float32'), distances('float32'));
        for (const [at, objective] of geometryObjectives(mode, kernels('float64'), distances('float64')).entries()) {
          const value = objective.value(tau);
          expectNumber((single[at] as Objective).value(tau), value, 2e-6, objective.name, Math.max(0.1, value));
        }
      }
    });
  });
});

describe('storage', () => {
  const kernelNames = ['linear', 'rbf', 'laplacian', 'polynomial', 'sigmoid', 'cosine', 'gaussian'] as const;
  const metricNames = ['euclidean', 'sqeuclidean', 'manhattan', 'chebyshev', 'cosine'] as const;

  it('dense and as features give the same objectives', () => {
    forAll(
      problems({ n: 12, k: 4 }),
      (problem) => {
        const { logits, x } = make(problem);
        for (const mode of modes) {
          for (const kernel of kernelNames) {
            const of = (storage: 'dense' | 'features') =>
              mmd({ mode, affinity: Affinity.kernel(x, { kernel, storage }) });
            // Where the distance is near 0 its root is steep: sigmoid may be indefinite there.
            expectSame(of('features'), of('dense'), logits, { tolerance: kernel === 'sigmoid' ? 1e-6 : 1e-9 });
          }
          for (const metric of metricNames) {
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

describe('sums and multiples', () => {
  it('are linear, in value and gradient', () => {
    forAll(problems({ n: 12 }), (problem) => {
      const { next, logits, x } = make(problem);
      const [a, b] = [4 * next() - 2, 4 * next() - 2];
      const first = mmd({ mode: 'ovo', affinity: Affinity.kernel(x, { kernel: 'linear' }) });
      const second = kl({ mode: 'ovo' });
      const third = wasserstein({ mode: 'ova', affinity: Affinity.distance(x, { metric: 'euclidean' }) });
      const sum = add(scale(first, a), scale(add(second, scale(third, -1)), b));
      const parts = [first, second, third].map((objective) => objective.valueAndGrad(logits, fromLogits));
      const factors = [a, b, -b];
      const combine = (numbers: number[]) =>
        numbers.reduce((total, each, at) => total + each * (factors[at] as number), 0);
      const actual = sum.valueAndGrad(logits, fromLogits);
      expectNumber(actual.value, combine(parts.map(({ value }) => value)), 1e-13, 'value', 10);
      const gradient = logits.data.map((_, at) => combine(parts.map((part) => part.gradient.data[at] as number)));
      expectClose(actual.gradient.data, gradient, 1e-12, 'gradient', 10);
      expect(sum.value(logits, fromLogits)).toBe(actual.value);
    });
  });

  it('of one objective are that objective', () => {
    const { tau } = make({ n: 7, k: 3, seed: 5 });
    expect(add(tv({ mode: 'ovo' })).value(tau)).toBe(tv({ mode: 'ovo' }).value(tau));
    expect(scale(tv({ mode: 'ovo' }), 0).valueAndGrad(tau)).toMatchObject({ value: 0 });
  });

  it('take the mode of the first', () => {
    const sum = add(kl({ mode: 'ovo' }), tv({ mode: 'ova' }));
    expect(sum.mode).toBe('ovo');
    expect(sum.name).toBe('kl_ovo + tv_ova');
    expect(scale(sum, 2).name).toBe('2 * (kl_ovo + tv_ova)');
  });
});

describe('names', () => {
  it('give the objectives of the Python package', () => {
    const { tau, x } = make({ n: 9, k: 3, seed: 8 });
    const kernel = Affinity.kernel(x, { kernel: 'rbf' });
    const distance = Affinity.distance(x, { metric: 'euclidean' });
    const expected: Record<string, Objective> = { mi: mi() };
    for (const mode of modes) {
      expected[`kl_${mode}`] = kl({ mode });
      expected[`tv_${mode}`] = tv({ mode });
      expected[`hellinger_${mode}`] = hellinger({ mode });
      expected[`chi2_${mode}`] = chi2({ mode, convention: 'half' });
      expected[`mmd_${mode}`] = mmd({ mode, affinity: kernel });
      expected[`wasserstein_${mode}`] = wasserstein({ mode, affinity: distance });
    }
    expect([...geminiNames].sort()).toEqual(Object.keys(expected).sort());
    for (const name of geminiNames) {
      const objective = gemini(name, { affinity: name.startsWith('wasserstein') ? distance : kernel });
      expect(objective.value(tau), name).toBe(expected[name]?.value(tau));
      expect(objective.mode).toBe(expected[name]?.mode);
      expect(objective.name).toBe(name);
    }
  });

  it('of all else are no names of the Python package', () => {
    const { x } = make({ n: 9, k: 3, seed: 8 });
    const kernel = Affinity.kernel(x, { kernel: 'rbf' });
    const affinity = Affinity.distance(x, { metric: 'euclidean' });
    const names = (mode: Mode) => [
      chi2({ mode }).name,
      fDivergence({ mode, f: 'pearson' }).name,
      mmd({ mode, affinity: kernel, squared: true }).name,
      fDivergence({ mode, f: { alpha: 1.5 } }).name,
    ];
    expect(names('ova')).toEqual(['pearson_ova', 'pearson_ova', 'squared-mmd_ova', 'alpha(1.5)_ova']);
    const pairs = [
      [0, 1],
      [1, 2],
    ] as const;
    const sampled = [
      wasserstein({ mode: 'ovo', affinity, pairs: 2 }).name,
      wasserstein({ mode: 'ovo', affinity, pairs }).name,
    ];
    expect(sampled).toEqual(['wasserstein(2 pairs)_ovo', 'wasserstein(0-1 1-2)_ovo']);
    for (const name of [...modes.flatMap(names), ...sampled]) expect(geminiNames).not.toContain(name);
  });
});

describe('randomly sampled pairs', () => {
  const k = 5;
  const { tau, x } = make({ n: 8, k, seed: 21 });
  const affinity = Affinity.distance(x, { metric: 'euclidean' });
  const all = Array.from({ length: k }, (_, a) =>
    Array.from({ length: a }, (_, b) => [b, a] as [number, number]),
  ).flat();
  const exact = wasserstein({ mode: 'ovo', affinity }).valueAndGrad(tau);

  it('are unbiased: the mean over all choices of two pairs is the whole', () => {
    const choices = all.flatMap((first, i) => all.slice(0, i).map((second) => [first, second]));
    const parts = choices.map((pairs) => wasserstein({ mode: 'ovo', affinity, pairs }).valueAndGrad(tau));
    const mean = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0) / parts.length;
    expectNumber(mean(parts.map(({ value }) => value)), exact.value, 1e-13);
    const gradient = tau.data.map((_, at) => mean(parts.map((part) => part.gradient.data[at] as number)));
    expectClose(gradient, exact.gradient.data, 1e-12);
  });

  it('are drawn without bias: the mean over many calls comes near the whole', () => {
    const sampled = wasserstein({ mode: 'ovo', affinity, pairs: 3, seed: 7 });
    const values = Array.from({ length: 3000 }, () => sampled.value(tau));
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    expect(deviation).toBeGreaterThan(0.01 * exact.value);
    expect(Math.abs(mean - exact.value)).toBeLessThan((5 * deviation) / Math.sqrt(values.length));
  });

  it('follow the seed: the same sequence again, another for another seed', () => {
    const sequence = (seed: number) => {
      const sampled = wasserstein({ mode: 'ovo', affinity, pairs: 2, seed });
      return Array.from({ length: 8 }, () => sampled.value(tau));
    };
    expect(sequence(1)).toEqual(sequence(1));
    expect(sequence(1)).not.toEqual(sequence(2));
    expect(new Set(sequence(1)).size, 'different pairs at each call').toBeGreaterThan(2);
  });

  it('are all pairs when so many are asked for', () => {
    for (const pairs of [10, 11, 1000]) {
      expect(wasserstein({ mode: 'ovo', affinity, pairs }).value(tau)).toBe(exact.value);
    }
  });

  it('are in either order the same pair', () => {
    const ordered = wasserstein({ mode: 'ovo', affinity, pairs: [[1, 3]] }).value(tau);
    expect(wasserstein({ mode: 'ovo', affinity, pairs: [[3, 1]] }).value(tau)).toBe(ordered);
  });
});

/** One more cluster, without samples. */
function withEmptyColumn({ data, shape: [n, k] }: Matrix): Matrix<Float64Array> {
  const padded = new Float64Array(n * (k + 1));
  for (let i = 0; i < n; i++) padded.set(data.subarray(k * i, k * (i + 1)), (k + 1) * i);
  return { data: padded, shape: [n, k + 1] };
}

describe('hard, empty, single and duplicated', () => {
  const x = gaussian(random(31), 6, 2);
  const duplicated = selectRows(x, [0, 0, 0, 1, 1, 1]);
  const batches: [string, Matrix, Matrix][] = [
    ['one-hot', oneHot([0, 1, 2, 2, 1, 0], 3), x],
    ['one cluster takes all', oneHot([1, 1, 1, 1, 1, 1], 3), x],
    ['an empty column', withEmptyColumn(probabilities(random(32), 6, 2)), x],
    ['one sample', probabilities(random(33), 1, 4), selectRows(x, [2])],
    ['one cluster', oneHot([0, 0, 0, 0, 0, 0], 1), x],
    ['one sample, one cluster', oneHot([0], 1), selectRows(x, [0])],
    ['duplicated samples', probabilities(random(34), 6, 3), duplicated],
    ['duplicated and one-hot', oneHot([0, 1, 2, 2, 1, 0], 3), duplicated],
    ['identical samples', probabilities(random(35), 6, 3), selectRows(x, [3, 3, 3, 3, 3, 3])],
  ];

  it.each(batches)('%s: values and gradients are finite', (_, tau, samples) => {
    const kernel = Affinity.kernel(samples, { kernel: 'rbf' });
    const distance = Affinity.distance(samples, { metric: 'euclidean' });
    for (const objective of allObjectives(kernel, distance)) {
      for (const clip of ['fused', 'mask'] as const) {
        for (const predictions of [tau, toFloat32(tau)]) {
          const { value, gradient } = objective.valueAndGrad(predictions, { clip });
          expectFinite([value], `${objective.name}, ${clip}: value`);
          expectFinite(gradient.data, `${objective.name}, ${clip}: gradient`);
        }
        // Saturated logits of the same predictions.
        const logits = { ...tau, data: tau.data.map((p) => 1000 * p) };
        const saturated = objective.valueAndGrad(logits, { clip, from: 'logits' });
        expectFinite([saturated.value], `${objective.name}, ${clip}: value from logits`);
        expectFinite(saturated.gradient.data, `${objective.name}, ${clip}: gradient from logits`);
      }
    }
  });

  it('one cluster: 0, and no gradient from logits', () => {
    const kernel = Affinity.kernel(x, { kernel: 'rbf' });
    const distance = Affinity.distance(x, { metric: 'euclidean' });
    const logits = gaussian(random(36), 6, 1);
    for (const objective of allObjectives(kernel, distance).filter(({ name }) => !name.startsWith('chi2'))) {
      const { value, gradient } = objective.valueAndGrad(logits, fromLogits);
      expectNumber(value, 0, 1e-11, objective.name, 1);
      expectClose(gradient.data, new Float64Array(6), 1e-11, objective.name, 1);
    }
  });

  it('an empty column adds nothing, and has no gradient under the mask', () => {
    const full = probabilities(random(37), 6, 3);
    const padded = withEmptyColumn(full);
    const kernel = Affinity.kernel(x, { kernel: 'rbf' });
    const distance = Affinity.distance(x, { metric: 'euclidean' });
    for (const mode of modes) {
      const objectives = [
        kl({ mode: 'ova' }),
        tv({ mode }),
        hellinger({ mode }),
        ...geometryObjectives(mode, kernel, distance),
      ];
      for (const objective of objectives) {
        const expected = objective.valueAndGrad(full, { clip: 'mask' });
        const actual = objective.valueAndGrad(padded, { clip: 'mask' });
        expectNumber(actual.value, expected.value, 1e-10, objective.name);
        expect(selectColumns(actual.gradient, [3]).data).toEqual(new Float64Array(6));
        const rest = selectColumns(actual.gradient, [0, 1, 2]).data;
        expectClose(rest, expected.gradient.data, 1e-9, objective.name);
      }
    }
  });
});
