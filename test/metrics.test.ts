import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accuracy,
  ari,
  type ContingencyTable,
  contingency,
  type Labels,
  matchClusters,
  nce,
  purity,
  usedClusters,
} from '../src/metrics.js';
import { type ExpectedError, expectError, thrownBy } from './support/errors.js';

// The vector of the specification, checked there against the GEMINI papers' code.
const classes = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2];
const clusters = [1, 1, 1, 3, 3, 3, 3, 0, 0, 0, 1, 0];

const labelPair = fc
  .integer({ min: 1, max: 60 })
  .chain((n) =>
    fc.tuple(labelsOf(n, 5), labelsOf(n, 8), fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 8], { minLength: 9 })),
  );

function labelsOf(n: number, largest: number) {
  return fc.array(fc.integer({ min: 0, max: largest }), { minLength: n, maxLength: n });
}

describe('the specification vector', () => {
  it('gives its numbers', () => {
    expect(contingency(classes, clusters)).toEqual({
      data: Int32Array.from([0, 3, 0, 1, 0, 0, 0, 3, 4, 1, 0, 0]),
      shape: [3, 4],
    });
    expect(ari(classes, clusters)).toBeCloseTo(0.511945392491, 12);
    expect(accuracy(classes, clusters)).toBeCloseTo(0.833333333333, 12);
    expect(purity(classes, clusters)).toBeCloseTo(0.833333333333, 12);
    expect(usedClusters(clusters)).toBe(3);
    expect(nce(classes, clusters)).toBeCloseTo(-0.25442109915, 10);
  });

  it('gives them for typed arrays, views among them', () => {
    const view = Int32Array.from([9, 9, ...clusters]).subarray(2);
    expect(ari(Uint8Array.from(classes), view)).toBe(ari(classes, clusters));
    expect(accuracy(Float64Array.from(classes), view)).toBe(accuracy(classes, clusters));
    expect(usedClusters(view)).toBe(3);
  });
});

describe('every metric', () => {
  it('does not depend on how classes and clusters are numbered', () => {
    fc.assert(
      fc.property(labelPair, ([y, c, numbering]) => {
        const yRenamed = y.map((label) => numbering[label]);
        const cRenamed = c.map((label) => numbering[label]);
        for (const metric of [ari, accuracy, purity, nce]) {
          expect(metric(yRenamed, cRenamed)).toBeCloseTo(metric(y, c), 12);
        }
        expect(usedClusters(cRenamed)).toBe(usedClusters(c));
      }),
    );
  });

  it('does not depend on the order of the samples', () => {
    fc.assert(
      fc.property(labelPair, ([y, c]) => {
        for (const metric of [ari, accuracy, purity, nce]) {
          expect(metric(y.toReversed(), c.toReversed())).toBeCloseTo(metric(y, c), 12);
        }
      }),
    );
  });

  it('is best for equal partitions, one sample and one group included', () => {
    fc.assert(
      fc.property(labelPair, ([y]) => {
        expect(ari(y, y)).toBe(1);
        expect(accuracy(y, y)).toBe(1);
        expect(purity(y, y)).toBe(1);
        expect(nce(y, y)).toBeCloseTo(0, 12);
      }),
    );
  });

  it('stays in its range', () => {
    fc.assert(
      fc.property(labelPair, ([y, c]) => {
        expect(ari(y, c)).toBeCloseTo(ari(c, y), 12);
        expect(ari(y, c)).toBeLessThanOrEqual(1);
        expect(ari(y, c)).toBeGreaterThanOrEqual(-0.5);
        expect(purity(y, c)).toBeGreaterThanOrEqual(accuracy(y, c));
        expect(accuracy(y, c)).toBeGreaterThan(0);
        expect(nce(y, c)).toBeLessThanOrEqual(0);
        expect(nce(y, c)).toBeGreaterThanOrEqual(-1);
      }),
    );
  });
});

describe('ari', () => {
  it('is 0 for a single cluster and counts pairs as its definition does', () => {
    expect(ari([0, 0, 1, 1], [0, 0, 0, 0])).toBe(0);
    expect(ari([0, 0, 1, 1], [0, 1, 0, 1])).toBeCloseTo(-0.5, 12);
  });
});

describe('nce', () => {
  it('is 0 for pure clusters and -1 for a single one', () => {
    expect(nce([0, 0, 1, 1], [0, 1, 2, 3])).toBe(0);
    expect(nce([0, 0, 1, 1], [0, 0, 0, 0])).toBe(-1);
  });
});

describe('matchClusters', () => {
  it('finds the best of all assignments, for tables of any shape', () => {
    const table = fc
      .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }))
      .chain(([rows, columns]) =>
        fc
          .array(fc.integer({ min: 0, max: 9 }), { minLength: rows * columns, maxLength: rows * columns })
          .map((counts) => ({ data: Int32Array.from(counts), shape: [rows, columns] as const })),
      );
    fc.assert(
      fc.property(table, ({ data, shape: [rows, columns] }) => {
        const classOf = matchClusters({ data, shape: [rows, columns] });
        const named = [...classOf].filter((c) => c >= 0);
        expect(new Set(named).size).toBe(Math.min(rows, columns));
        const matched = [...classOf].reduce((total, c, k) => total + (c < 0 ? 0 : data[c * columns + k]), 0);
        expect(matched).toBe(bestByTrial(data, rows, columns, 0, []));
      }),
    );
  });
});

/** Tries every choice of a class (or none) for cluster k and the ones after it. */
function bestByTrial(data: Int32Array, rows: number, columns: number, k: number, taken: number[]): number {
  if (k === columns) return 0;
  let best = bestByTrial(data, rows, columns, k + 1, taken);
  for (let c = 0; c < rows; c++) {
    if (taken.includes(c)) continue;
    best = Math.max(best, data[c * columns + k] + bestByTrial(data, rows, columns, k + 1, [...taken, c]));
  }
  return best;
}

describe('wrong input', () => {
  const wrong: [string, unknown, unknown, string, RegExp][] = [
    ['no array', 'abc', [0], 'ERR_INVALID_ARG_TYPE', /classes/],
    ['a DataView', [0], new DataView(new ArrayBuffer(8)), 'ERR_INVALID_ARG_TYPE', /clusters/],
    ['big integers', new BigInt64Array(1), [0], 'ERR_INVALID_ARG_TYPE', /classes\[0\]/],
    ['a string inside', [0, '1'], [0, 1], 'ERR_INVALID_ARG_TYPE', /classes\[1\]/],
    ['nothing', [], [], 'ERR_OUT_OF_RANGE', /at least one/],
    ['lengths that differ', [0, 1], [0], 'ERR_OUT_OF_RANGE', /2.*1/],
    ['a negative label', [0, 1], [0, -1], 'ERR_OUT_OF_RANGE', /clusters\[1\]/],
    ['a fraction', [0.5], [0], 'ERR_OUT_OF_RANGE', /0\.5/],
    ['NaN', [Number.NaN], [0], 'ERR_OUT_OF_RANGE', /NaN/],
    ['identifiers', [5000, 0], [0, 5000], 'ERR_OUT_OF_RANGE', /5001/],
  ];

  it.each(wrong)('%s is refused', (_, y, c, code, message) => {
    const error = thrownBy(() => ari(y as Labels, c as Labels));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(error).toBeInstanceOf(code === 'ERR_INVALID_ARG_TYPE' ? TypeError : RangeError);
  });

  it.each<[string, unknown, ExpectedError]>([
    [
      'undefined',
      undefined,
      { code: 'ERR_INVALID_ARG_TYPE', argument: 'table', expected: 'contingency()', received: 'undefined' },
    ],
    [
      'no counts',
      { shape: [2, 2] },
      { code: 'ERR_INVALID_ARG_TYPE', argument: 'table', received: 'an object with keys shape' },
    ],
    ['no shape', { data: new Int32Array(4) }, { code: 'ERR_INVALID_ARG_TYPE', argument: 'table' }],
    ['counts that are NaN', { data: [Number.NaN], shape: [1, 1] }, { code: 'ERR_INVALID_ARG_TYPE', argument: 'table' }],
    [
      'another shape',
      { data: new Int32Array(4), shape: [4] },
      { code: 'ERR_OUT_OF_RANGE', argument: 'table.shape', received: '[4]' },
    ],
    [
      'too few counts',
      { data: new Int32Array(4), shape: [2, 3] },
      { code: 'ERR_OUT_OF_RANGE', argument: 'table.data', expected: '6 counts', received: '4' },
    ],
  ])('a table that is %s is refused by matchClusters', (_, table, error) => {
    expectError(
      thrownBy(() => matchClusters(table as ContingencyTable)),
      error,
    );
  });

  it('is refused by usedClusters too', () => {
    expect(thrownBy(() => usedClusters([-1]))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
  });
});
