/** The order of a column against a sort with a comparison, for columns that buckets suit and for others. */
import { describe, expect, it } from 'vitest';
import { Random } from '../src/base/random.js';
import { ColumnOrder } from '../src/estimators/column-order.js';

const random = new Random(5);
const column = (n: number, value: (i: number) => number) => Array.from({ length: n }, (_, i) => value(i));

const columns: readonly (readonly [string, number[]])[] = [
  ['uniform numbers', column(500, () => random.uniform())],
  ['normal numbers', column(500, () => random.normal())],
  ['numbers of a heavy tail', column(500, () => Math.exp(5 * random.normal()))],
  ['few values', column(500, () => random.below(4))],
  ['an outlier beside normal numbers', column(500, (i) => (i === 77 ? 1e12 : random.normal()))],
  ['falling numbers beside an outlier', column(500, (i) => (i === 0 ? -1e300 : -i))],
  ['the largest and the smallest numbers', [1.7e308, -1.7e308, 3, -3, 1e-300, 1.7e308, 0, -1.7e308]],
  ['subnormal numbers', column(60, () => random.below(9) * 5e-324)],
  ['zeros of both signs', [0, -0, 1, -0, 0, -1, 0]],
  ['one value', column(9, () => 3.25)],
  ['one number', [7]],
  ['two numbers', [2, -2]],
];

describe('the order of a column', () => {
  it.each(columns)('is stable and rising: %s', (_, values) => {
    const n = values.length;
    // The second of three columns; the others stay as they are.
    const data = Float64Array.from({ length: 3 * n }, (_, e) => (e % 3 === 1 ? (values[(e - 1) / 3] as number) : e));
    const [rows, ranks] = [new Int32Array(3 * n).fill(-1), new Int32Array(3 * n).fill(-1)];
    const order = new ColumnOrder(n);
    for (let again = 0; again < 2; again++) order.write(data, 1, rows, ranks);
    const sorted = values.map((_, i) => i).sort((a, b) => (values[a] as number) - (values[b] as number) || a - b);
    expect([...rows.subarray(n, 2 * n)]).toEqual(sorted);
    const distinct = [...new Set(values.map((value) => value + 0))].sort((a, b) => a - b);
    expect([...ranks.subarray(n, 2 * n)]).toEqual(sorted.map((i) => distinct.indexOf((values[i] as number) + 0)));
    for (const untouched of [rows, ranks]) {
      expect(untouched.subarray(0, n).every((entry) => entry === -1)).toBe(true);
      expect(untouched.subarray(2 * n).every((entry) => entry === -1)).toBe(true);
    }
  });

  it('is that of a column of float32', () => {
    const data = Float32Array.from({ length: 200 }, () => random.normal());
    const [rows, ranks] = [new Int32Array(200), new Int32Array(200)];
    new ColumnOrder(100).write(data, 1, rows, ranks);
    const values = [...rows.subarray(100)].map((i) => data[2 * i + 1] as number);
    expect(values).toEqual([...values].sort((a, b) => a - b));
  });
});
