/** Properties of every objective on batches of any size: invariances, and one answer for all forms of an input. */
import { describe, expect, it } from 'vitest';
import { Affinity, chi2, type EvaluateOptions, type Matrix, type Objective } from '../../src/index.js';
import { expectClose, expectNumber, largest } from '../support/compare.js';
import { selectColumns, selectRows, toFloat32, toFloat64 } from '../support/matrices.js';
import { allObjectives, geometryObjectives, modes } from '../support/objectives.js';
import { forAll, fromLogits, make, problems } from '../support/problems.js';
import { permutation } from '../support/random.js';

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
