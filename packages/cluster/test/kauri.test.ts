/** Kauri trees: the specification's vector, every gain against its definition, and their properties. */
import fc from 'fast-check';
import { Affinity, ari, type KernelOptions, kernels } from 'genmi';
import { describe, expect, it } from 'vitest';
import { Random } from '../src/base/random.js';
import { Kauri, type KauriModel, type KauriOptions } from '../src/estimators/kauri.js';
import type { Tree } from '../src/estimators/tree.js';
import { rejectionOf, thrownBy } from './support/compare.js';
import { blobs, reordered } from './support/data.js';

const vector = [
  [0, 0],
  [0.2, 0.1],
  [0.1, 0.3],
  [3, 3],
  [3.2, 2.9],
  [2.8, 3.3],
  [-2.9, 3.1],
  [-3.2, 2.8],
];

/** The rules of a tree in the order in which they were made, as [feature, threshold, gain]. */
const rulesOf = (tree: Tree) =>
  tree
    .flatMap(({ rule }) => (rule ? [rule] : []))
    .sort((a, b) => a.left - b.left)
    .map(({ feature, threshold, gain }) => [feature, threshold, gain]);

describe('the specification vector', () => {
  it.each([
    [1, [], [0, 0, 0, 0, 0, 0, 0, 0], 31.31125],
    [2, [[0, 0.2, 38.56808333]], [0, 0, 0, 1, 1, 1, 0, 0], 69.87933333],
    [3, [[0, 0.2, 38.56808333], [0, -2.9, 21.42733333]], [2, 2, 2, 1, 1, 1, 0, 0], 91.30666667], // biome-ignore format: pairs
  ] as const)('has its gains, labels and objective with %i clusters', async (maxClusters, rules, labels, objective) => {
    const model = await new Kauri({ maxClusters, maxLeaves: Math.max(2, maxClusters) }).fit(vector);
    expect(model.objective).toBeCloseTo(objective, 8);
    expect([...model.labels]).toEqual(labels);
    const found = rulesOf(model.tree);
    expect(found.length).toBe(rules.length);
    for (const [i, [feature, threshold, gain]] of rules.entries()) {
      expect(found[i]?.slice(0, 2)).toEqual([feature, threshold]);
      expect(found[i]?.[2]).toBeCloseTo(gain, 8);
    }
  });

  it('has the fourth rule with four clusters', async () => {
    const model = await new Kauri({ maxClusters: 4, maxLeaves: 4 }).fit(vector);
    const [feature, threshold, gain] = rulesOf(model.tree)[2] as number[];
    expect([feature, threshold]).toEqual([0, 2.8]);
    expect(gain).toBeCloseTo(0.1416666667, 9);
    expect(model.objective).toBeCloseTo(91.44833333, 8);
  });

  it('is written as rules', async () => {
    const model = await new Kauri({ maxClusters: 3, maxLeaves: 3 }).fit(vector);
    expect(model.rules(['width', 'height'])).toBe(
      [
        'width <= 0.2',
        '  width <= -2.9',
        '    cluster 0 (2 samples)',
        '  width > -2.9',
        '    cluster 2 (3 samples)',
        'width > 0.2',
        '  cluster 1 (3 samples)',
      ].join('\n'),
    );
    const features = [{ name: 'width', centre: 10, spread: 5 }, 'height'];
    expect(model.rules(features).split('\n').slice(0, 2)).toEqual(['width <= 11', '  width <= -4.5']);
    expect(model.rules()).toContain('x0 <= 0.2');
  });
});

/** Assignments of samples to clusters, with the gain of each that one step may choose. */
interface Candidate {
  leaf: number;
  feature: number;
  threshold: number;
  left: number;
  right: number;
  gain: number;
}

/** Tries every step from the leaves and clusters so far, and evaluates the objective of each by its definition. */
function candidates(
  x: number[][],
  kernel: number[][],
  leaves: readonly number[][],
  clusterOf: readonly number[],
  options: { maxClusters: number; minSamplesLeaf?: number },
): Candidate[] {
  const objective = (labels: readonly number[]) =>
    [...new Set(labels)].reduce((sum, c) => {
      const members = labels.flatMap((label, i) => (label === c ? [i] : []));
      const own = members.reduce((s, i) => s + members.reduce((t, j) => t + (kernel[i]?.[j] as number), 0), 0);
      return sum + own / members.length;
    }, 0);
  const labels = Array.from(x, (_, i) => clusterOf[leaves.findIndex((leaf) => leaf.includes(i))] as number);
  const before = objective(labels);
  const known = new Set(labels).size;
  const found: Candidate[] = [];
  for (const [leaf, members] of leaves.entries()) {
    const k = clusterOf[leaf] as number;
    for (let feature = 0; feature < (x[0] as number[]).length; feature++) {
      const value = (i: number) => x[i]?.[feature] as number;
      for (const threshold of [...new Set(members.map(value))].sort((a, b) => a - b).slice(0, -1)) {
        const left = new Set(members.filter((i) => value(i) <= threshold));
        const least = options.minSamplesLeaf ?? 1;
        if (left.size < least || members.length - left.size < least) continue;
        const others = Array.from({ length: known }, (_, c) => c).filter((c) => c !== k);
        const isPart = members.length < labels.filter((label) => label === k).length;
        const targets: [number, number][] = [];
        if (known < options.maxClusters) targets.push([k, known], [known, k]);
        if (known + 1 < options.maxClusters && isPart) targets.push([known, known + 1]);
        for (const c of others) targets.push([c, k], [k, c]);
        if (isPart) for (const a of others) for (const b of others) if (a !== b) targets.push([a, b]);
        for (const [toLeft, toRight] of targets) {
          const moved = labels.map((label, i) =>
            leaves[leaf]?.includes(i) ? (left.has(i) ? toLeft : toRight) : label,
          );
          found.push({ leaf, feature, threshold, left: toLeft, right: toRight, gain: objective(moved) - before });
        }
      }
    }
  }
  return found;
}

/** Follows a fitted tree rule by rule, and compares each with all that were possible. */
function checkSteps(
  x: number[][],
  kernel: number[][],
  tree: Tree,
  options: { maxClusters: number; minSamplesLeaf?: number; maxLeaves?: number },
) {
  const leafOfNode = new Map([[0, 0]]);
  const leaves: number[][] = [x.map((_, i) => i)];
  const clusterOf = [0];
  const kinds = new Set<string>();
  const scale = x.length * Math.max(...kernel.flat().map(Math.abs));
  const made = tree.flatMap(({ rule }, node) => (rule ? [{ node, ...rule }] : [])).sort((a, b) => a.left - b.left);
  for (const { node, feature, threshold, gain, left, right } of made) {
    const leaf = leafOfNode.get(node) as number;
    const all = candidates(x, kernel, leaves, clusterOf, options);
    const largest = Math.max(...all.map((candidate) => candidate.gain));
    expect(Math.abs(gain - largest)).toBeLessThanOrEqual(1e-10 * scale);
    const targets = [tree[left]?.cluster, tree[right]?.cluster] as [number, number];
    const ties = all.filter((candidate) => candidate.gain > largest - 1e-12 * scale);
    const chosen = ties.find(
      (c) => c.leaf === leaf && c.feature === feature && c.threshold === threshold && c.left === targets[0] && c.right === targets[1], // biome-ignore format: one condition
    );
    expect(chosen, 'the step is one of those with the largest gain').toBeDefined();
    const first = ties.reduce(
      (a, b) =>
      (a.leaf - b.leaf || a.feature - b.feature || a.threshold - b.threshold || a.left - b.left || a.right - b.right) <= 0 ? a : b, // biome-ignore format: one order
    );
    expect(chosen, 'of these the first').toEqual(first);
    const known = new Set(clusterOf).size;
    const fresh = targets.filter((target) => target >= known).length;
    kinds.add(
      fresh === 2
        ? 'double star'
        : fresh === 1
          ? 'star'
          : targets.includes(clusterOf[leaf] as number)
            ? 'switch'
            : 'refurbish',
    );
    const members = leaves[leaf] as number[];
    const isLeft = (i: number) => (x[i]?.[feature] as number) <= threshold;
    leaves.push(members.filter((i) => !isLeft(i)));
    leaves[leaf] = members.filter(isLeft);
    clusterOf[leaf] = targets[0];
    clusterOf.push(targets[1]);
    leafOfNode.set(left, leaf);
    leafOfNode.set(right, leaves.length - 1);
  }
  const rest = candidates(x, kernel, leaves, clusterOf, options);
  if (leaves.length < (options.maxLeaves ?? Infinity))
    for (const { gain } of rest) expect(gain, 'no gain is left').toBeLessThanOrEqual(1e-10 * scale);
  return kinds;
}

const nested = ({ data, shape: [n, d] }: { data: ArrayLike<number>; shape: readonly [number, number] }) =>
  Array.from({ length: n }, (_, i) => Array.from({ length: d }, (_, j) => data[i * d + j] as number));

describe('every step', () => {
  const seen = new Set<string>();

  it.each(kernels)('has the largest gain of all, by the definition of the objective: %s', async (kernel) => {
    const chosen: KernelOptions = kernel === 'sigmoid' ? { kernel, gamma: 0.1 } : { kernel };
    for (let seed = 0; seed < 6; seed++) {
      const { x } = blobs(100 + seed, 14, 2, 4, 2);
      // chi2 kernels need features >= 0; rounded ones have equal values.
      const rows = nested(x).map((row) => row.map((value) => Math.round(4 * Math.abs(value)) / 4 + 0.25));
      const maxClusters = 2 + (seed % 4);
      const model = await new Kauri({ maxClusters, kernel: chosen }).fit(rows);
      const entries = nested(Affinity.kernel(rows, { ...chosen, precision: 'float64' }).toMatrix());
      for (const kind of checkSteps(rows, entries, model.tree, { maxClusters })) seen.add(kind);
    }
  });

  it('is of one of four kinds, and all occur', async () => {
    // With a positive definite kernel a new cluster is never worse than an old one: only other kernels join clusters,
    // and then make two new ones at once.
    for (let seed = 0; seed < 40; seed++) {
      const { x } = blobs(200 + seed, 16, 2, 5, 3);
      const random = new Random(seed);
      const entries: number[][] = [];
      for (let i = 0; i < 16; i++) {
        entries.push(Array.from({ length: 16 }, (_, j) => (j < i ? (entries[j]?.[i] as number) : random.normal())));
      }
      const maxClusters = 2 + (seed % 5);
      const affinity = Affinity.precomputed(entries, 'kernel');
      const model = await new Kauri({ maxClusters }).fit(x, { affinity });
      for (const kind of checkSteps(nested(x), entries, model.tree, { maxClusters })) seen.add(kind);
    }
    expect([...seen].sort()).toEqual(['double star', 'refurbish', 'star', 'switch']);
  });

  it('leaves the limits of samples and leaves', async () => {
    for (const [seed, minSamplesLeaf, maxLeaves] of [
      [1, 2, 9],
      [2, 3, 9],
      [3, 1, 3],
      [4, 4, 2],
    ] as const) {
      // biome-ignore format: pairs
      const { x } = blobs(300 + seed, 18, 2, 4, 2);
      const options = { maxClusters: 4, minSamplesLeaf, minSamplesSplit: 2 * minSamplesLeaf, maxLeaves };
      const { tree } = await new Kauri(options).fit(x);
      const entries = nested(Affinity.kernel(x, { kernel: 'linear' }).toMatrix());
      checkSteps(nested(x), entries, tree, options);
      const leaves = tree.filter(({ rule }) => !rule);
      expect(leaves.length).toBeLessThanOrEqual(maxLeaves);
      for (const { samples } of leaves) expect(samples).toBeGreaterThanOrEqual(minSamplesLeaf);
    }
  });
});

describe('a tree', () => {
  it('predicts the labels of its data, also when saved, for all limits', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          seed: fc.nat(1000),
          maxClusters: fc.integer({ min: 1, max: 6 }),
          maxDepth: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
          maxFeatures: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
          maxLeaves: fc.option(fc.integer({ min: 2, max: 9 }), { nil: undefined }),
          float32: fc.boolean(),
        }),
        async ({ float32, ...options }) => {
          const { x } = blobs(options.seed, 60, 3, 4, 3);
          const features = { data: float32 ? Float32Array.from(x.data) : x.data, shape: x.shape };
          const model = await new Kauri(options).fit(features);
          expect(model.predict(features)).toEqual(model.labels);
          expect(model.score(features)).toBeCloseTo(model.objective, 6);
          expect(model.clusters).toBeLessThanOrEqual(options.maxClusters);
          expect(Math.max(...model.tree.map(({ depth }) => depth))).toBeLessThanOrEqual(options.maxDepth ?? 60);
          const saved = JSON.parse(JSON.stringify(model.save())) as KauriModel;
          expect(Kauri.load(saved).predict(features)).toEqual(model.labels);
          expect(JSON.parse(JSON.stringify(Kauri.load(saved).save()))).toEqual(saved);
          expect((await new Kauri(options).fit(features)).save()).toEqual(model.save());
        },
      ),
      { numRuns: 40 },
    );
  });

  it('looks at other features for another seed', async () => {
    const { x } = blobs(31, 200, 8, 5, 4);
    const options: KauriOptions = { maxClusters: 5, maxFeatures: 2, maxLeaves: 6 };
    const trees = await Promise.all(
      [1, 2, 3].map(async (seed) => (await new Kauri({ ...options, seed }).fit(x)).rules()),
    );
    expect(new Set(trees).size).toBeGreaterThan(1);
  });

  it('is the same for samples in another order, and for features moved far from the origin', async () => {
    const { x } = blobs(32, 150, 3, 4, 1);
    const model = await new Kauri({ maxClusters: 4, maxLeaves: 6 }).fit(x);
    const order = new Random(1).permutation(150);
    const moved = await new Kauri({ maxClusters: 4, maxLeaves: 6 }).fit(reordered(x, order));
    expect(moved.rules()).toBe(model.rules());
    const far = { data: x.data.map((value) => value + 2 ** 20), shape: x.shape };
    const shifted = await new Kauri({ maxClusters: 4, maxLeaves: 6 }).fit(far);
    expect(shifted.labels).toEqual(model.labels);
    for (const [i, [feature, , gain]] of rulesOf(shifted.tree).entries()) {
      expect(feature).toBe(rulesOf(model.tree)[i]?.[0]);
      expect(gain).toBeCloseTo(rulesOf(model.tree)[i]?.[2] as number, 3);
    }
  });

  it('has the same gains from features, from a kernel and from a given affinity', async () => {
    const { x } = blobs(33, 80, 3, 4, 3);
    const linear = await new Kauri({ maxClusters: 4 }).fit(x);
    const affinity = Affinity.kernel(x, { kernel: 'linear', precision: 'float64' });
    const given = await new Kauri({ maxClusters: 4, kernel: 'rbf' }).fit(x, { affinity });
    expect(given.rules()).toBe(linear.rules());
    expect(given.objective).toBeCloseTo(linear.objective, 8);
    expect(given.score(x, { affinity })).toBeCloseTo(linear.score(x), 8);
    const polynomial = await new Kauri({
      maxClusters: 4,
      kernel: { kernel: 'poly', degree: 1, gamma: 1, coef0: 0 },
    }).fit(x);
    expect(polynomial.rules()).toBe(linear.rules());
    expect(polynomial.score(x)).toBeCloseTo(linear.objective, 8);
  });

  it('finds groups that lie apart', async () => {
    const { x, classes } = blobs(34, 400, 2, 5, 0.2);
    expect(ari(classes, await new Kauri({ maxClusters: 5, maxLeaves: 5 }).fitPredict(x))).toBe(1);
  });

  it('is a single leaf where all samples are equal', async () => {
    const model = await new Kauri({ maxClusters: 3 }).fit(Array(7).fill([0.1, 0.7]));
    expect(model.tree).toEqual([{ depth: 0, samples: 7, cluster: 0 }]);
    expect(model.rules()).toBe('cluster 0 (7 samples)');
    expect((await new Kauri().fit([[1, 2]])).labels).toEqual(Int32Array.of(0));
  });

  it('stops with the reason of an abort, and reports progress', async () => {
    const { x } = blobs(35, 3000, 20, 6, 5);
    const controller = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 40);
    const model = new Kauri({ maxClusters: 6 });
    expect(await rejectionOf(() => model.fit(x, { signal: controller.signal }))).toBe(reason);
    expect(thrownBy(() => model.labels)).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    const shares: number[] = [];
    await new Kauri({ maxClusters: 6, maxLeaves: 8 }).fit(x, { onProgress: (done) => shares.push(done) });
    expect(shares.at(-1)).toBe(1);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
  });

  it.each<[string, () => unknown, string, RegExp]>([
    ['clusters', () => new Kauri({ maxClusters: 0 }), 'ERR_OUT_OF_RANGE', /^maxClusters/],
    [
      'leaves of more samples than half a split',
      () => new Kauri({ minSamplesLeaf: 3, minSamplesSplit: 5 }),
      'ERR_OUT_OF_RANGE',
      /^minSamplesSplit: expected an integer >= 6/,
    ],
    ['one leaf', () => new Kauri({ maxLeaves: 1 }), 'ERR_OUT_OF_RANGE', /^maxLeaves/],
    ['a kernel', () => new Kauri({ kernel: 'liner' as never }), 'ERR_OUT_OF_RANGE', /^kernel/],
    ['a kernel parameter', () => new Kauri({ kernel: { kernel: 'rbf', gamma: -1 } }), 'ERR_OUT_OF_RANGE', /gamma/],
    [
      'a model of another version',
      () => Kauri.load({ estimator: 'kauri', version: 9 } as never),
      'ERR_OUT_OF_RANGE',
      /^model\.version/,
    ],
  ])('refuses %s', (_, call, code, message) => {
    expect(thrownBy(call)).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('refuses affinities that do not fit', async () => {
    const distance = Affinity.distance([[1], [2]], { metric: 'euclidean' });
    expect(await rejectionOf(() => new Kauri().fit([[1], [2]], { affinity: distance }))).toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
    });
    const kernel = Affinity.kernel([[1], [2]], { kernel: 'linear' });
    expect(await rejectionOf(() => new Kauri().fit([[1]], { affinity: kernel }))).toMatchObject({
      code: 'ERR_OUT_OF_RANGE',
    });
    const model = await new Kauri().fit([[1], [2]]);
    expect(thrownBy(() => model.rules(['a', 'b']))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
  });
});

describe('the rules of a binary feature', () => {
  it('are its name, and not its name', async () => {
    const model = await new Kauri({ maxClusters: 2 }).fit([[0], [1], [0], [1]]);
    expect(model.rules([{ name: 'sex=female', binary: true }]).split('\n')).toEqual([
      ...['not sex=female', expect.stringMatching(/^ {2}cluster \d \(2 samples\)/)],
      ...['sex=female', expect.stringMatching(/^ {2}cluster \d \(2 samples\)/)],
    ]);
  });
});
