/** Gaussian mixtures against scikit-learn from the same starts, and their properties. */
import { ari } from 'genmi';
import { describe, expect, it } from 'vitest';
import { Random } from '../src/base/random.js';
import {
  GaussianMixture,
  type GaussianMixtureModel,
  type GaussianMixtureOptions,
  type MixtureParameters,
} from '../src/estimators/gaussian-mixture.js';
import { type CovarianceKind, covarianceKinds } from '../src/estimators/gaussians.js';
import { expectClose, rejectionOf, thrownBy } from './support/compare.js';
import { blobs, reordered } from './support/data.js';
import { fixture } from './support/fixtures.js';

interface Case {
  data: string;
  covariance: CovarianceKind;
  tolerance: number;
  maxIterations: number;
  regularization: number;
  start: MixtureParameters;
  weights: number[];
  means: number[][];
  covariances: never[];
  iterations: number;
  converged: boolean;
  score: number;
  labels: number[];
  probabilities: number[][];
  bic: number;
  aic: number;
}

const { data, mixtures } = fixture<{ data: Record<string, number[][]>; mixtures: Case[] }>('baselines.json');

describe('a Gaussian mixture', () => {
  it.each(mixtures.map((each) => ({ ...each, k: each.weights.length })))(
    'is that of scikit-learn from the same start: $data, $k $covariance components, $iterations iterations',
    async (expected) => {
      const x = data[expected.data] as number[][];
      const { covariance, tolerance, maxIterations, regularization, start } = expected;
      const model = await new GaussianMixture({ covariance, tolerance, maxIterations, regularization, start }).fit(x);
      expect(model.iterations).toBe(expected.iterations);
      expect(model.converged).toBe(expected.converged);
      expectClose(model.weights, expected.weights, 1e-8, 'weights');
      expectClose(model.means.data, expected.means.flat(), 1e-8, 'means');
      expectClose(model.covariances, (expected.covariances as number[]).flat(2), 1e-8, 'covariances');
      expectClose([model.logLikelihood], [expected.score], 1e-8, 'log-likelihood');
      expectClose([model.score(x)], [expected.score], 1e-8, 'score');
      expect([...model.labels]).toEqual(expected.labels);
      expectClose(model.predictProba(x.slice(0, 20)).data, expected.probabilities.flat(), 1e-7, 'probabilities');
      expectClose([model.bic(x), model.aic(x)], [expected.bic, expected.aic], 1e-8, 'criteria');
    },
  );

  it.each(covarianceKinds)('predicts the labels of its data, and keeps them when saved: %s', async (covariance) => {
    for (const precision of [Float32Array, Float64Array]) {
      const { x } = blobs(21, 240, 3, 4, 2);
      const features = { data: precision.from(x.data), shape: x.shape };
      const model = await new GaussianMixture({ clusters: 4, covariance, seed: 3 }).fit(features);
      expect(model.predict(features)).toEqual(model.labels);
      expect(model.score(features)).toBeCloseTo(model.logLikelihood, 12);
      const probabilities = model.predictProba(features);
      for (let i = 0; i < 240; i++) {
        const row = probabilities.data.subarray(4 * i, 4 * i + 4);
        expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
      }
      const saved = JSON.parse(JSON.stringify(model.save())) as GaussianMixtureModel;
      const loaded = GaussianMixture.load(saved);
      expect(loaded.predictProba(features)).toEqual(probabilities);
      expect(loaded.labels).toEqual(model.labels);
      expect(loaded.save()).toEqual(saved);
    }
  });

  it('finds groups that lie apart, the same for the same seed and in any order', async () => {
    const { x, classes } = blobs(22, 300, 2, 4, 0.15);
    const options: GaussianMixtureOptions = { clusters: 4, restarts: 5, tolerance: 1e-6 };
    const model = await new GaussianMixture(options).fit(x);
    expect(ari(model.labels, classes)).toBe(1);
    expect((await new GaussianMixture(options).fit(x)).save()).toEqual(model.save());
    const order = new Random(8).permutation(300);
    const moved = await new GaussianMixture(options).fit(reordered(x, order));
    expect(
      ari(
        moved.labels,
        order.map((i) => classes[i] as number),
      ),
    ).toBe(1);
    expect(moved.logLikelihood).toBeCloseTo(model.logLikelihood, 6);
    const turned = { data: x.data.map((_, e) => x.data[e ^ 1] as number), shape: x.shape };
    expect((await new GaussianMixture(options).fit(turned)).logLikelihood).toBeCloseTo(model.logLikelihood, 6);
  });

  it('becomes likelier with each iteration, and keeps the likeliest of its restarts', async () => {
    const { x } = blobs(23, 300, 2, 6, 2);
    let before = -Infinity;
    for (const maxIterations of [1, 2, 3, 5, 8, 20]) {
      const settings = { clusters: 6, maxIterations, tolerance: 0, regularization: 0 };
      const { logLikelihood } = await new GaussianMixture(settings).fit(x);
      expect(logLikelihood).toBeGreaterThanOrEqual(before - 1e-12);
      before = logLikelihood;
    }
    const one = await new GaussianMixture({ clusters: 6 }).fit(x);
    const many = await new GaussianMixture({ clusters: 6, restarts: 8 }).fit(x);
    expect(many.logLikelihood).toBeGreaterThan(one.logLikelihood);
  });

  it('stays finite for samples far from all components, and for repeated ones', async () => {
    const { x } = blobs(24, 100, 2, 2, 0.1);
    const model = await new GaussianMixture({ clusters: 2 }).fit(x);
    const { data } = model.predictProba([[1e6, -1e6]]);
    expect((data[0] as number) + (data[1] as number)).toBeCloseTo(1, 12);
    expect(Number.isFinite(model.score([[1e6, -1e6]]))).toBe(true);
    const repeated = await new GaussianMixture({ clusters: 3 }).fit(Array.from({ length: 9 }, (_, i) => [i % 3, 1]));
    expect(ari(repeated.labels, [0, 1, 2, 0, 1, 2, 0, 1, 2])).toBe(1);
    const singular = new GaussianMixture({ clusters: 1, regularization: 0 });
    expect(await rejectionOf(() => singular.fit([1, 2, 3].map((value) => [value, value])))).toMatchObject({
      code: 'ERR_OUT_OF_RANGE',
      message: expect.stringMatching(/raise regularization/),
    });
  });

  it('stops with the reason of an abort, and reports progress', async () => {
    const { x } = blobs(25, 4000, 12, 5, 4);
    const model = new GaussianMixture({ clusters: 8, tolerance: 0 });
    const controller = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 30);
    expect(await rejectionOf(() => model.fit(x, { signal: controller.signal }))).toBe(reason);
    expect(thrownBy(() => model.labels)).toMatchObject({ message: expect.stringMatching(/call fit first/) });
    const shares: number[] = [];
    await new GaussianMixture({ clusters: 8, maxIterations: 10, tolerance: 0 }).fit(x, {
      onProgress: (done) => shares.push(done),
    });
    expect(shares.at(-1)).toBe(1);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
  });

  it.each<[string, () => unknown, string, RegExp]>([
    ['clusters', () => new GaussianMixture({ clusters: 1.5 }), 'ERR_OUT_OF_RANGE', /^clusters/],
    ['a covariance', () => new GaussianMixture({ covariance: 'diag' as never }), 'ERR_OUT_OF_RANGE', /'diagonal'/],
    ['a regularization', () => new GaussianMixture({ regularization: -1 }), 'ERR_OUT_OF_RANGE', /^regularization/],
    [
      'a start without means',
      () => new GaussianMixture({ start: { weights: [1] } as never }),
      'ERR_INVALID_ARG_TYPE',
      /^start/,
    ],
    [
      'a start of another kind',
      () => new GaussianMixture({ start: { weights: [1], means: [[0, 0]], covariances: [1, 1] } }),
      'ERR_OUT_OF_RANGE',
      /^start\.covariances: expected 4 numbers for full/,
    ],
    [
      'a model of another version',
      () => GaussianMixture.load({ estimator: 'gaussian-mixture', version: 0 } as never),
      'ERR_OUT_OF_RANGE',
      /^model\.version/,
    ],
  ])('refuses %s', (_, call, code, message) => {
    expect(thrownBy(call)).toMatchObject({ code, message: expect.stringMatching(message) });
  });
});
