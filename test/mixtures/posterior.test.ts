/** One step of variational inference in plain numbers: the vectors of the specification. */
import { describe, expect, it } from 'vitest';
import {
  type Additions,
  componentDivergence,
  densitiesOf,
  type Family,
  posteriorOf,
  sklearnTerms,
} from '../../src/mixtures/posterior.js';
import { digamma, logGamma } from '../../src/mixtures/special-functions.js';
import {
  expectedLogs,
  type LastStick,
  logBetas,
  meanWeights,
  stickDivergence,
  sticksOf,
} from '../../src/mixtures/sticks.js';
import { atOnce } from '../../src/mixtures/turns.js';
import { expectClose, expectNumber } from '../support/compare.js';
import { specified } from '../support/mixtures.js';

describe('the special functions', () => {
  it('have known values', () => {
    // Abramowitz and Stegun, tables 6.1 and 6.3; Gamma(1/2) = sqrt pi, digamma(1/2) = -gamma - 2 log 2.
    expectNumber(digamma(1), -0.5772156649015329, 1e-14);
    expectNumber(digamma(0.5), -1.9635100260214235, 1e-14);
    expectNumber(digamma(100), 4.600161852738087, 1e-15);
    expectNumber(digamma(1e-3), -1000.5755719318103, 1e-15);
    expectNumber(logGamma(0.5), Math.log(Math.PI) / 2, 1e-14);
    expect(Math.abs(logGamma(1))).toBeLessThan(1e-14);
    expectNumber(logGamma(171), 706.5730622457874, 1e-15);
    expectNumber(logGamma(1e-3), 6.907178885383854, 1e-14);
    for (const z of [0.3, 1.7, 9.5, 10.5, 40]) {
      expectNumber(digamma(z + 1) - digamma(z), 1 / z, 1e-13);
      expectNumber(logGamma(z + 1) - logGamma(z), Math.log(z), 1e-12);
    }
  });
});

const { x, responsibilities } = specified;
const [T, d, gamma] = [4, 2, 0.25];
const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, each) => total + each, 0);
const column = (f: number) => x.map((row) => row[f] as number);
const mean = Float64Array.of(sum(column(0)) / 8, sum(column(1)) / 8);
const covarianceOf = (f: number, g: number) =>
  sum(x.map((row) => ((row[f] as number) - (mean[f] as number)) * ((row[g] as number) - (mean[g] as number)))) / 7;
const variances = Float64Array.of(covarianceOf(0, 0), covarianceOf(1, 1));
const covariance = Float64Array.of(covarianceOf(0, 0), covarianceOf(0, 1), covarianceOf(1, 0), covarianceOf(1, 1));

/** N, sum r x, and sum r x^2 or sum r x x' of component k. */
function sumsOf(k: number, squares: number): number[] {
  const weighted = (of: (row: number[]) => number) =>
    sum(x.map((row, i) => (responsibilities[i]?.[k] as number) * of(row)));
  const product = (f: number, g: number) => weighted((row) => (row[f] as number) * (row[g] as number));
  const products =
    squares === d ? [product(0, 0), product(1, 1)] : [product(0, 0), product(0, 1), product(1, 0), product(1, 1)];
  return [weighted(() => 1), weighted((row) => row[0] as number), weighted((row) => row[1] as number), ...products];
}

/** constants_k - |F_k (x - m_k)|^2 / 2. */
function logarithm(parameters: Float64Array, row: number[], k: number, squares: number): number {
  const gap = row.map((entry, f) => entry - (parameters[d * k + f] as number));
  const factor = parameters.subarray(T * d + k * squares, T * d + (k + 1) * squares);
  const scaled = gap.map((own, i) =>
    squares === d ? (factor[i] as number) * own : sum(gap.map((g, j) => g * (factor[d * i + j] as number))),
  );
  return (parameters[T * (d + squares) + k] as number) - sum(scaled.map((z) => z * z)) / 2;
}

/** The components after one step from the given responsibilities, and the next responsibilities. */
function step(family: Family, scatter: Float64Array, last: LastStick, additions: Additions) {
  const squares = scatter.length;
  const components = Float64Array.from([0, 1, 2, 3].flatMap((k) => sumsOf(k, squares)));
  const prior = { mean, meanPrecision: 1, freedom: d, scatter };
  const posterior = atOnce(posteriorOf(family, prior, { references: new Float64Array(T * d), components }, additions));
  const sticks = sticksOf(posterior.counts, gamma);
  const logWeights = expectedLogs(sticks, last);
  const densities = atOnce(densitiesOf(posterior, prior, logWeights));
  const logarithms = x.map((row) => [0, 1, 2, 3].map((k) => logarithm(densities.parameters, row, k, squares)));
  const logDensities = logarithms.map((row) => Math.log(sum(row.map(Math.exp))));
  const r = logarithms.map((row, i) => row.map((each) => Math.exp(each - (logDensities[i] as number))));
  const covariances = posterior.scatters.map(
    (entry, at) => entry / (posterior.freedoms[Math.floor(at / squares)] as number),
  );
  return { prior, posterior, sticks, logWeights, densities, logarithms, logDensities, r, covariances };
}
const entropy = (r: readonly (readonly number[])[]) => sum(r.flat().map((p) => p * Math.log(p)));
const none: Additions = { count: 0, variance: 0 };
const sklearn: Additions = { count: 10 * Number.EPSILON, variance: 1e-6 };
const means = [
  0.43732394366, 1.28943661972, 2.33986486486, 3.325, -0.55847457627, 3.71949152542, 0.49305555556, 2.94305555556,
];

describe('the first step from given responsibilities', () => {
  it('breaks the stick', () => {
    const { sticks, logWeights, posterior } = step('diagonal', variances, 'sklearn', none);
    expectClose(posterior.counts, [2.55, 2.7, 1.95, 0.8], 1e-14);
    expectClose(sticks.first, [3.55, 3.7, 2.95, 1.8], 1e-14);
    expectClose(sticks.second, [5.7, 3, 1.05, 0.25], 1e-14);
    expectClose(logWeights, [-1.050055962, -1.1778817397, -1.7755261368, -3.3457581315], 1e-10);
    expectNumber(expectedLogs(sticks, 'one')[3] as number, -3.1762136037, 1e-10);
    expectClose(meanWeights(sticks, 'sklearn'), [0.3872038515, 0.3433310585, 0.2053026938, 0.0641623962], 1e-9);
    expectNumber(sum(meanWeights(sticks, 'one')), 1, 1e-15);
    expectClose(posterior.means, means, 1e-11);
  });

  it('has the Normal-Gamma components', () => {
    const { prior, posterior, sticks, densities, logarithms, logDensities, r } = step(
      'diagonal',
      variances,
      'one',
      none,
    );
    expectClose(
      posterior.freedoms.map((nu) => nu / 2),
      [2.275, 2.35, 1.975, 1.4],
      1e-14,
    );
    const rates = posterior.scatters.map((scatter) => scatter / 2);
    expectClose(
      rates,
      [
        7.82419469945, 8.39238006162, 12.75522737693, 6.170421875, 14.5376239785, 6.31176774364, 8.45662400794,
        4.83015972222,
      ],
      1e-11,
    );
    expectClose(r[0] as number[], [0.8705920615, 0.0698367526, 0.0407211493, 0.0188500366], 1e-9);
    const divergences = stickDivergence(sticks, gamma, 'one') + componentDivergence(posterior, prior, densities);
    const given = sum(responsibilities.flatMap((row, i) => row.map((p, k) => p * (logarithms[i]?.[k] as number))));
    expectNumber(given - entropy(responsibilities) - divergences, -49.4422644474, 1e-11);
    expectNumber(sum(logDensities) - divergences, -48.6188911847, 1e-11);
  });

  it.each([
    [
      'diagonal',
      'sklearn-diagonal' as Family,
      variances,
      [
        3.43920702173, 3.68895882928, 5.42775690508, 2.62571201064, 7.36082276127, 3.1958322626, 6.04044600567,
        3.45011437302,
      ],
      [0.8763936116, 0.0708091617, 0.0395096015, 0.0132876252],
      -5.41312849041,
      -42.4661907073,
    ],
    [
      'full',
      'full' as Family,
      covariance,
      [0.1762662099, 0.8293987462, -1.6356395202, -0.5700357851],
      [0.8530597189, 0.09875725, 0.036016047, 0.0121669841],
      -5.35417912705,
      -42.517626836,
    ],
  ])('has the components of scikit-learn, %s', (_, family, scatter, expected, first, density, bound) => {
    const { posterior, sticks, densities, logDensities, r, covariances } = step(family, scatter, 'sklearn', sklearn);
    const found = family === 'full' ? covariances.filter((_, at) => at % 4 === 1) : covariances;
    expectClose(found, expected, 1e-9);
    expectClose(posterior.means, means, 1e-11);
    expectClose(r[0] as number[], first, 1e-9);
    if (family !== 'full') {
      expectClose(r[3] as number[], [0.0775239365, 0.8056780419, 0.0995960626, 0.017201959], 1e-9);
      expectClose(r[6] as number[], [0.1192166004, 0.1551632063, 0.6899290738, 0.0356911195], 1e-9);
    }
    expectNumber(sum(logDensities) / 8, density, 1e-11);
    expectNumber(logBetas(sticks) + sklearnTerms(posterior, densities, d) - entropy(r), bound, 1e-11);
  });

  it('is the prior for a component without samples', () => {
    const components = new Float64Array(3 * (1 + d + d * d));
    for (const additions of [none, sklearn]) {
      const prior = { mean, meanPrecision: 2, freedom: 3, scatter: covariance };
      const posterior = atOnce(
        posteriorOf('full', prior, { references: new Float64Array(3 * d), components }, additions),
      );
      for (let k = 0; k < 3; k++) {
        expectClose(posterior.means.subarray(d * k, d * (k + 1)), mean, 1e-14);
        expectClose(posterior.scatters.subarray(4 * k, 4 * (k + 1)), covariance, 1e-13);
      }
      const densities = atOnce(densitiesOf(posterior, prior, new Float64Array(3)));
      expect(Math.abs(componentDivergence(posterior, prior, densities))).toBeLessThan(1e-12);
    }
  });
});
