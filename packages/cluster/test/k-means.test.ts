/** k-means against scikit-learn from the same starts, and its properties. */
import { ari } from 'genmi';
import { describe, expect, it } from 'vitest';
import { largestOfRows } from '../src/base/labels.js';
import { Random } from '../src/base/random.js';
import { KMeans, type KMeansModel, type KMeansOptions } from '../src/estimators/k-means.js';
import { expectClose, rejectionOf, thrownBy } from './support/compare.js';
import { blobs, reordered } from './support/data.js';
import { fixture } from './support/fixtures.js';

interface Case {
  data: string;
  float32: boolean;
  start: number[][];
  tolerance: number;
  maxIterations: number;
  labels: number[];
  inertia: number;
  centers: number[][];
}

const { data, kMeans } = fixture<{ data: Record<string, number[][]>; kMeans: Case[] }>('baselines.json');

const float32 = (rows: number[][]) => ({
  data: Float32Array.from(rows.flat()),
  shape: [rows.length, (rows[0] as number[]).length] as const,
});

describe('k-means', () => {
  it.each(kMeans.map((each) => ({ ...each, k: each.start.length })))(
    'has the labels and inertia of scikit-learn: $data, $k clusters, at most $maxIterations iterations',
    async (expected) => {
      const rows = data[expected.data] as number[][];
      const x = expected.float32 ? float32(rows) : rows;
      const { start, tolerance, maxIterations } = expected;
      const model = await new KMeans({ start, tolerance, maxIterations }).fit(x);
      expect([...model.labels]).toEqual(expected.labels);
      // scikit-learn computes in float32 where the features are float32.
      const accuracy = expected.float32 ? 1e-5 : 1e-9;
      expectClose([model.inertia], [expected.inertia], accuracy, 'inertia');
      expectClose(model.centers.data, expected.centers.flat(), accuracy, 'centers');
    },
  );

  const settings: [string, KMeansOptions, number, number, number][] = [
    ['few clusters', { clusters: 3 }, 200, 2, 3],
    ['more clusters than groups', { clusters: 9, restarts: 3 }, 300, 5, 4],
    ['one cluster', { clusters: 1, restarts: 1 }, 30, 3, 2],
    ['as many clusters as samples', { clusters: 20, restarts: 2 }, 20, 2, 20],
    ['one iteration', { clusters: 6, restarts: 2, maxIterations: 1 }, 150, 7, 5],
  ];

  it.each(settings)(
    'predicts the labels of its data, and keeps them when saved: %s',
    async (_, options, n, d, groups) => {
      for (const precision of [Float32Array, Float64Array]) {
        const { x } = blobs(n, n, d, groups);
        const features = { data: precision.from(x.data), shape: x.shape };
        const model = await new KMeans(options).fit(features);
        expect(model.predict(features)).toEqual(model.labels);
        expect(model.score(features)).toBe(-model.inertia);
        const saved = JSON.parse(JSON.stringify(model.save())) as KMeansModel;
        const loaded = KMeans.load(saved);
        expect(loaded.predict(features)).toEqual(model.labels);
        expect(loaded.labels).toEqual(model.labels);
        expect([loaded.inertia, loaded.iterations]).toEqual([model.inertia, model.iterations]);
        expect(loaded.save()).toEqual(saved);
      }
    },
  );

  it('finds the nearest centre of every sample, whatever its bounds spare', async () => {
    for (const [seed, k, d] of [
      [1, 2, 3],
      [2, 7, 2],
      [3, 13, 6],
      [4, 4, 1],
    ] as const) {
      const { x } = blobs(seed, 500, d, 5, 3);
      const { labels, centers, inertia, iterations } = await new KMeans({ clusters: k, restarts: 1, tolerance: 0 }).fit(
        x,
      );
      expect(iterations).toBeGreaterThan(1);
      // At the end of Lloyd's iterations centres are the means of the samples that are nearest to them.
      const naive = lloydByDefinition(x, centers.data, k);
      expect([...labels]).toEqual(naive.labels);
      expectClose(centers.data, naive.means, 1e-12, 'centers');
      expectClose([inertia], [naive.inertia], 1e-12, 'inertia');
    }
  });

  it('finds groups that lie apart, the same for the same seed, in any order of samples and features', async () => {
    const { x, classes } = blobs(11, 400, 3, 6, 0.4);
    const labels = await new KMeans({ clusters: 6 }).fitPredict(x);
    expect(ari(classes, labels)).toBe(1);
    expect(await new KMeans({ clusters: 6 }).fitPredict(x)).toEqual(labels);
    const order = new Random(5).permutation(400);
    const moved = await new KMeans({ clusters: 6 }).fitPredict(reordered(x, order));
    expect(
      ari(
        moved,
        order.map((i) => classes[i] as number),
      ),
    ).toBe(1);
    const turned = {
      data: x.data.map((_, e) => x.data[3 * Math.floor(e / 3) + ((e + 1) % 3)] as number),
      shape: x.shape,
    };
    expect(ari(await new KMeans({ clusters: 6 }).fitPredict(turned), classes)).toBe(1);
  });

  it('keeps the best of its restarts', async () => {
    const { x } = blobs(12, 300, 2, 12, 1);
    const one = await new KMeans({ clusters: 12, restarts: 1 }).fit(x);
    const many = await new KMeans({ clusters: 12, restarts: 10 }).fit(x);
    expect(many.inertia).toBeLessThan(one.inertia);
    expect(KMeans.load(many.save()).save().options.restarts).toBe(10);
  });

  it('takes fewer distinct samples than clusters', async () => {
    const x = [1, 1, 2, 2, 2].map((value) => [value, value]);
    const model = await new KMeans({ clusters: 4 }).fit(x);
    expect(model.inertia).toBe(0);
    expect(model.predict(x)).toEqual(model.labels);
    expect(ari(model.labels, [0, 0, 1, 1, 1])).toBe(1);
  });

  it('has the probabilities of equal normal densities about the centres', async () => {
    const model = await new KMeans({ clusters: 2 }).fit([[0], [2], [10], [12]]);
    // Centres 1 and 11, variance (1 + 1 + 1 + 1) / 4: at 5, log odds ((11 - 5)^2 - (5 - 1)^2) / 2 = 10.
    const { data, shape } = model.predictProba([[5]]);
    expect(shape).toEqual([1, 2]);
    const [label] = model.predict([[5]]);
    expect(data[label]).toBeCloseTo(1 / (1 + Math.exp(-10)), 14);
    expect(data[0] + data[1]).toBeCloseTo(1, 15);
    const points = await new KMeans({ clusters: 2 }).fit([[0], [0], [3], [3]]);
    expect([...points.predictProba([[1]]).data].sort()).toEqual([0, 1]);
    const { x } = blobs(3, 200, 4, 5, 4);
    const many = await new KMeans({ clusters: 5 }).fit(x);
    expect(largestOfRows(many.predictProba(x).data, 5)).toEqual(many.labels);
  });

  it('lets other work run, reports progress, and stops with the reason of an abort', async () => {
    const { x } = blobs(13, 20_000, 20, 5, 6);
    const controller = new AbortController();
    const shares: number[] = [];
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const model = new KMeans({ clusters: 20, restarts: 2, tolerance: 0 });
    await model.fit(x, { onProgress: (done) => shares.push(done) });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
    expect(shares.at(-1)).toBe(1);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    const labels = model.labels;
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 15);
    expect(await rejectionOf(() => model.fit(x, { signal: controller.signal }))).toBe(reason);
    expect(await rejectionOf(() => model.fit(x, { signal: controller.signal }))).toBe(reason);
    expect(model.labels).toBe(labels);
    const failure = new Error('in a callback');
    const failing = () => Promise.reject(failure);
    expect(await rejectionOf(() => model.fit([[1]].concat(Array(30).fill([2])), { onProgress: failing }))).toBe(
      failure,
    );
  });

  it.each<[string, () => unknown, string, RegExp]>([
    [
      'clusters',
      () => new KMeans({ clusters: 0 }),
      'ERR_OUT_OF_RANGE',
      /^clusters: expected an integer >= 1, received 0/,
    ],
    ['an unknown option', () => new KMeans({ k: 3 } as object), 'ERR_INVALID_ARG_TYPE', /^options\.k/],
    ['a seed', () => new KMeans({ seed: 0.5 }), 'ERR_OUT_OF_RANGE', /^seed/],
    ['a start of other size', () => new KMeans({ clusters: 3, start: [[1]] }), 'ERR_OUT_OF_RANGE', /^start/],
    ['no fit', () => new KMeans().predict([[1]]), 'ERR_INVALID_ARG_TYPE', /call fit first/],
    [
      'a model of another version',
      () => KMeans.load({ estimator: 'k-means', version: 2 } as never),
      'ERR_OUT_OF_RANGE',
      /^model\.version/,
    ],
    [
      'another model',
      () => KMeans.load({ estimator: 'kauri', version: 1 } as never),
      'ERR_OUT_OF_RANGE',
      /^model\.estimator/,
    ],
    ['no model', () => KMeans.load(null as never), 'ERR_INVALID_ARG_TYPE', /^model/],
  ])('refuses %s', (_, call, code, message) => {
    expect(thrownBy(call)).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('refuses data that do not fit', async () => {
    expect(await rejectionOf(() => new KMeans().fit([[1], [2]]))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    expect(await rejectionOf(() => new KMeans({ start: [[1, 2]] }).fit([[1]]))).toMatchObject({
      message: expect.stringMatching(/^start: expected 1 columns/),
    });
    const model = await new KMeans({ clusters: 1 }).fit([[1, 2]]);
    expect(thrownBy(() => model.predict([[1]]))).toMatchObject({
      message: expect.stringMatching(/^x: expected 2 columns/),
    });
  });
});

function lloydByDefinition({ data, shape: [n, d] }: ReturnType<typeof blobs>['x'], centers: Float64Array, k: number) {
  const squared = (i: number, c: number) =>
    Array.from({ length: d }, (_, j) => ((data[i * d + j] as number) - (centers[c * d + j] as number)) ** 2).reduce(
      (a, b) => a + b,
      0,
    );
  const labels: number[] = [];
  let inertia = 0;
  for (let i = 0; i < n; i++) {
    const all = Array.from({ length: k }, (_, c) => squared(i, c));
    inertia += Math.min(...all);
    labels.push(all.indexOf(Math.min(...all)));
  }
  const means = Float64Array.from({ length: k * d }, (_, e) => {
    const members = labels.flatMap((label, i) =>
      label === Math.floor(e / d) ? [data[i * d + (e % d)] as number] : [],
    );
    return members.reduce((a, b) => a + b, 0) / members.length;
  });
  return { labels, inertia, means };
}
