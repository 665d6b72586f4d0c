/** Tables into features: against scikit-learn, for new tables, and what is refused. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tableOf } from '../../src/data/arrays.js';
import { type FeatureOptions, fitFeatures, type Transformation } from '../../src/data/features.js';
import { classesOf } from '../../src/data/labels.js';
import { readTable } from '../../src/data/read-table.js';
import { transform } from '../../src/data/transform.js';
import { temporaryFiles } from '../support/files.js';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/data/${name}`, import.meta.url));
const expected = JSON.parse(readFileSync(fixture('expected.json'), 'utf8'));
const fileOf = temporaryFiles();
const codeAndMessage = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

type Arrays = Readonly<Record<string, ArrayLike<unknown>>>;
/** The rows of the features of arrays, as float64. */
function rowsOf(arrays: Arrays, options: FeatureOptions = {}, types = {}): number[][] {
  const table = tableOf(arrays, { types });
  return asRows(transform(fitFeatures(table, { precision: 'float64', ...options }), table));
}
const asRows = ({ data, shape: [n, d] }: { data: Float32Array | Float64Array; shape: readonly [number, number] }) =>
  Array.from({ length: n }, (_, i) => Array.from(data.subarray(i * d, (i + 1) * d)));

describe('penguins', () => {
  it.each(['standard', 'robust'] as const)('are scikit-learn’s features with the scale %s', async (scale) => {
    const table = await readTable(fixture('penguins-all.csv'));
    const columns = ['island', 'bill_length_mm', 'bill_depth_mm', 'flipper_length_mm', 'body_mass_g', 'sex'];
    const fitted = fitFeatures(table, { columns, scale, impute: 'median', precision: 'float64' });
    expect(fitted.features.slice(0, 4)).toEqual([
      'island=Biscoe',
      'island=Dream',
      'island=Torgersen',
      'bill_length_mm',
    ]);
    const rows = asRows(transform(fitted, table));
    for (const [i, row] of expected.rows.entries())
      for (const [j, value] of expected[scale][i].entries()) expect(rows[row]?.[j]).toBeCloseTo(value, 12);
    expect(transform(fitted, table).notes).toEqual([
      "column 'bill_length_mm': 2 missing values were replaced by 44.45",
      "column 'bill_depth_mm': 2 missing values were replaced by 17.3",
      "column 'flipper_length_mm': 2 missing values were replaced by 197",
      "column 'body_mass_g': 2 missing values were replaced by 4050",
      "column 'sex': 11 missing values were replaced by male",
    ]);
  });

  it('without missing values need no options except the label', async () => {
    const table = await readTable(fixture('penguins.csv'));
    const fitted = fitFeatures(table, { label: 'species' });
    expect(fitted.skipped).toEqual([{ name: 'species', reason: 'the label' }]);
    expect(transform(fitted, table)).toMatchObject({ shape: [333, 10], notes: [] });
    const { labels, names } = classesOf(table, 'species');
    expect(names).toEqual(['Adelie', 'Chinstrap', 'Gentoo']);
    expect([0, 1, 2].map((name) => labels.filter((label) => label === name).length)).toEqual([146, 68, 119]);
  });

  it('with missing values are refused with line, row and column', async () => {
    const table = await readTable(fixture('penguins-all.csv'));
    const message =
      /penguins-all\.csv, line 5 \(row 4\), column 'bill_length_mm': expected a value, received none; fill it in.*`impute: 'median'`/;
    expect(() => fitFeatures(table, { label: 'species' })).toThrow(codeAndMessage('ERR_MISSING_VALUE', message));
    const sex = /line 5 \(row 4\), column 'sex'/;
    expect(() => fitFeatures(table, { columns: ['sex'] })).toThrow(codeAndMessage('ERR_MISSING_VALUE', sex));
  });
});

describe('a column', () => {
  it('of numbers is scaled', () => {
    const x = [1, 2, 3, 10];
    const deviation = Math.sqrt(((-3) ** 2 + (-2) ** 2 + (-1) ** 2 + 6 ** 2) / 4);
    expect(rowsOf({ x }).flat()).toEqual([-3, -2, -1, 6].map((value) => value / deviation));
    expect(rowsOf({ x }, { scale: 'none' }).flat()).toEqual(x);
    // Median 2.5; quartiles 1.75 and 4.75, as numpy has them.
    expect(rowsOf({ x }, { scale: 'robust' }).flat()).toEqual([-0.5, -1 / 6, 1 / 6, 2.5]);
  });

  it('of numbers that are mostly equal keeps its differences with the robust scale', () => {
    expect(rowsOf({ x: [5, 5, 5, 5, 5, 9] }, { scale: 'robust' }).flat()).toEqual([0, 0, 0, 0, 0, 4]);
  });

  it('of large or tiny numbers is scaled without overflow', () => {
    for (const unit of [1e300, 1e-300]) {
      const rows = rowsOf({ x: [1, 2, 3, 10].map((x) => x * unit) }).flat();
      for (const [i, value] of rowsOf({ x: [1, 2, 3, 10] })
        .flat()
        .entries())
        expect(rows[i]).toBeCloseTo(value, 12);
    }
    const message = /column 'x': expected numbers whose differences are at most 1\.8e308/;
    expect(() => rowsOf({ x: [1.7e308, -1.7e308, 1] })).toThrow(codeAndMessage('ERR_OUT_OF_RANGE', message));
  });

  it('of categories is one-hot in alphabetical order, of booleans 0 or 1', () => {
    expect(rowsOf({ kind: ['b', 'a', 'b', 'c'], flag: [true, false, true, true] })).toEqual([
      [0, 1, 0, 1],
      [1, 0, 0, 0],
      [0, 1, 0, 1],
      [0, 0, 1, 1],
    ]);
  });

  it('of vectors stays as it is, unless a scale is named', () => {
    const v = [
      [1, 7],
      [3, 7],
    ];
    expect(rowsOf({ v })).toEqual(v);
    expect(rowsOf({ v }, { scale: 'standard' })).toEqual([
      [-1, 0],
      [1, 0],
    ]);
  });

  it('without information is skipped with the reason', () => {
    const table = tableOf({
      id: [7, 8, 9],
      one: [5, 5, 5],
      same: ['a', 'a', 'a'],
      none: [null, null, null],
      name: ['u', 'v', 'w'],
      essay: ['x'.repeat(70), 'y', 'z'],
      at: [new Date(0), new Date(1), new Date(5)],
      still: [[1], [1], [1]],
      x: [1, 5, 2],
    });
    const { features, skipped } = fitFeatures(table);
    expect(features).toEqual(['x']);
    expect(skipped).toEqual([
      { name: 'id', reason: 'an id: whole numbers, named like an id' },
      { name: 'one', reason: 'constant: 5' },
      { name: 'same', reason: "constant: 'a'" },
      { name: 'none', reason: 'no values' },
      { name: 'name', reason: 'an id: each text occurs once' },
      { name: 'essay', reason: 'text: long texts' },
      { name: 'at', reason: 'a date' },
      { name: 'still', reason: 'constant' },
    ]);
  });

  it('may be replaced where values are missing', () => {
    const arrays = {
      x: [1, null, 4, 2],
      kind: ['b', 'a', null, 'a'],
      flag: [true, null, true, false],
      v: [[1, 2], null, [3, 6], [3, 4]],
    };
    expect(rowsOf(arrays, { impute: 'median', scale: 'none' })).toEqual([
      [1, 0, 1, 1, 1, 2],
      [2, 1, 0, 1, 3, 4],
      [4, 1, 0, 1, 3, 6],
      [2, 1, 0, 0, 3, 4],
    ]);
  });
});

describe('features are refused', () => {
  const x = [1, 3, 2];
  it.each([
    [{ x: [1, null, 2] }, {}, 'ERR_MISSING_VALUE', /arrays, row 2, column 'x': expected a value, received none/],
    [
      {
        v: [
          [1, Number.NaN],
          [2, 3],
        ],
      },
      {},
      'ERR_MISSING_VALUE',
      /row 1, column 'v', entry 2 of the vector: expected a value/,
    ],
    [{ x: [1, Infinity, 2] }, {}, 'ERR_OUT_OF_RANGE', /row 2, column 'x': expected a finite number, received Infinity/],
    [{ v: [[1], [-Infinity]] }, { impute: 'median' }, 'ERR_OUT_OF_RANGE', /row 2, column 'v', entry 1 of the vector/],
    [{ x: [1] }, {}, 'ERR_EMPTY', /arrays: expected at least 2 rows to fit, received 1/],
    [
      { a: [1, 1], id: [3, 9] },
      {},
      'ERR_EMPTY',
      /at least one column that can be a feature, received 'a' \(constant: 1\), 'id' \(an id/,
    ],
    [
      { x, id: [4, 9, 1] },
      { columns: ['id'] },
      'ERR_COLUMN',
      /columns, 'id': expected a number.*, received an id: .*types: \{ 'id': 'number' \}/,
    ],
    [
      { x, t: ['a', 'b', 'c'] },
      { columns: ['t'] },
      'ERR_COLUMN',
      /received an id: each text occurs once; leave it out, or .*'category'/,
    ],
    [
      { x, at: [new Date(1), null, null] },
      { columns: ['at'] },
      'ERR_COLUMN',
      /received a date; convert it to a number/,
    ],
    [{ x }, { columns: ['y'] }, 'ERR_COLUMN', /columns: expected one of the columns x, received 'y'/],
    [{ x }, { label: 'y' }, 'ERR_COLUMN', /label: expected one of the columns x, received 'y'/],
    [
      { x },
      { label: 'x', columns: ['x'] },
      'ERR_OUT_OF_RANGE',
      /columns: expected features, received 'x', which is the label/,
    ],
    [
      { x: [1, 1e300] },
      { scale: 'none' },
      'ERR_OUT_OF_RANGE',
      /row 2, column 'x': expected a feature that float32 can hold, received 1e\+300; choose another/,
    ],
    [{ x }, { scale: 'minmax' }, 'ERR_OUT_OF_RANGE', /scale: expected one of 'none', 'standard', 'robust'/],
    [{ x }, { impute: 'mean' }, 'ERR_OUT_OF_RANGE', /impute: expected one of 'median'/],
    [{ x }, { precision: 32 }, 'ERR_INVALID_ARG_TYPE', /precision/],
    [{ x }, { label: 3 }, 'ERR_INVALID_ARG_TYPE', /label: expected a string, received 3/],
    [{ x }, { scaling: 'none' }, 'ERR_INVALID_ARG_TYPE', /options\.scaling/],
  ])('%j with %j', (arrays, options, code, message) => {
    const table = tableOf(arrays as Arrays);
    expect(() => transform(fitFeatures(table, options as FeatureOptions), table)).toThrow(
      codeAndMessage(code, message),
    );
  });
});

describe('a new table', () => {
  const old = tableOf({ x: [1, 2, 5], kind: ['a', 'b', 'a'], v: [[1], [2], [4]], flag: [true, false, true] });
  const fitted = JSON.parse(JSON.stringify(fitFeatures(old, { scale: 'none' }))) as Transformation;

  it('of other order and with more columns has the same features', () => {
    const table = tableOf({ more: ['?'], v: [[7]], flag: [true], kind: ['b'], x: [9] });
    expect(transform(fitted, table)).toEqual({ data: Float32Array.of(9, 0, 1, 7, 1), shape: [1, 5], notes: [] });
  });

  it('of a text file is read as the data of fit were, whatever its types seem to be', async () => {
    const fit = await readTable(fileOf('fit.csv', 'x,kind\n1.5,a\n7,b\n2,a\n3,b\n'));
    const other = await readTable(fileOf('new.csv', 'kind,x\nb,1\na,2\n c,3\n'));
    expect(other.columns.map(({ type }) => type)).toEqual(['id', 'id']);
    const { data, notes } = transform(fitFeatures(fit, { scale: 'none' }), other);
    expect([...data]).toEqual([1, 0, 1, 2, 1, 0, 3, 0, 0]);
    expect(notes).toEqual(["column 'kind': 1 rows have categories that the data of fit had not ('c'); they are 0"]);
  });

  it('has its missing values replaced by those of fit', () => {
    const table = tableOf({ x: [1, 3, 5], kind: ['a', 'b', 'a'] });
    const imputed = fitFeatures(table, { scale: 'none', impute: 'median' });
    const { data, notes } = transform(imputed, tableOf({ x: [null, 7], kind: [null, 'b'] }));
    expect([...data]).toEqual([3, 1, 0, 7, 0, 1]);
    expect(notes).toHaveLength(2);
  });

  const row = { x: [9], kind: ['b'], v: [[7]], flag: [true] };
  it.each([
    [
      { x: [1], flag: [true] },
      'ERR_COLUMN',
      /arrays: expected the columns of fit, kind, v among them, received x, flag; add/,
    ],
    [
      { ...row, x: ['u'] },
      'ERR_COLUMN',
      /arrays, row 1, column 'x': expected a number as in the data of fit, received 'u'/,
    ],
    [
      { ...row, x: [[1]] },
      'ERR_COLUMN',
      /column 'x': expected a number as in the data of fit, received a vector of 1 numbers/,
    ],
    [
      { ...row, v: [1] },
      'ERR_COLUMN',
      /column 'v': expected a vector of 1 numbers as in the data of fit, received a number/,
    ],
    [{ ...row, v: [[1, 2]] }, 'ERR_COLUMN', /expected a vector of 1 numbers as in the data of fit, received one of 2/],
    [{ ...row, flag: [3] }, 'ERR_COLUMN', /column 'flag': expected true or false as in the data of fit, received '3'/],
    [{ ...row, x: [null] }, 'ERR_MISSING_VALUE', /row 1, column 'x'/],
    [{ ...row, kind: [null] }, 'ERR_MISSING_VALUE', /row 1, column 'kind'/],
    [{ ...row, x: [Infinity] }, 'ERR_OUT_OF_RANGE', /row 1, column 'x': expected a finite number/],
    [{ ...row, v: [[Number.NaN]] }, 'ERR_MISSING_VALUE', /entry 1 of the vector/],
  ])('%j is refused', (arrays, code, message) => {
    expect(() => transform(fitted, tableOf(arrays as Arrays))).toThrow(codeAndMessage(code, message));
  });

  it('is refused by a transformation of another version', () => {
    const message = /transformation: expected version 1, received version 2; fit once more/;
    expect(() => transform({ ...fitted, version: 2 as 1 }, old)).toThrow(codeAndMessage('ERR_UNSUPPORTED', message));
    expect(() => transform({} as Transformation, old)).toThrow(
      codeAndMessage('ERR_UNSUPPORTED', /what fitFeatures returned/),
    );
  });
});

describe('features', () => {
  const rows = fc.array(
    fc.record({
      x: fc.integer({ min: -1e6, max: 1e6 }).map((x) => x / 128),
      kind: fc.constantFrom('a', 'b', 'c'),
      y: fc.nat(50),
    }),
    { minLength: 3, maxLength: 30 },
  );
  const arraysOf = (list: readonly { x: number; kind: string; y: number }[]) => ({
    x: list.map(({ x }) => x),
    kind: list.map(({ kind }) => kind),
    y: list.map(({ y }) => y),
  });
  const types = { x: 'number', kind: 'category', y: 'number' } as const;
  const usable = (list: readonly { x: number }[]) => new Set(list.map(({ x }) => x)).size > 1;

  it('go with their rows when these change places', () => {
    fc.assert(
      fc.property(rows.filter(usable), fc.constantFrom('standard' as const, 'robust' as const), (list, scale) => {
        const there = rowsOf(arraysOf(list), { scale }, types);
        const back = rowsOf(arraysOf(list.toReversed()), { scale }, types).toReversed();
        for (const [i, row] of there.entries())
          for (const [j, value] of row.entries()) expect(back[i]?.[j]).toBeCloseTo(value, 8);
      }),
    );
  });

  it('of numbers have mean 0 and variance 1', () => {
    fc.assert(
      fc.property(rows.filter(usable), (list) => {
        const x = rowsOf({ x: list.map((each) => each.x) }, {}, { x: 'number' }).flat();
        const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
        expect(mean).toBeCloseTo(0, 9);
        expect(x.reduce((sum, value) => sum + value ** 2, 0) / x.length).toBeCloseTo(1, 9);
      }),
    );
  });

  it('are the same after the transformation went through JSON, and for each row alone', () => {
    fc.assert(
      fc.property(rows.filter(usable), (list) => {
        const table = tableOf(arraysOf(list), { types });
        const fitted = fitFeatures(table);
        const all = transform(fitted, table);
        expect(transform(JSON.parse(JSON.stringify(fitted)), table)).toEqual(all);
        const [first] = asRows(transform(fitted, tableOf(arraysOf(list.slice(0, 1)))));
        expect(first).toEqual(asRows(all)[0]);
      }),
    );
  });
});

describe('classes', () => {
  it('are numbered in their order; missing ones are -1', () => {
    expect(classesOf(tableOf({ y: [10, 9, null, 10] }), 'y')).toEqual({
      labels: Int32Array.of(1, 0, -1, 1),
      names: ['9', '10'],
    });
    expect(classesOf(tableOf({ y: [true, false] }), 'y').names).toEqual(['false', 'true']);
  });

  it.each([
    [{ y: [[1], [2]] }, /label, 'y': expected a column of classes, received vectors/],
    [{ y: [null, null] }, /received no values/],
    [{ y: Array.from({ length: 20 }, (_, i) => i + 0.5) }, /received 20 different values in 20 rows/],
  ])('%j are refused', (arrays, message) => {
    expect(() => classesOf(tableOf(arrays), 'y')).toThrow(codeAndMessage('ERR_COLUMN', message));
  });
});
