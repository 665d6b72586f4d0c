/** Batches at the edge: hard, empty, single and duplicated. */
import { describe, expect, it } from 'vitest';
import { Affinity, hellinger, kl, type Matrix, tv } from '../../src/index.js';
import { expectClose, expectFinite, expectNumber } from '../support/compare.js';
import { selectColumns, selectRows, toFloat32 } from '../support/matrices.js';
import { allObjectives, geometryObjectives, modes } from '../support/objectives.js';
import { fromLogits } from '../support/problems.js';
import { gaussian, oneHot, probabilities, random } from '../support/random.js';

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
