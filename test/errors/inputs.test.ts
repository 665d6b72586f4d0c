/** Inputs that look wrong and are not; and no input is ever written to. */
import { describe, expect, expectTypeOf, it } from 'vitest';
import { kl, type Matrix, mmd } from '../../src/index.js';
import { asView, toFloat32 } from '../support/matrices.js';
import { probabilities, random } from '../support/random.js';
import { kernel, n, objectives, tau } from '../support/wrong-inputs.js';

const next = random(16);

it.each([
  [{ stride: [3, 1], offset: 0, order: [1, 0] }],
  [{ strides: [3, 1], offset: 0, order: 'row-major', flags: {} }],
  [{ strides: Int32Array.of(3, 1) }],
  [{ order: 'C' }],
])('row-major arrays of other libraries are no error: %j', (layout) => {
  expect(kl({ mode: 'ova' }).value({ ...tau, ...layout })).toBe(kl({ mode: 'ova' }).value(tau));
});

it('the stride along a single row or column does not matter', () => {
  const row = { data: Float64Array.of(0.2, 0.3, 0.5), shape: [1, 3], stride: [7, 1] } as const;
  const column = { data: Float64Array.of(1, 1, 1), shape: [3, 1], strides: [1, 9], order: 'column-major' } as const;
  for (const matrix of [row, column]) expect(kl({ mode: 'ova' }).value(matrix)).toBeCloseTo(0, 11);
});

describe('inputs are never written to', () => {
  it.each(Object.entries(objectives))('%s', async (_, objective) => {
    const predictions = asView(tau);
    const rows = Int32Array.from({ length: n }, (_row, i) => i);
    const [before, indices] = [Float64Array.from(predictions.data), Int32Array.from(rows)];
    objective.valueAndGrad(predictions, { rows });
    objective.valueAndGrad(predictions, { rows, from: 'logits', clip: 'mask' });
    await objective.valueAndGradAsync(predictions, { rows, from: 'logits' });
    expect(predictions.data).toEqual(before);
    expect(rows).toEqual(indices);
  });

  it('views of predictions and of out are respected', () => {
    for (const objective of Object.values(objectives)) {
      const expected = objective.valueAndGrad(tau);
      const memory = new Float64Array(30).fill(42);
      const out = memory.subarray(4, 28);
      const { value, gradient } = objective.valueAndGrad(asView(tau), { out });
      expect(value).toBe(expected.value);
      expect(gradient.data, 'the lent buffer itself').toBe(out);
      expect(out).toEqual(expected.gradient.data);
      expect([...memory.subarray(0, 4), ...memory.subarray(28)]).toEqual(new Array(6).fill(42));
      const single = new Float32Array(24);
      expect(objective.valueAndGrad(tau, { out: single }).gradient.data).toBe(single);
      expect(single).toEqual(Float32Array.from(expected.gradient.data));
    }
  });

  it('results have the precision of out or of the predictions, and so have their types', async () => {
    const objective = kl({ mode: 'ova' });
    const single = toFloat32(tau);
    const nested = [[0.4, 0.6]];
    const [ofSingle, ofDouble, ofNested] = [single, tau, nested].map(
      (each) => objective.valueAndGrad(each).gradient.data,
    );
    expect([ofSingle, ofDouble, ofNested].map((data) => data?.constructor)).toEqual([
      Float32Array,
      Float64Array,
      Float64Array,
    ]);
    expectTypeOf(objective.valueAndGrad(single).gradient.data).toEqualTypeOf<Float32Array>();
    expectTypeOf(objective.valueAndGrad(tau, { from: 'logits' }).gradient.data).toEqualTypeOf<Float64Array>();
    expectTypeOf(objective.valueAndGrad(nested).gradient.data).toEqualTypeOf<Float64Array>();
    expectTypeOf((await objective.valueAndGradAsync(single, {})).gradient.data).toEqualTypeOf<Float32Array>();
    const lent = objective.valueAndGrad(single, { out: new Float64Array(24) }).gradient.data;
    expectTypeOf(lent).toEqualTypeOf<Float64Array<ArrayBuffer>>();
    expect(lent).toBeInstanceOf(Float64Array);
    expectTypeOf(objective.valueAndGrad(single as Matrix).gradient.data).toEqualTypeOf<Float32Array | Float64Array>();
    const affinityGrad = mmd({ mode: 'ova', affinity: kernel }).affinityGrad(single).data;
    expectTypeOf(affinityGrad).toEqualTypeOf<Float32Array>();
    expect(affinityGrad).toBeInstanceOf(Float32Array);
  });

  it('the memory of a result is never used again', () => {
    for (const objective of Object.values(objectives)) {
      const first = objective.valueAndGrad(tau).gradient.data;
      const kept = Float64Array.from(first);
      const second = objective.valueAndGrad(probabilities(next, n, 3)).gradient.data;
      expect(second.buffer).not.toBe(first.buffer);
      expect(first).toEqual(kept);
    }
  });
});
