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
import { emd } from '../src/transport.js';
import { type ExpectedError, expectError, thrownBy } from './support/errors.js';
import { random } from './support/random.js';

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

it('matches as many samples as exact transport between classes and clusters moves', () => {
  const next = random(8);
  for (let trial = 0; trial < 60; trial++) {
    const size = 2 + Math.floor(60 * next());
    const [most, filled] = [[2, 9, 1e6][trial % 3] as number, next()];
    const data = Int32Array.from({ length: size ** 2 }, () => (next() < filled ? Math.floor(most * next()) : 0));
    const classOf = matchClusters({ data, shape: [size, size] });
    const matched = classOf.reduce((total, c, k) => total + (data[c * size + k] as number), 0);
    const ones = new Float64Array(size).fill(1);
    const { cost } = emd(ones, ones, { data: Float64Array.from(data, (count) => -count), shape: [size, size] });
    expect(Math.abs(matched + cost), `${size} classes, up to ${most}`).toBeLessThanOrEqual(1e-12 * matched);
  }
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

describe('many classes and clusters', () => {
  const n = 30_000;
  const groups = 10_000;
  // Groups of three; clusters are the classes shifted by one sample, so that each shares two samples with one class.
  const byThree = Array.from({ length: n }, (_, i) => Math.floor(i / 3));
  const shifted = byThree.map((_, i) => byThree[(i + 1) % n] as number);

  it('have the metrics that their definitions give', () => {
    // Pairs together in both: 1 a group of 3. Expected by chance: (3 groups)^2 / all pairs.
    const [same, all] = [3 * groups, (n * (n - 1)) / 2];
    const expected = same ** 2 / all;
    expect(ari(byThree, shifted)).toBeCloseTo((groups - expected) / (same - expected), 14);
    expect(accuracy(byThree, shifted)).toBeCloseTo(2 / 3, 14);
    expect(purity(byThree, shifted)).toBeCloseTo(2 / 3, 14);
    expect(usedClusters(shifted)).toBe(groups);
    // H(class | cluster) is that of (2/3, 1/3); H(class, cluster) adds the logarithm of the number of clusters.
    const conditional = Math.log(3) - (2 / 3) * Math.log(2);
    expect(nce(byThree, shifted)).toBeCloseTo(-conditional / (conditional + Math.log(groups)), 12);
  });

  it('are the same as few where the numbers of labels are far apart', () => {
    fc.assert(
      fc.property(labelPair, fc.constantFrom(977, 1e6 + 3, 2 ** 40 + 1), ([y, c], step) => {
        const [far, farClusters] = [y.map((label) => label * step), c.map((label) => label * step)];
        for (const metric of [ari, accuracy, purity, nce]) {
          expect(metric(far, farClusters)).toBeCloseTo(metric(y, c), 12);
        }
        expect(usedClusters(farClusters)).toBe(usedClusters(c));
      }),
    );
  });

  it('are counted by class in the same way as in a table', () => {
    // 40 samples in 13 classes and 13 clusters: more cells than a small table has.
    const labels = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 40, maxLength: 40 });
    fc.assert(
      fc.property(labels, labels, (y, c) => {
        const { data, shape } = contingency(y, c);
        const [rows, columns] = shape;
        const classOf = matchClusters({ data, shape });
        const matched = [...classOf].reduce(
          (total, of, k) => total + (of < 0 ? 0 : (data[of * columns + k] as number)),
          0,
        );
        expect(accuracy(y, c)).toBeCloseTo(matched / 40, 12);
        const most = Array.from({ length: columns }, (_, k) =>
          Math.max(...Array.from({ length: rows }, (_, r) => data[r * columns + k] as number)),
        );
        expect(purity(y, c)).toBeCloseTo(most.reduce((a, b) => a + b, 0) / 40, 12);
      }),
    );
  });

  it('fill a table where it fits, and are an error with its size where it does not', () => {
    const table = contingency([5000, 0], [0, 5000]);
    expect(table.shape).toEqual([5001, 5001]);
    expect([table.data[5000], table.data[5000 * 5001]]).toEqual([1, 1]);
    expectError(
      thrownBy(() => contingency([1e9], [1e9])),
      {
        code: 'ERR_OUT_OF_MEMORY',
        argument: 'A table of 1000000001 x 1000000001 counts',
        received: 'TB; number the labels',
      },
    );
  });
});

describe('big integers', () => {
  it('are labels like any other', () => {
    const [y, c] = [classes.map(BigInt), clusters.map(BigInt)];
    for (const [a, b] of [
      [BigInt64Array.from(y), BigUint64Array.from(c)],
      [y, clusters],
      [classes, BigInt64Array.from(c)],
    ] as const) {
      expect(contingency(a, b)).toEqual(contingency(classes, clusters));
      for (const metric of [ari, accuracy, purity, nce]) expect(metric(a, b)).toBe(metric(classes, clusters));
    }
    expect(usedClusters(BigInt64Array.from(c))).toBe(3);
  });

  it('are told apart beyond the numbers that are exact', () => {
    const [one, two] = [2n ** 60n, 2n ** 60n + 1n];
    expect(usedClusters([one, two, one])).toBe(2);
    expect(ari(BigInt64Array.of(one, two, one), [0, 1, 0])).toBe(1);
  });
});

describe('wrong input', () => {
  const wrong: [string, unknown, unknown, string, RegExp][] = [
    ['no array', 'abc', [0], 'ERR_INVALID_ARG_TYPE', /classes/],
    ['a DataView', [0], new DataView(new ArrayBuffer(8)), 'ERR_INVALID_ARG_TYPE', /clusters/],
    ['a negative big integer', BigInt64Array.of(0n, -1n), [0, 0], 'ERR_OUT_OF_RANGE', /classes\[1\].*-1n/],
    ['a boolean', [true], [0], 'ERR_INVALID_ARG_TYPE', /classes\[0\].*an integer/],
    ['a string inside', [0, '1'], [0, 1], 'ERR_INVALID_ARG_TYPE', /classes\[1\]/],
    ['nothing', [], [], 'ERR_OUT_OF_RANGE', /at least one/],
    ['lengths that differ', [0, 1], [0], 'ERR_OUT_OF_RANGE', /2.*1/],
    ['a negative label', [0, 1], [0, -1], 'ERR_OUT_OF_RANGE', /clusters\[1\]/],
    ['a fraction', [0.5], [0], 'ERR_OUT_OF_RANGE', /0\.5/],
    ['NaN', [Number.NaN], [0], 'ERR_OUT_OF_RANGE', /NaN/],
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
      'counts below 0',
      { data: Int32Array.of(1, -2), shape: [1, 2] },
      { code: 'ERR_OUT_OF_RANGE', argument: 'table.data[1]', expected: 'a count >= 0', received: '-2' },
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
