/** Divergences between Gaussians: vectors, definitions in 60 digits, central differences, identities, forms of input. */
import { describe, expect, it } from 'vitest';
import type { Matrix } from '../../src/index.js';
import {
  type AlphaJsOptions,
  alphaJs,
  type Gaussian,
  type GaussianDivergence,
  gaussianKl,
} from '../../src/mixtures/index.js';
import { expectClose, expectNumber, largest } from '../support/compare.js';
import { centralDifferences } from '../support/differences.js';
import { fixture } from '../support/fixtures.js';
import { gaussian, random } from '../support/random.js';

type Diagonal = { mean: number[]; variance: number[] };
type Full = { mean: number[]; covariance: number[][] };
const p: Full = {
  mean: [0.3, -1.2],
  covariance: [
    [0.8, 0.2],
    [0.2, 1.5],
  ],
};
const q: Full = {
  mean: [1.1, 0.4],
  covariance: [
    [1.2, -0.3],
    [-0.3, 0.6],
  ],
};
const flat = { p: { mean: [0.3, -1.2], variance: [0.8, 1.5] }, q: { mean: [1.1, 0.4], variance: [1.2, 0.6] } };

describe('the vectors of the specification', () => {
  it('has both Kullback-Leibler divergences', () => {
    expectNumber(gaussianKl().value(p, q), 3.951915124785, 1e-12);
    expectNumber(gaussianKl().value(q, p), 1.415572559944, 1e-12);
  });

  it.each([
    [{ alpha: 0.5 }, 0.839310217218],
    [{ alpha: 0.65 }, 0.818003304961],
    [{ alpha: 0.35 }, 0.688906886461],
    [{ alpha: 0.1 }, 0.187494550602],
    [{ alpha: 0.9 }, 0.348371087757],
    [{ alpha: 0.5, dual: true }, 0.502561703965],
    [{ alpha: 0.65, dual: true }, 0.403100143315],
    [{ alpha: 0.35, dual: true }, 0.532196561815],
    [{ alpha: 0.1, dual: true }, 0.295579341023],
    [{ alpha: 0.9, dual: true }, 0.134702803869],
    [{ alpha: 0.5, variant: 'deasy' }, 0.839310217218],
    [{ alpha: 0.65, variant: 'deasy' }, 0.549992447547],
    [{ alpha: 0.35, variant: 'deasy' }, 1.4399916355],
    [{ alpha: 0.5, variant: 'deasy', dual: true }, 0.502561703965],
    [{ alpha: 0.65, variant: 'deasy', dual: true }, 0.564876861408],
    [{ alpha: 0.35, variant: 'deasy', dual: true }, 0.655846725465],
    [{ alpha: 0.65, symmetrise: true }, (0.818003304961 + 0.688906886461) / 2],
  ] as const)('%o', (options, value) => {
    expectNumber(alphaJs(options).value(p, q), value, 2e-12);
  });

  it('is not symmetric for alpha other than a half, and not bounded', () => {
    expectNumber(alphaJs({ alpha: 0.65 }).value(q, p), 0.688906886461, 2e-12);
    const far = { ...q, mean: p.mean.map((mean) => mean + 10) };
    expectNumber(alphaJs().value(p, far), 42.57006508, 1e-9);
  });

  it.each([
    [
      0.65,
      [-0.33370123538, -0.69639676816],
      [-0.07911469299, 0.07249363731, 0.07249363731, 0.14709374405],
      [-0.25202544768, -0.72581023329, -0.72581023329, -1.68333304676],
    ],
    [
      0.5,
      [-0.35103714764, -0.70711405293],
      [-0.10176831654, 0.07578851639, 0.07578851639, 0.15946916444],
      [-0.24879745123, -0.74799677458, -0.74799677458, -1.74075287443],
    ],
  ])('gradients by covariances for alpha = %d', (alpha, byMean, byP, byQ) => {
    const { gradients } = alphaJs({ alpha }).valueAndGrad(p, q);
    expectClose(gradients[0].mean, byMean, 1e-10);
    expectClose(
      gradients[1].mean,
      byMean.map((slope) => -slope),
      1e-10,
    );
    expectClose(gradients[0].covariance.data, byP, 1e-10);
    expectClose(gradients[1].covariance.data, byQ, 1e-10);
  });

  it.each([
    [
      0.5,
      0.600964052276,
      [-0.21666666667, -0.55238095238],
      [-0.15270833333, 0.1064739229],
      [0.02958333333, -1.00269274376],
    ],
    [
      0.65,
      0.577114070335,
      [-0.18554964539, -0.54216033755],
      [-0.11818062, 0.10702605441],
      [0.0169371982, -0.99044558609],
    ],
  ])('independent features for alpha = %d', (alpha, value, byMean, byP, byQ) => {
    const result = alphaJs({ alpha }).valueAndGrad(flat.p, flat.q);
    expectNumber(result.value, value, 2e-12);
    expectClose(result.gradients[0].mean, byMean, 1e-10);
    expectClose(result.gradients[0].variance, byP, 1e-10);
    expectClose(result.gradients[1].variance, byQ, 1e-10);
    if (alpha === 0.65) expectNumber(alphaJs({ alpha }).value(flat.q, flat.p), 0.505959658728, 2e-12);
  });
});

interface Case {
  name: string;
  alpha: number;
  diagonal: boolean;
  p: [mean: number[], covariance: number[][]];
  q: [mean: number[], covariance: number[][]];
  value: number;
  gradients: [meanOfP: number[], ofP: number[], meanOfQ: number[], ofQ: number[]];
}
const cases = fixture<Case[]>('mixtures/divergences.json');

function divergenceOf({ name, alpha }: Case): GaussianDivergence {
  if (name === 'kl') return gaussianKl();
  const variant = name.includes('deasy') ? 'deasy' : 'nielsen';
  return alphaJs({ alpha, variant, dual: name.includes('dual'), symmetrise: name.includes('symmetrised') });
}
const diagonalOf = (covariance: number[][]) => covariance.map((row, i) => row[i] as number);

describe('the definitions, in 60 digits', () => {
  it.each(cases.map((each, k) => ({ ...each, k, d: each.p[0].length })))(
    'case $k: $name, alpha $alpha, $d features, diagonal: $diagonal',
    (each) => {
      const divergence = divergenceOf(each);
      const [[mean, covariance], [otherMean, otherCovariance]] = [each.p, each.q];
      const full = divergence.valueAndGrad({ mean, covariance }, { mean: otherMean, covariance: otherCovariance });
      // The pair that differs by 1e-6 has divergences near 1e-12: 8 of their digits are left in covariances.
      const near = each.value < 1e-9 ? 1e-8 : 1e-11;
      expectNumber(full.value, each.value, near);
      const found = full.gradients.flatMap((gradient) => [gradient.mean, gradient.covariance.data]);
      for (const [k, gradient] of each.gradients.entries()) expectClose(found[k] as Float64Array, gradient, near);
      if (!each.diagonal) return;
      const flat = divergence.valueAndGrad(
        { mean, variance: diagonalOf(covariance) },
        { mean: otherMean, variance: diagonalOf(otherCovariance) },
      );
      const close = each.value < 1e-9 ? 1e-9 : 1e-13;
      expectNumber(flat.value, each.value, close);
      const d = mean.length;
      const [byMean, ofP, , ofQ] = each.gradients.map((g) =>
        g.length > d ? g.filter((_, e) => e % (d + 1) === 0) : g,
      );
      expectClose(flat.gradients[0].mean, byMean as number[], close);
      expectClose(flat.gradients[0].variance, ofP as number[], close);
      expectClose(flat.gradients[1].variance, ofQ as number[], close);
    },
  );
});

const next = random(23);
const positive = (count: number) => Float64Array.from(gaussian(next, 1, count).data, Math.exp);
const independent = (d: number) => ({ mean: gaussian(next, 1, d).data, variance: positive(d) });
function correlated(d: number): { mean: Float64Array; covariance: Matrix<Float64Array> } {
  const root = gaussian(next, d, d).data;
  const data = new Float64Array(d * d).map((_, e) => {
    let sum = Math.floor(e / d) === e % d ? 0.3 : 0;
    for (let l = 0; l < d; l++) sum += (root[Math.floor(e / d) * d + l] as number) * (root[(e % d) * d + l] as number);
    return sum;
  });
  return { mean: gaussian(next, 1, d).data, covariance: { data, shape: [d, d] } };
}

const all: [string, GaussianDivergence][] = [
  ...[0.3, 0.5, 0.65].flatMap((alpha) =>
    (['nielsen', 'deasy'] as const).flatMap((variant) =>
      [false, true].flatMap((dual) => [false, true].map((symmetrise) => alphaJs({ alpha, variant, dual, symmetrise }))),
    ),
  ),
  gaussianKl(),
].map((divergence) => [divergence.name, divergence]);

describe.each(all)('%s', (_, divergence) => {
  it('has the gradients that central differences find', () => {
    const [a, b] = [independent(4), independent(4)];
    const { gradients } = divergence.valueAndGrad(a, b);
    const found = {
      mean: (mean: Float64Array) => divergence.value({ ...a, mean }, b),
      variance: (variance: Float64Array) => divergence.value({ ...a, variance }, b),
      otherMean: (mean: Float64Array) => divergence.value(a, { ...b, mean }),
      otherVariance: (variance: Float64Array) => divergence.value(a, { ...b, variance }),
    };
    expectClose(gradients[0].mean, centralDifferences(found.mean, a.mean), 1e-7);
    expectClose(gradients[0].variance, centralDifferences(found.variance, a.variance, 1e-4), 1e-7);
    expectClose(gradients[1].mean, centralDifferences(found.otherMean, b.mean), 1e-7);
    expectClose(gradients[1].variance, centralDifferences(found.otherVariance, b.variance, 1e-4), 1e-7);
  });

  it('has the gradients by covariances that central differences find', () => {
    const d = 3;
    const [a, b] = [correlated(d), correlated(d)];
    const { gradients } = divergence.valueAndGrad(a, b);
    const symmetric = ({ covariance }: typeof a, at: number, t: number): Matrix<Float64Array> => {
      const data = covariance.data.slice();
      const mirrored = (at % d) * d + Math.floor(at / d);
      data[at] = (data[at] as number) + t / 2;
      data[mirrored] = (data[mirrored] as number) + t / 2;
      return { data, shape: covariance.shape };
    };
    for (let at = 0; at < d * d; at++) {
      const one = Float64Array.of(0);
      const ofP = ([t]: Float64Array) => divergence.value({ ...a, covariance: symmetric(a, at, t as number) }, b);
      const ofQ = ([t]: Float64Array) => divergence.value(a, { ...b, covariance: symmetric(b, at, t as number) });
      const [scaleP, scaleQ] = gradients.map(({ covariance }) => largest(covariance.data));
      const [byP, byQ] = gradients.map(({ covariance }) => covariance.data[at] as number);
      expectNumber(byP as number, centralDifferences(ofP, one, 1e-4)[0] as number, 1e-7, 'dS1', scaleP);
      expectNumber(byQ as number, centralDifferences(ofQ, one, 1e-4)[0] as number, 1e-7, 'dS2', scaleQ);
    }
    const means = centralDifferences((mean) => divergence.value({ ...a, mean }, b), a.mean);
    expectClose(gradients[0].mean, means, 1e-7);
  });

  it('is 0 without a slope where p and q are equal, and positive elsewhere', () => {
    const [a, b] = [independent(3), correlated(3)];
    const flat = divergence.valueAndGrad(a, a);
    expect(flat.value).toBe(0);
    for (const gradient of flat.gradients) expect(largest([...gradient.mean, ...gradient.variance])).toBe(0);
    const full = divergence.valueAndGrad(b, b);
    expect(full.value).toBeGreaterThanOrEqual(0);
    expect(full.value).toBeLessThan(1e-28);
    for (const { mean, covariance } of full.gradients)
      expect(largest([...mean, ...covariance.data])).toBeLessThan(1e-12);
    for (const step of [1e-9, 1e-5, 1e3])
      expect(divergence.value(a, { ...a, variance: a.variance.map((v) => v * (1 + step)) })).toBeGreaterThan(0);
  });

  it('does not change where both are moved, turned and stretched', () => {
    const d = 3;
    const [a, b] = [correlated(d), correlated(d)];
    const map = gaussian(next, d, d).data;
    const product = (x: Float64Array, y: Float64Array, turned: boolean) =>
      x.map((_, e) => {
        let sum = 0;
        for (let l = 0; l < d; l++)
          sum += (x[Math.floor(e / d) * d + l] as number) * (y[turned ? (e % d) * d + l : l * d + (e % d)] as number);
        return sum;
      });
    const moved = ({ mean, covariance }: typeof a) => ({
      mean: mean.map((_, i) => 7 + mean.reduce((sum, m, j) => sum + m * (map[i * d + j] as number), 0)),
      covariance: { data: product(product(map, covariance.data, false), map, true), shape: covariance.shape },
    });
    const value = divergence.value(a, b);
    expectNumber(divergence.value(moved(a), moved(b)), value, 1e-9);
    const [c, e] = [independent(d), independent(d)];
    const scaled = ({ mean, variance }: typeof c, factor: number) => ({
      mean: mean.map((m) => m * factor),
      variance: variance.map((v) => v * factor * factor),
    });
    for (const factor of [1e-100, 1e-3, 1e100])
      expectNumber(divergence.value(scaled(c, factor), scaled(e, factor)), divergence.value(c, e), 1e-12);
  });
});

describe('identities', () => {
  const [a, b] = [independent(5), independent(5)];
  const swapped: AlphaJsOptions[] = [{}, { dual: true }, { variant: 'deasy' }, { variant: 'deasy', dual: true }];

  it.each(swapped)('exchanged Gaussians have the divergence of 1 - alpha: %o', (options) => {
    const there = alphaJs({ ...options, alpha: 0.65 }).valueAndGrad(a, b);
    const back = alphaJs({ ...options, alpha: 1 - 0.65 }).valueAndGrad(b, a);
    expectNumber(back.value, there.value, 1e-13);
    expectClose(back.gradients[1].variance, there.gradients[0].variance, 1e-12);
    const both = alphaJs({ ...options, alpha: 0.65, symmetrise: true });
    expectNumber(both.value(a, b), both.value(b, a), 1e-13);
    const mean =
      (alphaJs({ ...options, alpha: 0.65 }).value(a, b) + alphaJs({ ...options, alpha: 0.65 }).value(b, a)) / 2;
    expectNumber(both.value(a, b), mean, 1e-13);
  });

  it('tends to both Kullback-Leibler divergences in the Deasy variant', () => {
    const at = (alpha: number) => alphaJs({ alpha, variant: 'deasy' }).value(a, b);
    expectNumber(at(1e-9), gaussianKl().value(a, b), 1e-7);
    expectNumber(at(1 - 1e-9), gaussianKl().value(b, a), 1e-7);
  });

  it('is the skew Bhattacharyya distance in its dual', () => {
    const [x, y, v, u] = [0.3, 1.1, 0.8, 1.2];
    const s = 0.35 * u + 0.65 * v;
    const distance = ((0.65 * 0.35 * (x - y) ** 2) / s + Math.log(s) - 0.65 * Math.log(v) - 0.35 * Math.log(u)) / 2;
    const [first, second] = [
      { mean: [x], variance: [v] },
      { mean: [y], variance: [u] },
    ];
    expectNumber(alphaJs({ alpha: 0.65, dual: true }).value(first, second), distance, 1e-14);
  });

  it('is the sum over independent features, and the same with covariances', () => {
    const divergence = alphaJs({ alpha: 0.65 });
    const { value, gradients } = divergence.valueAndGrad(a, b);
    let sum = 0;
    for (let i = 0; i < 5; i++) {
      const only = ({ mean, variance }: typeof a): Diagonal => ({
        mean: [mean[i] as number],
        variance: [variance[i] as number],
      });
      sum += divergence.value(only(a), only(b));
    }
    expectNumber(sum, value, 1e-14);
    const spread = ({ mean, variance }: typeof a): Full => ({
      mean: [...mean],
      covariance: Array.from(variance, (v, i) => Array.from(variance, (_, j) => (i === j ? v : 0))),
    });
    const full = divergence.valueAndGrad(spread(a), spread(b));
    expectNumber(full.value, value, 1e-13);
    expectClose(
      full.gradients[0].covariance.data.filter((_, e) => e % 6 === 0),
      gradients[0].variance,
      1e-12,
    );
  });
});

describe('forms of Gaussians', () => {
  const divergence = alphaJs({ alpha: 0.65 });
  const [n, d] = [7, 3];
  const rows = () => ({ mean: gaussian(next, n, d), variance: { data: positive(n * d), shape: [n, d] as const } });

  it('takes n pairs row by row, and returns the means over them', () => {
    const [a, b] = [rows(), rows()];
    const { value, gradients } = divergence.valueAndGrad(a, b);
    const row = ({ mean, variance }: typeof a, i: number) => ({
      mean: mean.data.slice(i * d, (i + 1) * d),
      variance: variance.data.slice(i * d, (i + 1) * d),
    });
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const one = divergence.valueAndGrad(row(a, i), row(b, i));
      sum += one.value;
      const slopes = gradients[1].variance.data.slice(i * d, (i + 1) * d);
      expectClose(
        slopes.map((slope) => slope * n),
        one.gradients[1].variance,
        1e-14,
      );
    }
    expectNumber(value, sum / n, 1e-14);
    expect(gradients[0].mean.shape).toEqual([n, d]);
  });

  it('takes logarithms of variances, beside variances', () => {
    const [a, b] = [rows(), rows()];
    const expected = divergence.valueAndGrad(a, b);
    const logVariance = { data: a.variance.data.map(Math.log), shape: a.variance.shape };
    const { value, gradients } = divergence.valueAndGrad({ mean: a.mean, logVariance }, b);
    expectNumber(value, expected.value, 1e-13);
    const slopes = expected.gradients[0].variance.data.map((slope, i) => slope * (a.variance.data[i] as number));
    expectClose(gradients[0].logVariance.data, slopes, 1e-12);
    expect(gradients[0]).not.toHaveProperty('variance');
  });

  it('returns gradients in the precision and form of each parameter', () => {
    const a = { mean: Float32Array.of(0.5, 1), variance: [1, 2] };
    const b = { mean: [[0.25, 2]], variance: { data: Float32Array.of(2, 1), shape: [1, 2] as const } };
    const { value, gradients } = divergence.valueAndGrad(a, b);
    expect(gradients[0].mean).toBeInstanceOf(Float32Array);
    expect(gradients[0].variance).toBeInstanceOf(Float64Array);
    expect(gradients[1].mean.data).toBeInstanceOf(Float64Array);
    expect(gradients[1].variance.data).toBeInstanceOf(Float32Array);
    expect(gradients[1].variance.shape).toEqual([1, 2]);
    expect(value).toBe(divergence.value({ mean: [0.5, 1], variance: [1, 2] }, { mean: [0.25, 2], variance: [2, 1] }));
  });

  it('counts variances below the floor as the floor, without a gradient', () => {
    const floored = alphaJs({ alpha: 0.65, floor: 0.5 });
    const given: Gaussian[] = [
      { mean: [0, 1], variance: [0, 2] },
      { mean: [0, 1], logVariance: [-900, Math.log(2)] },
    ];
    for (const a of given) {
      const { value, gradients } = floored.valueAndGrad(a, flat.q);
      const expected = divergence.valueAndGrad({ mean: [0, 1], variance: [0.5, 2] }, flat.q);
      expectNumber(value, expected.value, 1e-14);
      const [, slopes] = Object.values(gradients[0]) as [Float64Array, Float64Array];
      expect(slopes[0]).toBe(0);
      expect(slopes[1]).not.toBe(0);
      expectClose(gradients[1].variance, expected.gradients[1].variance, 1e-14);
    }
  });

  it('takes a covariance in float32, whose halves differ by rounding', () => {
    const data = Float32Array.of(0.8, 0.2, 0.20001, 1.5);
    const covariance = { data, shape: [2, 2] as const };
    expectNumber(divergence.value({ mean: p.mean, covariance }, q), divergence.value(p, q), 1e-4);
  });
});
