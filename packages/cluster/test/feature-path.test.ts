/** Sparse models, and their paths: the features that matter, the steps, and the rule that chooses one. */
import { Affinity, gemini } from 'genmi';
import { Network, sgd, train } from 'genmi/networks';
import { describe, expect, it } from 'vitest';
import { Random } from '../src/base/random.js';
import { featuresOf } from '../src/estimators/gemini-models.js';
import { type FeaturePathOptions, featurePath, GeminiClusterer, lassoNet, sparseLinear } from '../src/index.js';
import { expectClose, rejectionOf } from './support/compare.js';

/** Three groups that differ in the first features only, as `celeux_one` of gemclus. */
function groups(n: number, d: number, informative: number, seed = 3) {
  const random = new Random(seed);
  const entries = Array.from({ length: n * d }, (_, e) => {
    const mean = e % d < informative ? ([2, -2, 0][Math.floor(e / d) % 3] as number) : 0;
    return mean + random.normal();
  });
  return { data: Float64Array.from(entries), shape: [n, d] as const };
}

describe('sparse models', () => {
  const x = groups(120, 8, 3);

  it('are networks with penalties of groups of features', async () => {
    const options = { epochs: 20, restarts: 2, seed: 4, optimizer: 'sgd' } as const;
    const linear = await sparseLinear({ ...options, alpha: 0.3, groups: [[0, 1]] }).fit(x);
    const penalty = { groupLasso: { alpha: 0.3, groups: [[0, 1]] } };
    expect((await new GeminiClusterer({ ...options, model: 'linear', penalty }).fit(x)).save()).toEqual(linear.save());
    const net = await lassoNet({ ...options, alpha: 0.5, m: 5, width: 7 }).fit(x);
    const skip = { layers: [{ width: 7 }], skip: true };
    const hierarchical = { hierarchical: { alpha: 0.5, m: 5 } };
    const own = await new GeminiClusterer({ ...options, model: skip, penalty: hierarchical }).fit(x);
    expect(own.labels).toEqual(net.labels);
    expect(GeminiClusterer.load(JSON.parse(JSON.stringify(net.save()))).predict(x)).toEqual(net.labels);
  });

  it('use fewer features for a larger penalty', async () => {
    const found = async (alpha: number) =>
      (await sparseLinear({ alpha, epochs: 300, restarts: 1, patience: 1000 }).fit(x)).features;
    expect(await found(0)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(await found(1)).toEqual([0, 1, 2]);
    expect(await found(30)).toEqual([]);
  });

  it('tell their features by the layer that sees them', () => {
    const net = Network.lassoNet({ inputs: 3, outputs: 2, layers: [{ width: 2 }] });
    net.load({ ...net.parameters(), 'skip.weights': { data: [0, 0, 0, 1e-30, 2, 3] } });
    expect(featuresOf(net)).toEqual([1, 2]);
    const dense = Network.dense({ inputs: 3, outputs: 2, layers: [{ width: 2 }] });
    dense.load({ ...dense.parameters(), 'hidden1.weights': { data: [1, 0, 0, 0, 0, -1] } });
    expect(featuresOf(dense)).toEqual([0, 2]);
    expect(featuresOf(Network.table({ samples: 4, outputs: 2 }))).toEqual([]);
  });
});

describe('a path', () => {
  const x = groups(150, 12, 4);

  it.each<FeaturePathOptions>([
    { model: 'linear' },
    { model: 'linear', dynamic: true, kernel: 'rbf' },
    { model: 'lassonet', width: 10, multiplier: 1.1 },
    { model: 'linear', objective: 'mi', batchSize: 60, multiplier: 1.2 },
    { model: 'linear', objective: 'wasserstein_ova', multiplier: 1.5, batchSize: 75 },
  ])('finds the features that matter: %o', async (options) => {
    const { steps, best, features } = await featurePath(x, { seed: 1, restarts: 3, keep: 0.85, ...options });
    // The features of the noise leave before those of the groups.
    const four = steps.findLast((step) => step.features.length >= 4);
    expect(four?.features.filter((feature) => feature < 4)).toEqual([0, 1, 2, 3]);
    expect(steps.at(-1)?.features.length).toBeLessThanOrEqual(2);
    for (const [s, { alpha }] of steps.entries()) {
      if (s > 0) expectClose([alpha], [(steps[s - 1]?.alpha as number) * (options.multiplier ?? 1.05)], 1e-12);
    }
    expect(best.features).toEqual(features);
    expect(best.predict(x)).toEqual(best.labels);
    expect(GeminiClusterer.load(JSON.parse(JSON.stringify(best.save()))).predictProba(x)).toEqual(best.probabilities);
    expect(steps.some((step) => String(step.features) === String(features))).toBe(true);
  });

  it('keeps the last step whose objective is near the best one', async () => {
    const path = await featurePath(x, { restarts: 1, multiplier: 1.3, keep: 0.9, batchSize: 150 });
    const { steps, best, features } = path;
    // The objective without a penalty, and that of steps that keep all features.
    const objective = gemini('mmd_ova', { affinity: Affinity.kernel(x, { kernel: 'linear', precision: 'float32' }) });
    const start = await sparseLinear({ restarts: 1, batchSize: 150, alpha: 0, optimizer: 'adam' }).fit(x);
    const whole = steps.filter((step) => step.features.length === 12).map((step) => step.objective);
    const highest = Math.max(objective.value(start.predictProba(x)), ...whole);
    const chosen = steps.findLast((step) => step.objective >= 0.9 * highest);
    expect(chosen?.features).toEqual(features);
    expectClose([best.score(x)], [chosen?.objective as number], 1e-5);
    const strict = await featurePath(x, { restarts: 1, multiplier: 1.3, keep: 1, batchSize: 150 });
    expect(strict.features.length).toBeGreaterThanOrEqual(features.length);
    expect(await featurePath(x, { restarts: 1, multiplier: 1.3, keep: 0.9, batchSize: 150 })).toMatchObject({ steps });
  });

  it('ends its steps as if each epoch of all samples was asked for', async () => {
    const common = { restarts: 1, batchSize: 150, learningRate: 1e-2, precision: 'float64' } as const;
    const patience = 4;
    const { steps } = await featurePath(x, { ...common, alpha: 0.1, multiplier: 1.3, stepPatience: patience });
    const start = await sparseLinear({ ...common, alpha: 0, optimizer: 'adam' }).fit(x);
    const network = start.network;
    const affinity = Affinity.kernel(x, { kernel: 'linear', precision: 'float64' });
    const objective = gemini('mmd_ova', { affinity });
    let [done, snapshot]: [number, Uint8Array | undefined] = [0, undefined];
    for (const { alpha, epochs, ...step } of steps) {
      const [values, penalties]: [number[], number[]] = [[], []];
      let [most, least, last] = [-Infinity, Infinity, 0];
      const run = await train(network, {
        ...{ data: x, objective, epochs: done + 1000, batchSize: 150, optimizer: sgd({ learningRate: 1e-2 }) },
        penalty: { groupLasso: { alpha } },
        ...(snapshot && { resume: snapshot }),
        onEpoch({ penalty }) {
          const value = objective.value(network.logits(x), { from: 'logits' });
          const progress = values.length === 0 || value > 1.01 * most || penalty < 0.99 * least;
          if (values.length === 0 || value > 1.01 * most) most = value;
          if (penalty < 0.99 * least) least = penalty;
          values.push(value);
          penalties.push(penalty);
          if (progress) last = values.length;
          return values.length - last < patience;
        },
      });
      done += run.history.length;
      snapshot = run.snapshot();
      expect(run.history.length).toBe(epochs);
      expectClose([step.objective, step.penalty], [values.at(-1) ?? 0, penalties.at(-1) ?? 0], 1e-12);
      expect(featuresOf(network)).toEqual(step.features);
    }
    expect(new Set(steps.map(({ epochs }) => epochs)).size).toBeGreaterThan(3);
  });

  it('can be aborted, or stopped with the result so far', async () => {
    const reason = new Error('enough');
    const run = () => featurePath(x, {}, { signal: AbortSignal.abort(reason) });
    expect(await rejectionOf(run)).toBe(reason);
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 60);
    const long = { multiplier: 1.0001, restarts: 1 };
    expect(await rejectionOf(() => featurePath(x, long, { signal: controller.signal }))).toBe(reason);
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 60);
    const { best } = await featurePath(x, long, { stop: stop.signal });
    expect(best.predict(x)).toEqual(best.labels);
    const shares: number[] = [];
    await featurePath(x, { restarts: 1, multiplier: 1.2 }, { onProgress: (done) => shares.push(done) });
    expect(shares.at(-1)).toBe(1);
  });

  it.each<[string, FeaturePathOptions, string, RegExp]>([
    ['an unknown option', { factor: 2 } as object, 'ERR_INVALID_ARG_TYPE', /^options\.factor/],
    ['a model', { model: 'mlp' as never }, 'ERR_OUT_OF_RANGE', /^model: expected one of 'linear', 'lassonet'/],
    ['an alpha that would never grow', { alpha: 0 }, 'ERR_OUT_OF_RANGE', /^alpha: expected a finite number > 0/],
    ['a multiplier of 1', { multiplier: 1 }, 'ERR_OUT_OF_RANGE', /^multiplier: expected a finite number > 1/],
    ['a share', { keep: 1.5 }, 'ERR_OUT_OF_RANGE', /^keep/],
    ['patience', { stepPatience: 0 }, 'ERR_OUT_OF_RANGE', /^stepPatience/],
    ['a width of a linear model', { width: 3 }, 'ERR_OUT_OF_RANGE', /^width: expected none for the model 'linear'/],
    ['an objective of the user', { objective: gemini('mi') as never }, 'ERR_INVALID_ARG_TYPE', /^objective/],
    ['a group out of range', { groups: [[0, 99]] }, 'ERR_OUT_OF_RANGE', /groups\[0\]\[1\]/],
    ['a feature in two groups', { groups: [[0, 1], [1]] }, 'ERR_OUT_OF_RANGE', /group/],
  ])('refuses %s', async (_, options, code, message) => {
    expect(await rejectionOf(() => featurePath(x, options))).toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});
