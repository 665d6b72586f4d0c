/** Douglas trees: the specification's vectors, central differences, gemclus from the same start, and their properties. */
import { Affinity, ari, type GeminiName, gemini } from 'genmi';
import { describe, expect, it } from 'vitest';
import { Random } from '../src/base/random.js';
import { Adam } from '../src/estimators/adam.js';
import { Douglas, type DouglasModel } from '../src/estimators/douglas.js';
import { SoftTree, type SoftTreeShape } from '../src/estimators/soft-tree.js';
import { expectClose, rejectionOf, thrownBy } from './support/compare.js';
import { blobs, reordered } from './support/data.js';
import { fixture } from './support/fixtures.js';

const normals = (random: Random, length: number, scale = 1) =>
  Float64Array.from({ length }, () => scale * random.normal());

describe('the specification', () => {
  it('has these bins', () => {
    const shape = { features: [0], cuts: 2, clusters: 1, temperature: 0.5 };
    const tree = new SoftTree(shape, Float64Array.of(0.7, -0.4), new Float64Array(3));
    tree.sort();
    const x = { data: Float64Array.of(-1, 0.2, 2), shape: [3, 1] as const };
    const bins = [
      [0.762633375930456, 0.22970075864131578, 0.007665865428228339],
      [0.18045591418673473, 0.5991347344992723, 0.22040935131399286],
      [0.0005686681433348141, 0.06909910352621708, 0.930332228330448],
    ];
    for (const [i, expected] of bins.entries()) expectClose(tree.memberships(x, i), expected, 1e-15);
  });

  it('has these steps of Adam', () => {
    const w = Float64Array.of(1, -2);
    const adam = new Adam([w], 0.01);
    const steps = [
      [[0.5, -0.1], [0.9900000063245513, -1.9900000316226767]],
      [[0.2, 0.3], [0.981014259557712, -1.994941925013507]],
      [[-1, 0], [0.9833488900282994, -1.9987620229258551]],
    ] as const; // biome-ignore format: pairs
    for (const [gradient, expected] of steps) {
      adam.step([Float64Array.from(gradient)]);
      expectClose(w, expected, 1e-15);
    }
  });
});

describe('memberships', () => {
  it('are products of bins, the last feature fastest', () => {
    const random = new Random(1);
    const shape = { features: [2, 0, 1], cuts: 2, clusters: 2, temperature: 0.7 };
    const cutPoints = normals(random, 6);
    const tree = new SoftTree(shape, cutPoints, normals(random, 54));
    tree.sort();
    const x = { data: normals(random, 3), shape: [1, 3] as const };
    const bins = shape.features.map((feature, f) => {
      const one = { ...shape, features: [feature], clusters: 1 };
      const single = new SoftTree(one, cutPoints.slice(2 * f, 2 * f + 2), new Float64Array(3));
      single.sort();
      return [...single.memberships(x, 0)];
    });
    const [a, b, c] = bins as [number[], number[], number[]];
    const expected = a.flatMap((p) => b.flatMap((q) => c.map((r) => p * q * r)));
    expectClose(tree.memberships(x, 0), expected, 1e-15);
    const logits = new Float64Array(2);
    tree.forward(x, 0, logits, 0);
    const byHand = [0, 1].map((k) =>
      expected.reduce((sum, m, leaf) => sum + m * (tree.scores[2 * leaf + k] as number), 0),
    );
    expectClose(logits, byHand, 1e-14);
  });
});

/** The value of an objective as a function of a tree's parameters, and its gradient. */
function objectiveOfTree(
  name: GeminiName,
  tree: SoftTree,
  x: { data: Float64Array; shape: readonly [number, number] },
) {
  const [n, k] = [x.shape[0], tree.shape.clusters];
  const affinity = name.startsWith('mmd')
    ? Affinity.kernel(x, { kernel: 'linear' })
    : Affinity.distance(x, { metric: 'euclidean' });
  const objective = gemini(name, { affinity });
  const logits = () => {
    tree.sort();
    const data = new Float64Array(n * k);
    for (let i = 0; i < n; i++) tree.forward(x, i, data, i * k);
    return { data, shape: [n, k] as const };
  };
  return {
    value: () => objective.value(logits(), { from: 'logits' }),
    gradient: () => {
      const { gradient } = objective.valueAndGrad(logits(), { from: 'logits' });
      const [cuts, scores] = [new Float64Array(tree.cutPoints.length), new Float64Array(tree.scores.length)];
      for (let i = 0; i < n; i++) tree.backward(x, i, gradient.data, i * k, cuts, scores);
      return { cuts, scores };
    },
  };
}

describe('gradients', () => {
  const differences = (parameters: Float64Array, value: () => number) =>
    Float64Array.from(parameters, (center, e) => {
      const step = 1e-5;
      parameters[e] = center + step;
      const above = value();
      parameters[e] = center - step;
      const below = value();
      parameters[e] = center;
      return (above - below) / (2 * step);
    });

  it.each<[GeminiName, SoftTreeShape]>([
    ['mmd_ova', { features: [0, 1, 2], cuts: 2, clusters: 3, temperature: 0.5 }],
    ['mmd_ovo', { features: [2, 0], cuts: 3, clusters: 4, temperature: 1 }],
    ['kl_ova', { features: [1], cuts: 4, clusters: 2, temperature: 0.3 }],
    ['tv_ovo', { features: [0, 1, 2], cuts: 1, clusters: 3, temperature: 0.8 }],
    ['hellinger_ova', { features: [1, 2], cuts: 2, clusters: 3, temperature: 0.5 }],
  ])('are central differences to 1e-7: %s, %o', (name, shape) => {
    const random = new Random(7);
    const x = { data: normals(random, 3 * 25), shape: [25, 3] as const };
    const leaves = (shape.cuts + 1) ** shape.features.length;
    const tree = new SoftTree(
      shape,
      normals(random, shape.features.length * shape.cuts),
      normals(random, leaves * shape.clusters),
    );
    const { value, gradient } = objectiveOfTree(name, tree, x);
    const { cuts, scores } = gradient();
    expectClose(cuts, differences(tree.cutPoints, value), 1e-7, 'cuts');
    expectClose(scores, differences(tree.scores, value), 1e-7, 'scores');
  });

  it('stay finite, and right, where bins underflow', () => {
    const random = new Random(8);
    const x = { data: normals(random, 2 * 30, 30), shape: [30, 2] as const };
    const shape = { features: [0, 1], cuts: 2, clusters: 3, temperature: 0.1 };
    const tree = new SoftTree(shape, normals(random, 4), normals(random, 27));
    // One sample lies near a cut: its bins do not underflow, and the cuts have a gradient.
    x.data[0] = (tree.cutPoints[0] as number) + 0.05;
    const { value, gradient } = objectiveOfTree('mmd_ova', tree, x);
    expect(tree.memberships(x, 1).some((membership) => membership === 0)).toBe(true);
    const { cuts, scores } = gradient();
    expect([...cuts, ...scores].every(Number.isFinite)).toBe(true);
    expect(cuts.some((g) => g !== 0)).toBe(true);
    expectClose(cuts, differences(tree.cutPoints, value), 1e-6, 'cuts');
    expectClose(scores, differences(tree.scores, value), 1e-6, 'scores');
  });
});

interface Case {
  objective: GeminiName;
  cuts: number;
  features: number[];
  epochs: number;
  temperature: number;
  start: { cutPoints: number[][]; scores: number[][] };
  cutPoints: number[][];
  scores: number[][];
  score: number;
  labels: number[];
  probabilities: number[][];
  active: number[];
}

describe('a Douglas tree', () => {
  const { x: iris, cases } = fixture<{ x: number[][]; cases: Case[] }>('douglas.json');

  it.each(cases)('is that of gemclus from the same start: $objective, $cuts cuts, $epochs epochs', async (expected) => {
    const { objective, cuts, features, epochs, temperature, start } = expected;
    const model = await new Douglas({ objective, cuts, features, epochs, temperature, start }).fit(iris);
    expectClose(model.scores.data, expected.scores.flat(), 1e-9, 'scores');
    const sorted = expected.cutPoints.map((points) => points.toSorted((a, b) => a - b));
    expectClose(model.cutPoints.flatMap((own) => own.cuts), sorted.flat(), 1e-9, 'cuts'); // biome-ignore format: short
    expect(model.cutPoints.map(({ feature }) => feature)).toEqual(features);
    expectClose([model.score(iris)], [expected.score], 1e-9, 'score');
    expectClose(model.predictProba(iris.slice(0, 10)).data, expected.probabilities.flat(), 1e-9, 'probabilities');
    expect([...model.labels]).toEqual(expected.labels);
    expect(model.findActivePoints(iris)).toEqual(expected.active);
    expect(model.history.length).toBe(epochs);
  });

  it('predicts the labels of its data, and keeps them when saved', async () => {
    const { x } = blobs(41, 90, 3, 3, 1);
    for (const precision of [Float32Array, Float64Array]) {
      for (const objective of ['mmd_ova', 'wasserstein_ovo', 'tv_ova'] as const) {
        const features = { data: precision.from(x.data.map((value) => value / 5)), shape: x.shape };
        const options = { objective, cuts: 2, epochs: 5, batchSize: 40, seed: 2 };
        const model = await new Douglas(options).fit(features);
        expect(model.predict(features)).toEqual(model.labels);
        const probabilities = model.predictProba(features);
        for (let i = 0; i < 90; i++) {
          expect(probabilities.data.subarray(3 * i, 3 * i + 3).reduce((a, b) => a + b)).toBeCloseTo(1, 12);
        }
        const saved = JSON.parse(JSON.stringify(model.save())) as DouglasModel;
        const loaded = Douglas.load(saved);
        expect(loaded.predictProba(features)).toEqual(probabilities);
        expect(JSON.parse(JSON.stringify(loaded.save()))).toEqual(saved);
        expect((await new Douglas(options).fit(features)).save()).toEqual(model.save());
      }
    }
  });

  it('finds groups that lie apart, and in full batches in any order of samples', async () => {
    // The corners of a triangle: of three groups on a line, the middle one would have no discrepancy to all data.
    const random = new Random(42);
    const classes = Array.from({ length: 120 }, (_, i) => i % 3);
    const entries = classes.flatMap((c) =>
      [Math.cos, Math.sin].map((f) => f((2 * Math.PI * c) / 3) + 0.1 * random.normal()),
    );
    const features = { data: Float64Array.from(entries), shape: [120, 2] as const };
    const settings = { objective: 'mmd_ova', cuts: 2, epochs: 200, learningRate: 0.05 } as const;
    const fits = await Promise.all([0, 1, 2, 3, 4].map((seed) => new Douglas({ ...settings, seed }).fit(features)));
    const scores = fits.map((fit) => fit.score(features));
    const seed = scores.indexOf(Math.max(...scores));
    const model = fits[seed] as Douglas;
    expect(ari(classes, model.labels)).toBe(1);
    expect(model.history.at(-1)).toBeGreaterThan(model.history[0] as number);
    const options = { ...settings, seed };
    const order = new Random(9).permutation(120);
    const moved = await new Douglas(options).fit(reordered(features, order));
    expect([...moved.labels]).toEqual([...order].map((i) => model.labels[i]));
  });

  it('takes an affinity of the user', async () => {
    const { x } = blobs(43, 50, 2, 3, 1);
    const kernel = Affinity.kernel(x, { kernel: 'linear', precision: 'float64' });
    const options = { objective: 'mmd_ova', epochs: 3 } as const;
    const given = await new Douglas({ ...options, kernel: 'rbf' }).fit(x, { affinity: kernel });
    const own = await new Douglas(options).fit(x);
    expectClose(given.scores.data, own.scores.data, 1e-12);
    expect(given.score(x, { affinity: kernel })).toBeCloseTo(own.score(x), 10);
    const other = Affinity.kernel([[1], [2]], { kernel: 'linear' });
    expect(await rejectionOf(() => own.fit(x, { affinity: other }))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
  });

  it('has active features where samples lie on both sides of a cut', async () => {
    const start = { cutPoints: [[0, 5], [9, 8], [1, 1]], scores: Array.from({ length: 27 }, () => [0, 1]) }; // biome-ignore format: one start
    const options = { clusters: 2, cuts: 2, epochs: 1, learningRate: 1e-9, objective: 'kl_ova', start } as const;
    const x = [[-1, 0, 1], [1, 2, 1]]; // biome-ignore format: a matrix
    const model = await new Douglas(options).fit(x);
    expect(model.findActivePoints(x)).toEqual([0]);
    expect(model.findActivePoints([[6, 10, 2], [7, 11, 3]])).toEqual([]); // biome-ignore format: a matrix
    expect(model.findActivePoints([[4, 8.5, 0], [4, 8.5, 2]])).toEqual([0, 1, 2]); // biome-ignore format: a matrix
  });

  it('stops with the reason of an abort, and reports progress', async () => {
    const { x } = blobs(44, 400, 4, 3, 2);
    const controller = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 30);
    const model = new Douglas({ epochs: 10_000 });
    expect(await rejectionOf(() => model.fit(x, { signal: controller.signal }))).toBe(reason);
    expect(thrownBy(() => model.labels)).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    const shares: number[] = [];
    await new Douglas({ epochs: 20, objective: 'mmd_ova' }).fit(x, { onProgress: (done) => shares.push(done) });
    expect(shares.at(-1)).toBe(1);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
  });

  it.each<[string, () => unknown, string, RegExp]>([
    ['an objective', () => new Douglas({ objective: 'mmd' as never }), 'ERR_OUT_OF_RANGE', /^objective/],
    [
      'a temperature',
      () => new Douglas({ temperature: 0 }),
      'ERR_OUT_OF_RANGE',
      /^temperature: expected a finite number > 0/,
    ],
    ['a metric', () => new Douglas({ metric: 'euclid' as never }), 'ERR_OUT_OF_RANGE', /^metric/],
    ['a column twice', () => new Douglas({ features: [1, 1] }), 'ERR_OUT_OF_RANGE', /^features/],
    ['no column', () => new Douglas({ features: [] }), 'ERR_OUT_OF_RANGE', /^features/],
    [
      'a model of another version',
      () => Douglas.load({ estimator: 'douglas', version: 2 } as never),
      'ERR_OUT_OF_RANGE',
      /^model\.version/,
    ],
  ])('refuses %s', (_, call, code, message) => {
    expect(thrownBy(call)).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('refuses data that do not fit', async () => {
    const wide = [Array(20).fill(0), Array(20).fill(1), Array(20).fill(2)];
    expect(await rejectionOf(() => new Douglas().fit(wide))).toMatchObject({
      message: expect.stringMatching(/^features: expected at most 1000000 leaves, received 2\^20/),
    });
    await new Douglas({ features: [3, 19], epochs: 1, objective: 'kl_ova' }).fit(wide);
    expect(await rejectionOf(() => new Douglas({ features: [20] }).fit(wide))).toMatchObject({
      code: 'ERR_OUT_OF_RANGE',
    });
    expect(await rejectionOf(() => new Douglas({ clusters: 4, features: [0] }).fit(wide))).toMatchObject({
      code: 'ERR_OUT_OF_RANGE',
    });
    const start = { cutPoints: [[0]], scores: [[1, 2, 3]] };
    expect(await rejectionOf(() => new Douglas({ features: [0], start }).fit(wide))).toMatchObject({
      message: expect.stringMatching(/^start\.scores: expected a 2 x 3 matrix/),
    });
  });
});
