/** A fit that is stopped early keeps the result so far. */
import { describe, expect, it } from 'vitest';
import { Douglas, type Estimator, GaussianMixture, Kauri, KMeans, type Standing } from '../src/index.js';
import { rejectionOf } from './support/compare.js';
import { blobs } from './support/data.js';

const { x } = blobs(1, 3000, 8, 12, 6);
const endless = { restarts: 1e6, maxIterations: 1e6, tolerance: 0 };
const estimators: [name: string, make: () => Estimator][] = [
  ['KMeans', () => new KMeans({ clusters: 12, ...endless })],
  ['GaussianMixture', () => new GaussianMixture({ clusters: 12, ...endless })],
  ['Kauri', () => new Kauri({ maxClusters: 12 })],
  ['Douglas', () => new Douglas({ clusters: 4, objective: 'mmd_ova', epochs: 1e6, features: [0, 1, 2] })],
];

describe.each(estimators)('a fit of %s that is stopped', (_, make) => {
  it('keeps the result so far, and predict gives its labels', async () => {
    const controller = new AbortController();
    let last: Standing | undefined;
    const onProgress = (done: number, standing?: Standing) => {
      last = standing;
      if (done < 1 && standing !== undefined) controller.abort();
    };
    const model = await make().fit(x, { stop: controller.signal, onProgress });
    expect(controller.signal.aborted).toBe(true);
    expect(last?.clusters).toBeGreaterThan(1);
    expect(Number.isFinite(last?.objective)).toBe(true);
    expect(model.predict(x)).toEqual(model.labels);
    expect(new Set(model.labels).size).toBeGreaterThan(1);
  });

  it('has a result even where the signal was aborted before', async () => {
    const model = await make().fit(x, { stop: AbortSignal.abort() });
    expect(model.labels).toHaveLength(3000);
    expect(model.predict(x)).toEqual(model.labels);
  });

  it('refuses another kind of signal', async () => {
    expect(await rejectionOf(() => make().fit(x, { stop: 1 } as never))).toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
      message: expect.stringMatching(/^stop: expected an AbortSignal, received 1/),
    });
  });
});
