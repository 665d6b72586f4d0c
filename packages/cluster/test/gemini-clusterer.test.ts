/** The GEMINI clusterer: the specification's vectors, its properties, checkpoints, and what it refuses. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Affinity, ari, type GeminiName, gemini, geminiNames } from 'genmi';
import { afterAll, describe, expect, it } from 'vitest';
import { Random } from '../src/base/random.js';
import {
  GeminiClusterer,
  type GeminiClustererModel,
  type GeminiClustererOptions,
  type ModelChoice,
} from '../src/index.js';
import { expectClose, rejectionOf } from './support/compare.js';
import { blobs, reordered } from './support/data.js';

const folder = mkdtempSync(path.join(tmpdir(), 'genmi-gemini-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A saved model after a journey through JSON. */
const travelled = (model: GeminiClusterer) => JSON.parse(JSON.stringify(model.save())) as GeminiClustererModel;

/** Groups at the corners of a triangle. */
function triangle(n: number, spread: number, seed = 1) {
  const random = new Random(seed);
  const classes = Int32Array.from({ length: n }, (_, i) => i % 3);
  const entries = Array.from(classes).flatMap((c) =>
    [Math.cos, Math.sin].map((f) => 3 * f((2 * Math.PI * c) / 3) + spread * random.normal()),
  );
  return { x: { data: Float64Array.from(entries), shape: [n, 2] as const }, classes };
}

describe('the vectors of gemclus 1.1.1, step by step', () => {
  const x = [[0, 0], [1, 0.5], [3, -1], [-2, 2], [-1, 4]]; // biome-ignore format: a matrix
  const start = { 'head.weights': { data: [0.1, -0.2, 0.3, 0.05] }, 'head.bias': { data: [0.01, -0.02] } };
  const common = { clusters: 2, model: 'linear', start, precision: 'float64', learningRate: 0.01 } as const;
  const cases: [string, GeminiClustererOptions, number, number[], number, number?][] = [
    ['LinearModel', {}, 1, [0.10999999724429975, -0.20999999724429977, 0.29000000396379416, 0.059999996036205844], 1e-14, 0.200328498408],
    ['LinearModel', {}, 3, [0.13001497022673827, -0.2300149702267383, 0.2701660039076951, 0.07983399609230493], 1e-14, 0.320055633269],
    ['LinearModel', {}, 50, [0.4909908632, -0.5909908632, -0.090758264, 0.440758264], 2e-10, 1.69954543315],
    ['SparseLinearModel', { penalty: { groupLasso: 1 } }, 1, [0.10853267830462675, -0.20719875196241583, 0.28690331060556457, 0.05935930090972469], 1e-14],
    ['SparseLinearModel', { penalty: { groupLasso: 1 } }, 20, [0.2784710744009997, -0.36834770858351884, 0.07487517230942385, 0.2295279081572917], 1e-13],
    ['RIM', { model: 'rim' }, 3, [0.13003041274944652, -0.22995760663132372, 0.2699551052380094, 0.024312254110050422], 1e-14],
  ]; // biome-ignore format: a table

  it.each(cases)('%s %o after %i epochs', async (_, options, epochs, weights, tolerance, score) => {
    const model = await new GeminiClusterer({ ...common, ...options, epochs }).fit(x);
    expectClose(model.parameters['head.weights']?.data ?? [], weights, tolerance, 'weights');
    if (score !== undefined) expectClose([model.score(x)], [score], 1e-11, 'score');
    if (options.model === 'rim') {
      expectClose(model.parameters['head.bias']?.data ?? [], [-0.020015396188333347, 0.010015396188333347], 1e-14);
    }
  });
});

const everyModel: [string, ModelChoice][] = [
  ['linear', 'linear'],
  ['mlp', 'mlp'],
  ['categorical', 'categorical'],
  ['rim', 'rim'],
  ['kernel-rim', 'kernel-rim'],
  ['layers', { layers: [{ width: 7, activation: 'tanh', batchNormalization: true }, { width: 3 }], init: 'he' }],
];

describe('a fitted clusterer', () => {
  const { x, classes } = triangle(203, 0.4);

  it.each(everyModel)('predicts the labels of its data, and keeps all when saved: %s', async (_, model) => {
    for (const features of [x, { data: Float32Array.from(x.data), shape: x.shape }]) {
      for (const precision of ['float32', 'float64'] as const) {
        const options = { model, precision, epochs: 6, batchSize: 60, restarts: 2, seed: 3, outliers: 0.1 };
        const clusterer = await new GeminiClusterer(options).fit(features);
        expect(clusterer.predict(features)).toEqual(clusterer.labels);
        const probabilities = clusterer.predictProba(features);
        expect(probabilities).toEqual(clusterer.probabilities);
        expect(probabilities.shape).toEqual([203, 3]);
        for (let i = 0; i < 203; i++) {
          expect(probabilities.data.subarray(3 * i, 3 * i + 3).reduce((a, b) => a + b)).toBeCloseTo(1, 12);
        }
        const loaded = GeminiClusterer.load(travelled(clusterer));
        expect(loaded.labels).toEqual(clusterer.labels);
        expect(loaded.predictProba(features)).toEqual(probabilities);
        expect(loaded.score(features)).toBe(clusterer.score(features));
        expect(loaded.outliers).toEqual(clusterer.outliers);
        expect(travelled(loaded)).toEqual(travelled(clusterer));
        expect((await loaded.fit(features)).save()).toEqual(clusterer.save());
      }
    }
  });

  it.each(geminiNames)('maximises %s', async (objective) => {
    const options = { objective, model: 'linear', epochs: 30, restarts: 1, seed: 5 } as const;
    const clusterer = await new GeminiClusterer(options).fit(x);
    expect(clusterer.history.length).toBe(30);
    expect(clusterer.history.at(-1)).toBeGreaterThan(clusterer.history[0] as number);
    expect(clusterer.epochs.map(({ objective }) => objective)).toEqual(clusterer.history);
    expect(clusterer.predict(x)).toEqual(clusterer.labels);
    // The score is the objective of all samples at once, which a program of one's own finds, too.
    const affinity = objective.startsWith('mmd')
      ? Affinity.kernel(x, { kernel: 'linear', precision: 'float32' })
      : Affinity.distance(x, { metric: 'euclidean', precision: 'float32' });
    const value = gemini(objective as GeminiName, { affinity }).value(clusterer.predictProba(x));
    expectClose([clusterer.score(x)], [value], 1e-5);
  });

  it('finds blobs with its defaults: ARI 1', async () => {
    expect(ari(classes, await new GeminiClusterer().fitPredict(x))).toBe(1);
    for (const seed of [1, 2, 3, 4, 5]) {
      const { x: many, classes: groups } = blobs(60 + seed, 300, 5, 4, 0.5);
      const labels = await new GeminiClusterer({ clusters: 4, seed }).fitPredict(many);
      expect(ari(groups, labels)).toBe(1);
    }
  });

  it('is the same for the same seed, and in the same order of clusters for samples in another order', async () => {
    const options = { objective: 'mmd_ovo', epochs: 40, batchSize: 203, seed: 8, precision: 'float64' } as const;
    const one = await new GeminiClusterer(options).fit(x);
    expect((await new GeminiClusterer(options).fit(x)).save()).toEqual(one.save());
    const order = new Random(9).permutation(203);
    const other = await new GeminiClusterer(options).fit(reordered(x, order));
    expect([...other.labels]).toEqual([...order].map((i) => one.labels[i]));
    expect((await new GeminiClusterer({ ...options, seed: 9 }).fit(x)).save()).not.toEqual(one.save());
  });
});

describe('a fit that is interrupted', () => {
  const { x } = triangle(120, 1.5);
  const options = { restarts: 3, epochs: 8, batchSize: 50, seed: 4, temperature: 'restarts' } as const;

  // Within a restart, at its end, and at the beginning of the next.
  it.each([1, 7, 8, 9, 16, 20, 24])('goes on from its checkpoint to the same bits: after %i epochs', async (epochs) => {
    const checkpoint = path.join(folder, `after-${epochs}.json`);
    const controller = new AbortController();
    const reason = new Error('enough');
    let seen = 0;
    const clusterer = new GeminiClusterer(options);
    const onEpoch = () => {
      seen += 1;
      if (seen === epochs) controller.abort(reason);
    };
    const stopped = () => clusterer.fit(x, { checkpoint, signal: controller.signal, onEpoch });
    expect(await rejectionOf(stopped)).toBe(reason);
    const resumed = await new GeminiClusterer(options).fit(x, { checkpoint, resume: true });
    const whole = await new GeminiClusterer(options).fit(x);
    expect(travelled(resumed)).toEqual(travelled(whole));
    const again = await new GeminiClusterer(options).fit(x, { checkpoint, resume: true });
    expect(travelled(again)).toEqual(travelled(whole));
  });
});
