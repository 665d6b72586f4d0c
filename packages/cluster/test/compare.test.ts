/** The comparison of estimators, with and without known classes. */
import { ari } from 'genmi';
import { describe, expect, it } from 'vitest';
import { GaussianMixture, KMeans } from '../src/estimators/index.js';
import { silhouette } from '../src/metrics/index.js';
import { type Candidate, compare, rankByConsensus } from '../src/trust/index.js';
import { rejectionOf } from './support/compare.js';
import { blobs } from './support/data.js';

const { x, classes } = blobs(7, 240, 3, 3, 0.4);
/** Clusters that do not look at the data. */
const fixed = (name: string, clusterOf: (i: number) => number): Candidate => ({
  name,
  estimator: { fitPredict: async () => Int32Array.from({ length: 240 }, (_, i) => clusterOf(i)) },
});
const candidates = (): Candidate[] => [
  fixed('by turns', (i) => i % 3),
  { name: 'k-means', estimator: new KMeans({ clusters: 3 }) },
  { name: 'mixture', estimator: new GaussianMixture({ clusters: 3 }) },
  fixed('one', () => 0),
];

describe('compare', () => {
  it('puts those first that agree with others, whatever the labels', async () => {
    const compared = await compare(x, candidates(), { labels: classes });
    expect(compared.map(({ name }) => name).slice(0, 2)).toEqual(['k-means', 'mixture']);
    expect(compared[0]?.agreement?.ari).toBe(1);
    expect(compared[0]?.agreement?.accuracy).toBe(1);
    const shuffled = classes.map((_, i) => i % 2);
    const others = await compare(x, candidates(), { labels: shuffled });
    expect(others.map(({ name }) => name)).toEqual(compared.map(({ name }) => name));
  });

  it('has the numbers of its parts', async () => {
    const compared = await compare(x, candidates());
    const inOrder = candidates().map(({ name }) => compared.find((each) => each.name === name));
    const { scores } = rankByConsensus(inOrder.map((each) => each?.labels ?? []));
    for (const [c, each] of inOrder.entries()) {
      expect(each?.consensus).toBe(scores[c]);
      expect(each?.agreement).toBeUndefined();
      expect(each?.seconds).toBeGreaterThanOrEqual(0);
    }
    const [turns, kMeans, , one] = inOrder;
    expect(kMeans?.silhouette).toBe(silhouette(x, kMeans?.labels ?? []));
    expect(turns?.silhouette).toBeLessThan(0.05);
    expect(one).toMatchObject({ clusters: 1 });
    expect(one?.silhouette).toBeUndefined();
  });

  it('judges a sample of many, and may see one cluster there', async () => {
    const rare = fixed('rare', (i) => (i === 0 ? 1 : 0));
    const compared = await compare(x, [rare, ...candidates()], { sampleSize: 20, seed: 1 });
    expect(compared.find(({ name }) => name === 'rare')).toMatchObject({ clusters: 2 });
    expect(compared.find(({ name }) => name === 'rare')?.silhouette).toBeUndefined();
    const first = compared.find(({ name }) => name === 'k-means');
    expect(ari(classes, first?.labels ?? [])).toBe(1); // the fit is of all samples
    expect(first?.silhouette).not.toBe(silhouette(x, first?.labels ?? []));
  });

  it('reports progress and can be aborted', async () => {
    const shares: number[] = [];
    await compare(x, candidates(), { onProgress: (done) => shares.push(done) });
    expect(shares.at(-1)).toBe(1);
    const reason = new Error('enough');
    await expect(compare(x, candidates(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it.each([
    ['candidates', () => compare(x, candidates().slice(0, 1)), 'ERR_OUT_OF_RANGE'],
    ['candidates', () => compare(x, {} as never), 'ERR_INVALID_ARG_TYPE'],
    ['candidates[1].name', () => compare(x, [fixed('a', () => 0), fixed('a', () => 0)]), 'ERR_OUT_OF_RANGE'],
    ['candidates[0].estimator', () => compare(x, [{ name: 'a' } as never, ...candidates()]), 'ERR_INVALID_ARG_TYPE'],
    ['labels', () => compare(x, candidates(), { labels: [0, 1] }), 'ERR_OUT_OF_RANGE'],
    ['sampleSize', () => compare(x, candidates(), { sampleSize: 2 }), 'ERR_OUT_OF_RANGE'],
  ])('refuses wrong %s', async (argument, call, code) => {
    const error = await rejectionOf(call);
    expect(error).toMatchObject({ code, message: expect.stringContaining(argument) });
  });
});
