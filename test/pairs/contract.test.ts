/** The promises of every loss on pairs of views: precisions, arrays that are lent, threads, asynchronous calls. */
import { afterEach, describe, expect, it } from 'vitest';
import { config, info, type Matrix } from '../../src/index.js';
import { expectClose, expectNumber } from '../support/compare.js';
import { centralDifferences } from '../support/differences.js';
import { expectError, rejectionOf, thrownBy } from '../support/errors.js';
import { asView, selectRows, toFloat32, toRows } from '../support/matrices.js';
import { type PairCase, pairCases } from '../support/pair-losses.js';
import { permutation, random } from '../support/random.js';
import { type Loose, matrixErrors, range, type } from '../support/wrong-inputs.js';

const next = random(191);
const { threads } = info();
afterEach(() => config({ threads }));

const views = ({ view }: PairCase, n = 20, k = 4) => [view(next, n, k), view(next, n, k)] as const;
const cases = pairCases.map((each) => [each.name, each] as const);

describe.each(cases)('%s', (_, each) => {
  const { loss, options } = each;

  it('has the gradients that central differences find', () => {
    const [a, b] = views(each, 6, 3);
    const { value, gradients } = loss.valueAndGrad(a, b, options);
    expect(loss.value(a, b, options)).toBe(value);
    const [ofA, ofB] = [
      (data: Float64Array) => loss.value({ data, shape: a.shape }, b, options),
      (data: Float64Array) => loss.value(a, { data, shape: b.shape }, options),
    ];
    expectClose(gradients[0].data, centralDifferences(ofA, a.data), 1e-8, 'dL/da');
    expectClose(gradients[1].data, centralDifferences(ofB, b.data), 1e-8, 'dL/db');
  });

  it.runIf(each.symmetric)('has the same value, and exchanged gradients, for exchanged views', () => {
    const [a, b] = views(each);
    const [there, back] = [loss.valueAndGrad(a, b, options), loss.valueAndGrad(b, a, options)];
    expectNumber(back.value, there.value, 1e-13);
    for (const side of [0, 1] as const)
      expectClose(back.gradients[1 - side]?.data as Float64Array, there.gradients[side].data, 1e-12);
  });

  it('does not depend on the order of the samples', () => {
    const [a, b] = views(each);
    const order = permutation(next, 20);
    const { value, gradients } = loss.valueAndGrad(a, b, options);
    const other = loss.valueAndGrad(selectRows(a, order), selectRows(b, order), options);
    expectNumber(other.value, value, 1e-13);
    for (const side of [0, 1] as const)
      expectClose(other.gradients[side].data, selectRows(gradients[side], order).data, 1e-12);
  });

  it('computes in float32 what it computes in float64', () => {
    const [a, b] = views(each, 37, 5);
    const exact = loss.valueAndGrad(a, b, options);
    const single = loss.valueAndGrad(toFloat32(a), toFloat32(b), options);
    expectNumber(single.value, exact.value, 1e-5);
    for (const side of [0, 1] as const) {
      expect(single.gradients[side].data).toBeInstanceOf(Float32Array);
      expectClose(single.gradients[side].data, exact.gradients[side].data, 3e-5);
    }
  });

  it('reads nested arrays and views of buffers, and fills arrays of either precision', () => {
    const [a, b] = views(each);
    const { value, gradients } = loss.valueAndGrad(a, b, options);
    const nested = loss.valueAndGrad(toRows(a), toRows(b), options);
    const viewed = loss.valueAndGrad(asView(a), asView(b), options);
    for (const other of [nested, viewed]) {
      expect(other.value).toBe(value);
      for (const side of [0, 1] as const) expect(other.gradients[side]).toEqual(gradients[side]);
    }
    const out = [new Float64Array(a.data.length), new Float32Array(b.data.length)] as Loose;
    const lent = loss.valueAndGrad(a, b, { ...options, out });
    for (const side of [0, 1] as const) {
      expect(lent.gradients[side].data).toBe(out[side]);
      expectClose(out[side], gradients[side].data, 1e-7);
    }
  });

  it('has the same bits for any number of threads, and asynchronously', async () => {
    const [a, b] = views(each, 400, 24).map(toFloat32) as [Matrix<Float32Array>, Matrix<Float32Array>];
    config({ threads: 1 });
    const expected = loss.valueAndGrad(a, b, options);
    for (const count of [2, 3]) {
      config({ threads: count });
      expect(loss.valueAndGrad(a, b, options)).toEqual(expected);
    }
    expect(await loss.valueAndGradAsync(a, b, options)).toEqual(expected);
    expect(await loss.valueAsync(a, b, options)).toBe(expected.value);
    const out = [new Float32Array(a.data.length), new Float32Array(b.data.length)] as const;
    const lent = await loss.valueAndGradAsync(a, b, { ...options, out });
    expect(lent.gradients.map(({ data }) => data)).toEqual(out);
    expect(lent).toEqual(expected);
    expect(lent.gradients[0].data).toBe(out[0]);
  });

  it('reads views in shared memory, and copies them before an asynchronous call returns', async () => {
    const [a, b] = views(each);
    const expected = loss.valueAndGrad(a, b, options);
    const shared = { data: new Float64Array(new SharedArrayBuffer(8 * a.data.length)), shape: a.shape };
    shared.data.set(a.data);
    expect(loss.valueAndGrad(shared, b, options)).toEqual(expected);
    const own = { data: a.data.slice(), shape: a.shape };
    const call = loss.valueAndGradAsync(own, b, options);
    own.data.fill(7);
    expect(await call).toEqual(expected);
  });

  it('refuses an array that is transferred while another thread computes', async () => {
    const [a, b] = views(each);
    const out = [new Float64Array(a.data.length), new Float64Array(b.data.length)] as const;
    const call = loss.valueAndGradAsync(a, b, { ...options, out });
    structuredClone(out[1].buffer, { transfer: [out[1].buffer] });
    expectError(await rejectionOf(() => call), { code: range, argument: 'out', received: 'transferred meanwhile' });
    expect(Math.max(...out[0])).toBe(0);
  });

  it('is stopped by a signal', async () => {
    const [a, b] = views(each);
    const stop = new AbortController();
    const call = loss.valueAndGradAsync(a, b, { ...options, signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    await expect(loss.valueAsync(a, b, { ...options, signal: stop.signal })).rejects.toThrow('enough');
  });

  describe('refuses', () => {
    const [a, b] = views(each, 8, 3);

    it.each(matrixErrors('a'))('%s as a view', (_, wrong, error) => {
      expectError(
        thrownBy(() => loss.value(wrong as Loose, b, options)),
        error,
      );
    });
    it.each(matrixErrors('b'))('%s as the other view', (_, wrong, error) => {
      expectError(
        thrownBy(() => loss.value(a, wrong as Loose, options)),
        error,
      );
    });

    it('views of other sizes or precisions, and of none', async () => {
      const cases = [
        [a, views(each, 7, 3)[1], { code: range, argument: 'b', expected: '8 ', received: '7 x 3' }],
        [a, views(each, 8, 2)[1], { code: range, argument: 'b', expected: '8 ', received: '8 x 2' }],
        [a, toFloat32(b), { code: type, argument: 'b.data', expected: 'a Float64Array', received: 'Float32Array(24)' }],
        [toFloat32(a), b, { code: type, argument: 'b.data', expected: 'a Float32Array', received: 'Float64Array(24)' }],
        [[], [], { code: range, argument: 'a', expected: 'at least one row', received: 'none' }],
      ] as const;
      for (const [x, y, error] of cases) {
        expectError(
          thrownBy(() => loss.valueAndGrad(x as Loose, y, options)),
          error,
        );
        expectError(await rejectionOf(() => loss.valueAsync(x as Loose, y, options)), error);
      }
    });

    it.each([
      ['a', Number.NaN],
      ['a', Infinity],
      ['b', -Infinity],
    ])('%s with %d, and leaves out as it was', async (argument, number) => {
      const data = { a: Float64Array.from(a.data), b: Float64Array.from(b.data) }[argument] as Float64Array;
      data[7] = number;
      const wrong = { data, shape: a.shape };
      const out = [new Float64Array(24).fill(7), new Float64Array(24).fill(7)] as const;
      const [x, y] = argument === 'a' ? [wrong, b] : [a, wrong];
      const error = { code: range, argument, expected: 'finite numbers', received: `${number} at row 2, column 1` };
      expectError(
        thrownBy(() => loss.valueAndGrad(x, y, { ...options, out })),
        error,
      );
      expectError(await rejectionOf(() => loss.valueAndGradAsync(x, y, { ...options, out })), error);
      for (const { 0: first } of out) expect(first).toBe(7);
    });

    it('options that it does not have, and arrays that cannot be lent', () => {
      const shared = new Float64Array(48);
      const [first, second] = [new Float64Array(24), new Float64Array(24)];
      const out = (...arrays: unknown[]) => ({ ...options, out: arrays }) as Loose;
      const cases: [Loose, Parameters<typeof expectError>[1]][] = [
        [null, { code: type, argument: 'options', received: 'null' }],
        [
          { ...options, rows: [1] },
          { code: type, argument: 'options.rows', received: "'rows'" },
        ],
        [
          { ...options, out: first },
          { code: type, argument: 'out', expected: 'two arrays' },
        ],
        [out(first), { code: type, argument: 'out', expected: 'two arrays', received: 'an array of length 1' }],
        [out(first, [1]), { code: type, argument: 'out[1]', expected: 'a Float32Array or Float64Array' }],
        [out(first, new Float64Array(23)), { code: range, argument: 'out[1]', expected: '24', received: '23' }],
        [out(first, first), { code: range, argument: 'out', received: 'one array for both gradients' }],
        [
          out(shared.subarray(0, 24), shared.subarray(12, 36)),
          { code: range, argument: 'out', received: 'one array for both gradients' },
        ],
        [out(a.data, second), { code: range, argument: 'out', received: 'that of a' }],
        [out(a.data.slice(), b.data), { code: range, argument: 'out', received: 'that of b' }],
      ];
      for (const [wrong, error] of cases)
        expectError(
          thrownBy(() => loss.valueAndGrad(a, b, wrong)),
          error,
        );
    });
  });
});
