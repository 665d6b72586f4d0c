/** Dirichlet-process mixtures: vectors of the specification, scikit-learn, properties, and the promises of a fit. */
import { afterEach, describe, expect, it } from 'vitest';
import { ari, config, info, type Matrix } from '../../src/index.js';
import { alphaJs, DirichletProcessMixture, type DirichletProcessMixtureOptions } from '../../src/mixtures/index.js';
import { expectClose, expectNumber } from '../support/compare.js';
import { rejectionOf } from '../support/errors.js';
import { fixture } from '../support/fixtures.js';
import { specified } from '../support/mixtures.js';
import { normal, random } from '../support/random.js';

const { threads } = info();
afterEach(() => config({ threads }));

const { x, responsibilities } = specified;
const small = { truncation: 4, concentration: 0.25 } as const;
const make = (options: DirichletProcessMixtureOptions = {}) => new DirichletProcessMixture({ ...small, ...options });

describe('the vectors of the specification', () => {
  it('has the Normal-Gamma mixture at its fixed point', async () => {
    const mixture = await make({ maxIterations: 500, tolerance: 1e-12 }).fit(x, { responsibilities });
    expectNumber(mixture.lowerBound, -46.4570909838, 1e-11);
    expectClose(mixture.counts, [3.0092007748, 2.9763264404, 2.013214355, 0.0012584298], 1e-6);
    expect(mixture.clusters).toBe(3);
  });

  it('has the covariances of scikit-learn at their fixed point', async () => {
    const options = { covariance: 'full', compat: 'sklearn', maxIterations: 28, tolerance: 0 } as const;
    const mixture = await make(options).fit(x, { responsibilities });
    expectNumber(mixture.lowerBound, -36.0021574796, 1e-10);
    expectClose(mixture.counts, [2.9994658137, 2.9767395675, 2.0233275805, 0.0004670383], 1e-6);
  });
});

interface Case {
  covariance: 'diag' | 'full';
  iterations: number;
  options: Record<string, number>;
  taken: number;
  converged: boolean;
  bound: number;
  weights: number[];
  means: number[];
  covariances: number[];
  probabilities: number[];
  labels: number[];
}
const sklearn = fixture<{ x: number[][]; responsibilities: number[][]; cases: Case[] }>('mixtures/sklearn.json');

describe('scikit-learn', () => {
  it.each(sklearn.cases)('$covariance, at most $iterations iterations, $options', async (each) => {
    const { options, iterations, covariance } = each;
    const mixture = await new DirichletProcessMixture({
      truncation: 6,
      covariance: covariance === 'full' ? 'full' : 'diagonal',
      compat: 'sklearn',
      maxIterations: iterations,
      concentration: options.weight_concentration_prior,
      meanPrecisionPrior: options.mean_precision_prior,
      degreesOfFreedomPrior: options.degrees_of_freedom_prior,
      regularization: options.reg_covar,
    }).fit(sklearn.x, { responsibilities: sklearn.responsibilities });
    expect(mixture.history).toHaveLength(each.taken);
    expect(mixture.converged).toBe(each.converged);
    expectNumber(mixture.lowerBound, each.bound, 1e-11);
    expectClose(mixture.weights, each.weights, 1e-10);
    expectClose(mixture.means.data, each.means, 1e-10);
    expectClose(mixture.covariances, each.covariances, 1e-10);
    expectClose(mixture.predictProba(sklearn.x).data, each.probabilities, 1e-9);
    expect([...mixture.predict(sklearn.x)]).toEqual(each.labels);
  });
});

/** Points of unit Gaussians about centres, in turns. */
function planted(centres: readonly (readonly number[])[], n: number, seed: number) {
  const next = random(seed);
  const d = centres[0]?.length as number;
  const classes = Int32Array.from({ length: n }, (_, i) => i % centres.length);
  const data = Float64Array.from({ length: n * d }, (_, at) => {
    return (centres[classes[Math.floor(at / d)] as number]?.[at % d] as number) + normal(next);
  });
  return { matrix: { data, shape: [n, d] as const } satisfies Matrix, classes };
}
const square = [
  [0, 0],
  [6, 0],
  [0, 6],
  [6, 6],
];

describe.each(['diagonal', 'full'] as const)('a mixture, %s', (covariance) => {
  const { matrix, classes } = planted(square, 240, 5);
  const options = { covariance, maxIterations: 200 } as const;

  it('finds the four components of four Gaussians among twenty', async () => {
    const mixture = await new DirichletProcessMixture(options).fit(matrix);
    expect(mixture.clusters).toBe(4);
    expect(mixture.converged).toBe(true);
    expect(ari(classes, mixture.predict(matrix))).toBeGreaterThan(0.95);
    expectNumber(
      mixture.counts.reduce((sum, count) => sum + count),
      240,
      1e-12,
    );
    expectNumber(
      mixture.weights.reduce((sum, weight) => sum + weight),
      1,
      1e-14,
    );
    const means = [...mixture.pruned().means.data].map(Math.round);
    expect(new Set([0, 1, 2, 3].map((k) => means.slice(2 * k, 2 * k + 2).join()))).toEqual(new Set(square.map(String)));
  });

  it('never lowers its bound', async () => {
    const { matrix: near } = planted(
      [
        [0, 0, 0],
        [1.5, 0, 1],
        [0, 2, 0],
      ],
      150,
      8,
    );
    const mixture = await new DirichletProcessMixture({ covariance, truncation: 12, tolerance: 1e-9 }).fit(near);
    const { history } = mixture;
    expect(history.length).toBeGreaterThan(10);
    for (const [i, bound] of history.entries())
      if (i > 0) expect(bound - (history[i - 1] as number)).toBeGreaterThan(-1e-10);
    expect(mixture.lowerBound).toBe(history.at(-1));
  });

  it('predicts probabilities that sum to 1, and the likeliest component', async () => {
    const mixture = await new DirichletProcessMixture(options).fit(matrix);
    const { data, shape } = mixture.predictProba(matrix);
    expect(shape).toEqual([240, 20]);
    const labels = mixture.predict(matrix);
    for (const [i, label] of labels.entries()) {
      const row = data.subarray(20 * i, 20 * (i + 1));
      expectNumber(
        row.reduce((sum, p) => sum + p),
        1,
        1e-14,
      );
      expect(label).toBe(row.indexOf(Math.max(...row)));
    }
    expect(mixture.predict({ data: new Float64Array(0), shape: [0, 2] })).toHaveLength(0);
    const columns = Float64Array.from({ length: 20 }, (_, k) => {
      let sum = 0;
      for (let i = 0; i < 240; i++) sum += data[20 * i + k] as number;
      return sum;
    });
    expectClose(columns, mixture.counts, 1e-12);
  });

  it('does not depend on where the samples are, nor on their scale', async () => {
    const mixture = await new DirichletProcessMixture(options).fit(matrix);
    for (const [scale, shift] of [
      [1e-5, 0],
      [1, 1e4],
      [1e6, -1e9],
    ] as const) {
      const moved = { data: matrix.data.map((each) => scale * each + shift), shape: matrix.shape };
      const other = await new DirichletProcessMixture(options).fit(moved);
      expectClose(other.counts, mixture.counts, 1e-5);
      expectNumber(other.lowerBound, mixture.lowerBound - 480 * Math.log(scale), 1e-6);
    }
  });

  it('keeps narrow clusters that are far apart', async () => {
    const data = matrix.data.map(
      (each, at) => 1e-3 * each + 1e3 * (square[classes[at >> 1] as number]?.[at & 1] as number),
    );
    const mixture = await new DirichletProcessMixture({ covariance, maxIterations: 200 }).fit({
      data,
      shape: matrix.shape,
    });
    expect(mixture.clusters).toBe(4);
    expect(ari(classes, mixture.predict({ data, shape: matrix.shape }))).toBe(1);
  });

  it('has the same bits for any number of threads, and twice', async () => {
    const wide = planted(
      [
        [0, 0, 0, 0, 0],
        [3, 0, 1, 0, 2],
      ],
      3000,
      2,
    ).matrix;
    const savedWith = async (count: number) => {
      config({ threads: count });
      return (await new DirichletProcessMixture({ covariance, truncation: 9, maxIterations: 5 }).fit(wide)).save();
    };
    const expected = await savedWith(1);
    for (const count of [1, 2, 3]) expect(await savedWith(count)).toEqual(expected);
  });

  it('is saved and loaded without loss', async () => {
    const mixture = await new DirichletProcessMixture({ ...options, meanPrior: [1, 2] }).fit(matrix);
    const loaded = DirichletProcessMixture.load(JSON.parse(JSON.stringify(mixture.save())));
    expect(loaded.save()).toEqual(mixture.save());
    expect(loaded.predictProba(matrix)).toEqual(mixture.predictProba(matrix));
    for (const name of ['weights', 'means', 'covariances', 'counts', 'clusters', 'lowerBound', 'history'] as const)
      expect(loaded[name]).toEqual(mixture[name]);
    const again = await loaded.fit(matrix, { warmStart: true });
    expect(again).toBe(loaded);
    expect(loaded.lowerBound).toBeGreaterThanOrEqual(mixture.lowerBound - 1e-9);
    expect(loaded.history.length).toBeLessThanOrEqual(2);
  });

  it('is pruned to the components that have samples', async () => {
    const mixture = await new DirichletProcessMixture(options).fit(matrix);
    const pruned = mixture.pruned();
    expect(pruned.weights).toHaveLength(4);
    expect(pruned.counts.every((count) => count >= 1)).toBe(true);
    expect(ari(pruned.predict(matrix), mixture.predict(matrix))).toBe(1);
    expect(DirichletProcessMixture.load(pruned.save()).predict(matrix)).toEqual(pruned.predict(matrix));
    expect(mixture.pruned(0).predictProba(matrix)).toEqual(mixture.predictProba(matrix));
  });

  it('gives components that divergences take', async () => {
    const mixture = (await new DirichletProcessMixture(options).fit(matrix)).pruned();
    const [first, second] = [mixture.component(0), mixture.component(1)];
    expect(alphaJs({ alpha: 0.65 }).value(first, second)).toBeGreaterThan(2);
    expect(alphaJs().value(first, first)).toBeLessThan(1e-25);
  });

  it('takes float32, tensors and nested arrays', async () => {
    const single = { data: Float32Array.from(matrix.data), shape: matrix.shape };
    const wide = { data: Float64Array.from(single.data), shape: matrix.shape };
    const expected = (await new DirichletProcessMixture(options).fit(wide)).save();
    expect((await new DirichletProcessMixture(options).fit(single)).save()).toEqual(expected);
    const tensor = { data: single.data, dims: [240, 2], type: 'float32' };
    expect((await new DirichletProcessMixture(options).fit(tensor)).save()).toEqual(expected);
  });

  it('tells how far it has come, and stops when it is asked to', async () => {
    const { matrix: many } = planted(square, 20_000, 3);
    const mixture = await new DirichletProcessMixture(options).fit(matrix);
    const before = mixture.save();
    const shares: number[] = [];
    const stop = new AbortController();
    const long = new DirichletProcessMixture({ covariance, truncation: 100, maxIterations: 10_000, tolerance: 0 });
    const call = long.fit(many, {
      signal: stop.signal,
      onProgress: (done) => {
        shares.push(done);
        if (shares.length === 3) stop.abort(new Error('enough'));
      },
    });
    await expect(call).rejects.toThrow('enough');
    expect(shares.every((share) => share >= 0 && share < 1)).toBe(true);
    expect(await rejectionOf(() => mixture.fit(matrix, { signal: stop.signal }))).toBe(stop.signal.reason);
    expect(mixture.save()).toEqual(before);
    const all: number[] = [];
    await mixture.fit(matrix, { onProgress: (done) => all.push(done) });
    expect(all.at(-1)).toBe(1);
  });
});

describe('options', () => {
  it('has priors that are given', async () => {
    const { matrix } = planted(square, 100, 5);
    const given = { meanPrior: [3, 3], meanPrecisionPrior: 1, degreesOfFreedomPrior: 2, covariancePrior: [1, 2] };
    const strong = await new DirichletProcessMixture({ ...given, meanPrecisionPrior: 1e9 }).fit(matrix);
    expectClose(strong.means.data, new Float64Array(40).fill(3), 1e-6);
    const certain = await new DirichletProcessMixture({
      ...given,
      degreesOfFreedomPrior: 1e9,
      covariancePrior: [1e9, 2e9],
    }).fit(matrix);
    expectClose(
      certain.covariances,
      Float64Array.from({ length: 40 }, (_, at) => 1 + (at % 2)),
      1e-5,
    );
    const identity = { data: Float64Array.of(1, 0, 0, 1), shape: [2, 2] as const };
    const full = await new DirichletProcessMixture({ covariance: 'full', covariancePrior: identity }).fit(matrix);
    expect(full.clusters).toBe(4);
  });

  it('leaves a stick of its own to the last component, as scikit-learn does', async () => {
    const [one, other] = await Promise.all(
      (['one', 'sklearn'] as const).map((lastStick) =>
        make({ lastStick, maxIterations: 1 }).fit(x, { responsibilities }),
      ),
    );
    expectNumber(
      one.weights.reduce((sum, weight) => sum + weight),
      1,
      1e-14,
    );
    expect(one.weights[3]).not.toBe(other.weights[3]);
  });
});
