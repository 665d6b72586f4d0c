/** Stability: its numbers by hand, and on data whose clusters are stable or are not. */
import fc from 'fast-check';
import type { MatrixLike } from 'genmi';
import { describe, expect, it } from 'vitest';
import { Random } from '../src/base/random.js';
import { type Estimator, KMeans } from '../src/estimators/index.js';
import { stability } from '../src/trust/index.js';
import { rejectionOf } from './support/compare.js';
import { blobs } from './support/data.js';

/** An estimator whose clusters a function tells from the seed and the first feature. */
const told = (clusterOf: (seed: number, value: number) => number) => (seed: number) =>
  ({
    fitPredict: async ({ data, shape: [n, d] }: { data: Float64Array; shape: [number, number] }) =>
      Int32Array.from({ length: n }, (_, i) => clusterOf(seed, data[i * d] as number)),
  }) as unknown as Estimator;

/** 100 samples; the feature of each is its number. */
const numbered: MatrixLike = { data: Float64Array.from({ length: 100 }, (_, i) => i), shape: [100, 1] };

const kMeans = (clusters: number) => (seed: number) => new KMeans({ clusters, seed, restarts: 1 });

describe('stability', () => {
  it('is 1 where all runs agree, whatever names they give to the clusters', async () => {
    const result = await stability(
      numbered,
      told((seed, i) => (i < 30 ? seed % 3 : 5 + (seed % 2))),
    );
    expect(result.meanAri).toBe(1);
    expect(result.leastAri).toBe(1);
    const used = [...result.jaccard].filter((each) => !Number.isNaN(each));
    expect(used).toEqual([1, 1]);
  });

  it('has values by hand', async () => {
    // The run on all samples has {0..49} and {50..99}; all others put {0..24} apart: J = 25/50 and 50/75 with all samples.
    const clusterOf = (seed: number, i: number) => (seed === 0 ? Math.floor(i / 50) : i < 25 ? 0 : 1);
    const { labels, meanAri, jaccard } = await stability(numbered, told(clusterOf), { share: 1, runs: 3 });
    expect([...labels]).toEqual(Array.from({ length: 100 }, (_, i) => Math.floor(i / 50)));
    expect(meanAri).toBe(1); // of the runs with each other
    expect([...jaccard]).toEqual([1 / 2, 2 / 3]);
  });

  it('has the Jaccard indices of their definition', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), async (seed) => {
        const random = new Random(seed);
        const clusters = Array.from({ length: 3 }, () => Array.from({ length: 100 }, () => random.below(3)));
        const clusterOf = (run: number, i: number) => clusters[run - seed]?.[i] as number;
        const { jaccard } = await stability(numbered, told(clusterOf), { share: 1, runs: 2, seed });
        const sets = clusters.map((of) => [0, 1, 2].map((k) => new Set(of.flatMap((c, i) => (c === k ? [i] : [])))));
        const [own = [], ...others] = sets;
        for (const [k, mine] of own.entries()) {
          const largest = others.map((run) => Math.max(...run.map((its) => indexOf(mine, its))));
          expect(jaccard[k]).toBeCloseTo(largest.reduce((sum, each) => sum + each, 0) / largest.length, 12);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('tells clusters that are there from others', async () => {
    const { x } = blobs(3, 300, 4, 3, 0.3);
    const right = await stability(x, kMeans(3));
    expect(right.meanAri).toBeGreaterThan(0.99);
    for (const jaccard of right.jaccard) expect(jaccard).toBeGreaterThan(0.95);
    const tooMany = await stability(x, kMeans(7));
    expect(tooMany.meanAri).toBeLessThan(0.9);
    expect(Math.min(...tooMany.jaccard)).toBeLessThan(0.75);
  });

  it('is the same for the same seed, reports progress and can be aborted', async () => {
    const { x } = blobs(4, 200, 2, 2);
    const shares: number[] = [];
    const first = await stability(x, kMeans(4), { seed: 5, runs: 3, onProgress: (done) => shares.push(done) });
    expect(await stability(x, kMeans(4), { seed: 5, runs: 3 })).toEqual(first);
    expect(shares.at(-1)).toBe(1);
    expect([...shares].sort((a, b) => a - b)).toEqual(shares);
    const reason = new Error('enough');
    const aborted = stability(x, kMeans(4), { signal: AbortSignal.abort(reason) });
    await expect(aborted).rejects.toBe(reason);
  });

  it.each([
    ['runs', { runs: 1 }, 'ERR_OUT_OF_RANGE'],
    ['share', { share: 0.5 }, 'ERR_OUT_OF_RANGE'],
    ['share', { share: 0.504 }, 'ERR_OUT_OF_RANGE'],
    ['seed', { seed: 0.5 }, 'ERR_OUT_OF_RANGE'],
    ['options.stop', { stop: new AbortController().signal } as object, 'ERR_INVALID_ARG_TYPE'],
  ])('refuses a wrong %s', async (argument, options, code) => {
    const error = await rejectionOf(() => stability(numbered, kMeans(2), options));
    expect(error).toMatchObject({ code, message: expect.stringContaining(argument) });
  });

  it('refuses a thing that makes no estimators', async () => {
    const error = await rejectionOf(() => stability(numbered, new KMeans() as never));
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE', message: expect.stringContaining('make') });
  });
});

const indexOf = (a: ReadonlySet<number>, b: ReadonlySet<number>) => {
  const both = [...a].filter((each) => b.has(each)).length;
  return both / (a.size + b.size - both);
};
