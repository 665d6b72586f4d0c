/** The numbers of the page: its map, and the features that distinguish clusters. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Random } from '../src/base/random.js';
import { fitFeatures, readTable, transform } from '../src/data/index.js';
import { distinctionsOf, histogramOf } from '../src/page/distinctions.js';
import type { PageBranch } from '../src/page/input.js';
import { principalPlane } from '../src/page/pca.js';
import { eigenvectors } from '../src/page/symmetric.js';
import { treePicture } from '../src/page/tree-picture.js';
import { expectClose } from './support/compare.js';

async function iris() {
  const table = await readTable(fileURLToPath(new URL('fixtures/data/iris.csv', import.meta.url)));
  const columns = table.columns.flatMap((column) => (column.type === 'number' ? [column.values] : []));
  const data = Float64Array.from({ length: 600 }, (_, e) => columns[e % 4]?.[Math.floor(e / 4)] as number);
  return { data, shape: [150, 4] as const };
}

describe('the plane of the largest variance', () => {
  it('is that of scikit-learn', async () => {
    // scikit-learn 1.9.1, PCA(2) of iris; the signs of its components are ours, too.
    const { points, shares } = principalPlane(await iris());
    expectClose(shares, [0.9246187232017341, 0.05306648311706383], 1e-12);
    const expected = [
      [-2.6841256259695383, 0.31939724658508517],
      [1.284825688858347, 0.6851604704673022],
      [1.3901888619479141, -0.28266093799053227],
    ];
    for (const [i, row] of [0, 50, 149].entries())
      expectClose(points.subarray(2 * row, 2 * row + 2), expected[i] as number[], 1e-7);
  });

  it('is that of scikit-learn where more features have variance', async () => {
    const table = await readTable(fileURLToPath(new URL('fixtures/data/wine.csv', import.meta.url)));
    const fitted = fitFeatures(table, { label: 'class', precision: 'float64' });
    const { points, shares } = principalPlane(transform(fitted, table));
    expectClose(shares, [0.36198848099926334, 0.19207490257008938], 1e-12);
    const expected = [
      [3.3167508122147793, 1.4434626343180088],
      [-1.5424801378968822, -1.3814435080942309],
      [-3.208758164198025, 2.768919566047576],
    ];
    for (const [i, row] of [0, 60, 177].entries())
      expectClose(points.subarray(2 * row, 2 * row + 2), expected[i] as number[], 1e-5);
  });

  it('tells axes of nearly equal variance apart', async () => {
    // scikit-learn 1.9.1: the third axis has 0.163 of the variance.
    const table = await readTable(fileURLToPath(new URL('fixtures/data/penguins.csv', import.meta.url)));
    const { shares } = principalPlane(transform(fitFeatures(table, { label: 'species', precision: 'float64' }), table));
    expectClose(shares, [0.4832704981496435, 0.18131830395099116], 1e-12);
  });

  it('is a line for one feature, and a point for equal rows', () => {
    const line = principalPlane({ data: Float64Array.of(1, 2, 6), shape: [3, 1] });
    expectClose(line.points, [-2, 0, -1, 0, 3, 0], 1e-15);
    expect(line.shares).toEqual([1, 0]);
    const point = principalPlane({ data: new Float32Array(8).fill(3), shape: [4, 2] });
    expect(point).toEqual({ points: new Float64Array(8), shares: [0, 0] });
  });

  it('is the same beside so many columns that rows are read in each iteration', async () => {
    const { data, shape } = await iris();
    const wide = new Float64Array(shape[0] * 1030);
    for (let i = 0; i < shape[0]; i++) wide.set(data.subarray(4 * i, 4 * i + 4), 1030 * i);
    const [narrow, other] = [principalPlane({ data, shape }), principalPlane({ data: wide, shape: [shape[0], 1030] })];
    expectClose(other.points, narrow.points, 1e-7);
    expectClose(other.shares, narrow.shares, 1e-12);
  });

  it('finds a plane within many features', () => {
    const random = new Random(4);
    const [a, b] = [0, 1].map(() => Float64Array.from({ length: 300 }, () => random.normal())) as [
      Float64Array,
      Float64Array,
    ];
    const data = new Float64Array(100 * 300);
    for (let i = 0; i < 100; i++) {
      const [s, t] = [5 * random.normal(), random.normal()];
      for (let j = 0; j < 300; j++) data[i * 300 + j] = s * (a[j] as number) + t * (b[j] as number);
    }
    const { shares } = principalPlane({ data, shape: [100, 300] });
    expect(shares[0] + shares[1]).toBeCloseTo(1, 12);
  });
});

describe('eigenvectors', () => {
  it('are those of a matrix of 2, and of its multiples and of 0', () => {
    // 3 and 1, of (1, 1) and (1, -1), by hand.
    for (const scale of [1, 1e-200, 1e150]) {
      const found = eigenvectors([
        [2 * scale, scale],
        [scale, 2 * scale],
      ]);
      expectClose(
        found.map(({ value }) => value / scale),
        [3, 1],
        1e-15,
      );
      const [one, other] = found.map(({ vector }) => vector) as [[number, number], [number, number]];
      expect(one[0]).toBeCloseTo(one[1], 14);
      expect(other[0]).toBeCloseTo(-other[1], 14);
    }
    expect(
      eigenvectors([
        [0, 0],
        [0, 0],
      ]).map(({ value }) => value),
    ).toEqual([0, 0]);
  });

  it('make up the matrix', () => {
    const random = new Random(7);
    const a = Array.from({ length: 6 }, () => Array.from({ length: 6 }, () => random.normal()));
    const symmetric = a.map((row, i) => row.map((value, j) => value + (a[j]?.[i] as number)));
    const found = eigenvectors(symmetric);
    expect(found.map(({ value }) => value)).toEqual(found.map(({ value }) => value).sort((one, other) => other - one));
    const sum = symmetric.map((row, i) =>
      row.map((_, j) =>
        found.reduce((total, { value, vector }) => total + value * (vector[i] as number) * (vector[j] as number), 0),
      ),
    );
    expectClose(sum.flat(), symmetric.flat(), 1e-14);
  });
});

describe('the features that distinguish clusters', () => {
  const x = { data: Float32Array.of(0, 5, 0, 7, 4, 5, 4, 7), shape: [4, 2] as const };

  it('differ in units of their standard deviation, the most different one first', () => {
    const [first, second, empty] = distinctionsOf(x, Int32Array.of(0, 0, 1, 1), [2, 2, 0], 9);
    // Means 0 and 4 about 2, deviation 2; the other feature has equal means.
    expect(first).toEqual([
      { feature: 0, inside: 0, outside: 4, difference: -2 },
      { feature: 1, inside: 6, outside: 6, difference: 0 },
    ]);
    expect(second?.[0]).toEqual({ feature: 0, inside: 4, outside: 0, difference: 2 });
    expect(empty).toEqual([]);
    expect(distinctionsOf(x, new Int32Array(4), [4], 9)).toEqual([[]]);
  });

  it('have histograms inside and outside over one range', () => {
    expect(histogramOf(x, 1, Int32Array.of(0, 1, 1, 1), 0, 4)).toEqual({
      least: 5,
      most: 7,
      inside: Float64Array.of(1, 0, 0, 0),
      outside: Float64Array.of(1 / 3, 0, 0, 2 / 3),
    });
  });
});

describe('the picture of a tree', () => {
  const leaf = (side: string, cluster: number) => ({ side, samples: 4, cluster, children: [] });
  const root = (children: PageBranch[]) => ({ side: '', samples: 8, cluster: 0, children });

  it('names rules with their thresholds, and each leaf', () => {
    const picture = treePicture(root([leaf(`${'<b>'.repeat(12)} <= 1.25`, 0), leaf('x0 > 1.25', 1)]));
    expect(picture).toContain('&#60;b&#62;'.repeat(4)); // 12 letters
    expect(picture).toMatch(/…[^<]* &#60;= 1\.25</);
    expect(picture).not.toContain('<b>');
    expect(picture).toContain('>x0 &#62; 1.25<');
    expect(picture).toContain('>cluster 1, 4 rows<');
  });

  it('is left out where it says nothing', () => {
    expect(treePicture(root([]))).toBe('');
    expect(treePicture(root(Array.from({ length: 61 }, (_, i) => leaf(`x${i}`, 0))))).toBe('');
  });
});
