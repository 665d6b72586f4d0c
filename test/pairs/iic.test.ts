/** Invariant information clustering: vectors of the specification, its definition, and its properties. */
import { describe, expect, it } from 'vitest';
import { iic, type Matrix, mi } from '../../src/index.js';
import { expectClose, expectFinite, expectNumber } from '../support/compare.js';
import { centralDifferences } from '../support/differences.js';
import { selectColumns, throughSoftmax, toFloat32, toRows } from '../support/matrices.js';
import { gaussian, oneHot, permutation, probabilities, random, softmax } from '../support/random.js';

const next = random(190);
const EPS = 2 ** -52;

/** L by its definition; entries and marginals below EPS are replaced by EPS, as in the reference code. */
function byDefinition(x: Matrix, y: Matrix, lambda: number): number {
  const [, k] = x.shape;
  const [rowsOfX, rowsOfY] = [toRows(x), toRows(y)];
  const product = (i: number, j: number) =>
    rowsOfX.reduce((sum, row, at) => sum + (row[i] as number) * (rowsOfY[at]?.[j] as number), 0);
  const a = Array.from({ length: k }, (_, i) => Array.from({ length: k }, (_, j) => product(i, j)));
  const total = a.flat().reduce((sum, each) => sum + each, 0);
  const q = a.map((row, i) => row.map((each, j) => (each + (a[j]?.[i] as number)) / (2 * total)));
  const log = (number: number) => Math.log(Math.max(number, EPS));
  const p = q.map((row) => row.reduce((sum, each) => sum + each, 0));
  return -q
    .flatMap((row, i) =>
      row.map((each, j) => Math.max(each, EPS) * (log(each) - lambda * (log(p[i] as number) + log(p[j] as number)))),
    )
    .reduce((sum, each) => sum + each, 0);
}

describe('the vectors of the specification, checked against autograd of the reference formula', () => {
  const x = [
    [0.7, 0.2, 0.1],
    [0.1, 0.8, 0.1],
    [0.25, 0.25, 0.5],
    [0.05, 0.15, 0.8],
  ];
  const y = [
    [0.6, 0.3, 0.1],
    [0.2, 0.7, 0.1],
    [0.1, 0.3, 0.6],
    [0.1, 0.1, 0.8],
  ];
  const logits = (view: number[][]) => view.map((row) => row.map(Math.log));

  it('for lambda = 1', () => {
    const { value, gradients } = iic().valueAndGrad(x, y);
    expectNumber(value, -0.0878264487515, 1e-11);
    expectClose(
      gradients[0].data,
      [
        -0.0390671003, 0.0167651722, 0.1222817328, 0.0220798147, -0.0280985558, 0.113320517, 0.093627717, 0.0618248259,
        -0.0023219665, 0.1161321864, 0.1022805514, -0.0476828382,
      ],
      1e-9,
    );
    expectClose(
      gradients[1].data,
      [
        -0.054353829, 0.0279811042, 0.1245220368, 0.0373665434, -0.0393144878, 0.111080213, 0.0594453892, 0.0584208612,
        0.0237189254, 0.1237755508, 0.0966725854, -0.0488029902,
      ],
      1e-9,
    );
    const ofLogits = iic().valueAndGrad(logits(x), logits(y), { from: 'logits' });
    expectNumber(ofLogits.value, -0.0878264487515, 1e-11);
    expectClose(
      ofLogits.gradients[0].data,
      [
        -0.0191109365, 0.0057061869, 0.0134047495, 0.0031018626, -0.0153277955, 0.0122259328, 0.0139813911,
        0.0060306684, -0.0200120595, 0.0066564882, 0.0178917195, -0.0245482077,
      ],
      3e-9,
    );
  });

  it('for lambda = 1.5', () => {
    const { value, gradients } = iic({ lambda: 1.5 }).valueAndGrad(logits(x), logits(y), { from: 'logits' });
    expectNumber(value, -1.17372432322, 1e-11);
    expectClose(
      gradients[0].data,
      [
        -0.0275531894, 0.0104861665, 0.017067023, -0.0002617891, -0.0134688017, 0.0137305907, 0.005648488, 0.00668783,
        -0.0123363179, 0.0044394625, 0.016634681, -0.0210741435,
      ],
      3e-9,
    );
  });
});

describe('the definition', () => {
  it.each([
    [1, 1],
    [1, 4],
    [2, 3],
    [15, 2],
    [16, 5],
    [17, 7],
    [300, 10],
    [530, 71],
  ])('holds for %i samples and %i clusters', (n, k) => {
    for (const lambda of [0, 1, 2.5]) {
      const [x, y] = [probabilities(next, n, k), probabilities(next, n, k)];
      const expected = byDefinition(x, y, lambda);
      const scale = Math.max(1, Math.abs(expected));
      expectNumber(iic({ lambda }).value(x, y), expected, 1e-13, 'float64', scale);
      expectNumber(iic({ lambda }).value(toFloat32(x), toFloat32(y)), expected, 2e-6, 'float32', scale);
    }
  });

  it('gives the gradients, by central differences', () => {
    for (const [n, k, lambda] of [
      [3, 2, 1],
      [18, 4, 1],
      [7, 5, 0.3],
      [5, 3, 2],
    ] as const) {
      const [x, y] = [probabilities(next, n, k), probabilities(next, n, k)];
      const { gradients } = iic({ lambda }).valueAndGrad(x, y);
      const ofX = (data: Float64Array) => byDefinition({ data, shape: x.shape }, y, lambda);
      const ofY = (data: Float64Array) => byDefinition(x, { data, shape: y.shape }, lambda);
      expectClose(gradients[0].data, centralDifferences(ofX, x.data), 1e-8, 'dL/dx');
      expectClose(gradients[1].data, centralDifferences(ofY, y.data), 1e-8, 'dL/dy');
    }
  });

  it('gives them through the softmax', () => {
    const [x, y] = [gaussian(next, 40, 6, 2), gaussian(next, 40, 6, 2)];
    const [p, q] = [softmax(x), softmax(y)];
    const fused = iic().valueAndGrad(x, y, { from: 'logits' });
    const { value, gradients } = iic().valueAndGrad(p, q);
    expectNumber(fused.value, value, 1e-13);
    expectClose(fused.gradients[0].data, throughSoftmax(gradients[0], p), 1e-12);
    expectClose(fused.gradients[1].data, throughSoftmax(gradients[1], q), 1e-12);
  });

  it('gives float32 gradients to its precision', () => {
    const [x, y] = [gaussian(next, 700, 70), gaussian(next, 700, 70)];
    const exact = iic().valueAndGrad(x, y, { from: 'logits' });
    const single = iic().valueAndGrad(toFloat32(x), toFloat32(y), { from: 'logits' });
    for (const side of [0, 1] as const) expectClose(single.gradients[side].data, exact.gradients[side].data, 1e-5);
  });
});

describe('properties', () => {
  it.each([2, 3, 10])('is -log K for %i balanced clusters that agree, whatever their names', (k) => {
    const labels = Array.from({ length: 6 * k }, (_, i) => i % k);
    for (const view of [oneHot(labels, k), toFloat32(oneHot(labels, k))])
      expectNumber(iic().value(view, view), -Math.log(k), 1e-10);
  });

  it('is 0 for clusters that do not depend on the sample, and lies between', () => {
    const constant = { data: Float64Array.from({ length: 40 }, (_, i) => [0.5, 0.3, 0.2, 0][i % 4] as number) };
    expect(Math.abs(iic().value({ ...constant, shape: [10, 4] }, { ...constant, shape: [10, 4] }))).toBeLessThan(1e-13);
    for (let round = 0; round < 20; round++) {
      const value = iic().value(probabilities(next, 30, 5, 4), probabilities(next, 30, 5, 4));
      expect(value).toBeLessThan(0);
      expect(value).toBeGreaterThan(-Math.log(5));
    }
  });

  it('has the mean of its value over lambda: L is linear in it', () => {
    const [x, y] = [probabilities(next, 20, 4), probabilities(next, 20, 4)];
    const at = (lambda: number) => iic({ lambda }).value(x, y);
    expectNumber(at(1), (at(0) + at(2)) / 2, 1e-13);
  });

  it('does not change with the names of the clusters, nor with the mass of all rows', () => {
    const [x, y] = [probabilities(next, 33, 6), probabilities(next, 33, 6)];
    const { value, gradients } = iic().valueAndGrad(x, y);
    const order = permutation(next, 6);
    const renamed = iic().valueAndGrad(selectColumns(x, order), selectColumns(y, order));
    expectNumber(renamed.value, value, 1e-13);
    expectClose(renamed.gradients[0].data, selectColumns(gradients[0], order).data, 1e-12);
    const halved = { data: x.data.map((each) => each / 2), shape: x.shape };
    expectNumber(iic().value(halved, y), value, 1e-13);
  });

  it('of a view with itself is less than the mutual information of sample and cluster', () => {
    const x = probabilities(next, 50, 4);
    expect(-iic().value(x, x)).toBeLessThan(mi().value(x));
  });
});

describe('clusters without samples, and saturated softmaxes', () => {
  // By hand: Q is [[1, 0], [0, 0]] with EPS in place of 0, so that L = -EPS (2 log EPS - 3 log EPS - log EPS) / …
  it('count as EPS, as in the reference', () => {
    const view = oneHot([0, 0, 0], 2);
    expectNumber(iic().value(view, view), byDefinition(view, view, 1), 1e-12, 'value', 1e-14);
    const other = oneHot([0, 1, 2, 0, 1], 4);
    expectNumber(iic({ lambda: 1.5 }).value(other, other), byDefinition(other, other, 1.5), 1e-13);
  });

  it('let no gradient through', () => {
    // Q = diag(1/2, 1/2, 0), p = (1/2, 1/2, 0), log p_3 = log EPS and S = 2. M_11 = M_22 = 1 - log(1/2) + 2 log(1/2),
    // <M, Q> = 1 - log 2; M_12 = 2, since only p passes; M_13 = 1: p_1 passes.
    const view = oneHot([0, 1], 3);
    for (const each of [view, toFloat32(view)]) {
      const [byX] = iic().valueAndGrad(each, each).gradients;
      const expected = [0, 1, Math.log(2), 1, 0, Math.log(2)];
      const mean = 1 - Math.log(2);
      expected[0] = (1 - Math.log(2) - mean) / 2;
      expected[1] = (2 - mean) / 2;
      expected[2] = (1 - mean) / 2;
      expected.splice(3, 3, expected[1], expected[0], expected[2]);
      expectClose(byX.data, expected, 1e-6);
    }
  });

  it('are finite from any logits', () => {
    for (const size of [80, 1e4, 1e30]) {
      const views = [gaussian(next, 30, 5, size), gaussian(next, 30, 5, size)].map(toFloat32);
      const [a, b] = views as [Matrix<Float32Array>, Matrix<Float32Array>];
      const { value, gradients } = iic().valueAndGrad(a, b, { from: 'logits' });
      expect(Number.isFinite(value)).toBe(true);
      for (const { data } of gradients) expectFinite(data);
    }
  });
});
