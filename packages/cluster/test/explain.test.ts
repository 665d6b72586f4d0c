/** The tree that explains a clustering. */
import { describe, expect, it } from 'vitest';
import { GaussianMixture } from '../src/index.js';
import { explain } from '../src/trust/index.js';
import { rejectionOf } from './support/compare.js';
import { blobs } from './support/data.js';

/** Samples on a grid, in clusters 5, 7 and 2 by two rules. */
const grid = Array.from({ length: 100 }, (_, i) => [i % 10, Math.floor(i / 10)] as [number, number]);
const labels = grid.map(([x, y]) => (x <= 3 ? 5 : y <= 6 ? 7 : 2));

describe('an explanation', () => {
  it('finds the rules that made the clusters', async () => {
    const { agreement, rules } = await explain(grid, labels);
    expect(agreement).toBe(1);
    expect(rules(['x', 'y'])).toBe(
      [
        'x <= 3',
        '  cluster 5 (40 samples)',
        'x > 3',
        '  y <= 6',
        '    cluster 7 (42 samples)',
        '  y > 6',
        '    cluster 2 (18 samples)',
      ].join('\n'),
    );
  });

  it('says how much of the clusters it tells, with few leaves and from a sample', async () => {
    // Two leaves: cluster 2 counts as 7.
    const small = await explain(grid, labels, { maxLeaves: 2 });
    expect(small.agreement).toBeCloseTo(0.82, 12);
    const { x } = blobs(2, 3000, 5, 4, 0.5);
    const found = await new GaussianMixture({ clusters: 4 }).fitPredict(x);
    const large = await explain(x, found, { sampleSize: 300 });
    expect(large.tree[0]?.samples).toBe(300);
    expect(large.agreement).toBeGreaterThan(0.97);
  });

  it('of one cluster is a leaf', async () => {
    const { agreement, rules } = await explain(grid, new Int32Array(100).fill(3));
    expect({ agreement, rules: rules() }).toEqual({ agreement: 1, rules: 'cluster 3 (100 samples)' });
  });

  it('refuses what it cannot explain', async () => {
    expect(await rejectionOf(() => explain(grid, [0, 1]))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    expect(await rejectionOf(() => explain(grid, labels, { maxLeaves: 1 }))).toMatchObject({
      message: expect.stringMatching(/^maxLeaves: expected an integer >= 2/),
    });
    const signal = AbortSignal.abort(new Error('no'));
    expect(await rejectionOf(() => explain(grid, labels, { signal }))).toBe(signal.reason);
  });
});
