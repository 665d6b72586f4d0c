/** Values and gradients that no number can hold: an error for every objective, and nothing written. */
import { describe, expect, it } from 'vitest';
import {
  Affinity,
  add,
  chi2,
  fDivergence,
  fDivergenceNames,
  kl,
  type Matrix,
  type Mode,
  mmd,
  type Objective,
  type Precision,
  scale,
  wasserstein,
} from '../src/index.js';
import { type ExpectedError, expectError, rejectionOf, thrownBy } from './support/errors.js';
import { geometryObjectives, modes } from './support/objectives.js';
import { gaussian, random } from './support/random.js';

const [n, k] = [12, 3];
const overflow: ExpectedError = { code: 'ERR_OUT_OF_RANGE', argument: 'predictions', received: 'an overflow' };

/** Logits as predictions in a precision. */
function logits(precision: 'float32' | 'float64'): Matrix {
  const { data } = gaussian(random(3), n, k);
  return { data: precision === 'float32' ? Float32Array.from(data) : data, shape: [n, k] };
}

/** An affinity between points of the line whose entries are up to `size`. */
function affinityOf(kind: 'kernel' | 'distance', size: number): Affinity {
  const at = (i: number) => i / (n - 1);
  const entry = (i: number, j: number) => (kind === 'kernel' ? at(i) * at(j) : Math.abs(at(i) - at(j)));
  const data = Float64Array.from({ length: n * n }, (_, at) => size * entry(Math.floor(at / n), at % n));
  return Affinity.precomputed({ data, shape: [n, n] }, kind);
}

/** Every way to ask for a gradient, each into an array that must stay as it is. */
async function expectRefused(objective: Objective, predictions: Matrix, out: Precision, options = {}): Promise<void> {
  out.fill(7);
  const all = { from: 'logits', out, ...options } as const;
  expectError(
    thrownBy(() => objective.valueAndGrad(predictions, all)),
    overflow,
  );
  expect(out.every((number) => number === 7)).toBe(true);
  expectError(await rejectionOf(() => objective.valueAndGradAsync(predictions, all)), overflow);
  expect(out.every((number) => number === 7)).toBe(true);
}

describe.each(modes)('what overflows is an error, and out is not touched: %s', (mode: Mode) => {
  const far: [string, Objective][] = [
    ...geometryObjectives(mode, affinityOf('kernel', 1e100), affinityOf('distance', 1e60)).map(
      (objective): [string, Objective] => [objective.name, objective],
    ),
    ['a sum', add(kl({ mode }), wasserstein({ mode, affinity: affinityOf('distance', 1e60) }))],
    ['a multiple', scale(kl({ mode }), 1e60)],
    ['a multiple of a multiple', scale(scale(kl({ mode }), -1e30), 1e30)],
  ];

  it.each(far)('%s from float32 predictions', async (_name, objective) => {
    await expectRefused(objective, logits('float32'), new Float32Array(n * k));
    await expectRefused(objective, logits('float32'), new Float64Array(n * k));
  });

  it.each(far)('%s from float64 predictions into float32, and not into float64', async (_name, objective) => {
    await expectRefused(objective, logits('float64'), new Float32Array(n * k));
    const { value, gradient } = objective.valueAndGrad(logits('float64'), { from: 'logits' });
    expect([value, ...gradient.data].every(Number.isFinite)).toBe(true);
  });

  it.each([
    ['kl', kl({ mode })],
    ['wasserstein', wasserstein({ mode, affinity: affinityOf('distance', 1e10) })],
  ] as const)('nested multiples of %s, value and gradient', async (_name, objective) => {
    for (const predictions of [logits('float32'), logits('float64')]) {
      const huge = scale(scale(objective, 1e200), 1e200);
      await expectRefused(huge, predictions, new Float64Array(n * k));
      expectError(
        thrownBy(() => huge.value(predictions, { from: 'logits' })),
        overflow,
      );
      expectError(await rejectionOf(() => huge.valueAsync(predictions, { from: 'logits' })), overflow);
    }
  });

  it('f-divergences of probabilities near the smallest epsilon', async () => {
    const oneHot = Float64Array.from({ length: n * k }, (_, at) => (at % k === Math.floor(at / k) % 2 ? 1 : 0));
    const steep = [fDivergence({ mode, f: 'neyman' }), fDivergence({ mode, f: { alpha: -2 } })];
    if (mode === 'ovo') steep.push(chi2({ mode }));
    for (const objective of steep) {
      const options = { from: 'probabilities', epsilon: 1e-300 };
      await expectRefused(objective, { data: oneHot, shape: [n, k] }, new Float64Array(n * k), options);
      const single = Float32Array.from(oneHot);
      await expectRefused(objective, { data: single, shape: [n, k] }, new Float32Array(n * k), options);
    }
  });
});

it('f-divergences that stay finite are never refused, whatever the logits', () => {
  const finite = fDivergenceNames.filter((f) => f !== 'neyman' && f !== 'symmetric-chi2');
  for (const precision of ['float32', 'float64'] as const) {
    const { data } = logits(precision);
    for (const size of [1, 1e3, precision === 'float32' ? 3e38 : 1.7e308]) {
      const far = { data: data.map((z) => Math.sign(z) * size), shape: [n, k] } as Matrix;
      for (const f of finite) {
        const { gradient } = fDivergence({ mode: 'ova', f }).valueAndGrad(far, { from: 'logits' });
        expect(gradient.data.every(Number.isFinite), f).toBe(true);
      }
    }
  }
});

it('the gradient with respect to an affinity, in float32', () => {
  const objective = mmd({ mode: 'ova', affinity: affinityOf('kernel', 1e-200) });
  expectError(
    thrownBy(() => objective.affinityGrad(logits('float32'), { from: 'logits' })),
    overflow,
  );
  const { data } = objective.affinityGrad(logits('float64'), { from: 'logits' });
  expect(data.every(Number.isFinite)).toBe(true);
});
