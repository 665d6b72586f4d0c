/** Two copies of the JavaScript over one addon, `src/` and `dist/`: each throws errors of its own class. */
import { describe, expect, it } from 'vitest';
import * as source from '../../src/index.js';
import { entry } from '../support/dist.js';
import { rejectionOf, thrownBy } from '../support/errors.js';

const built: typeof source = await import(/* @vite-ignore */ entry.href);
const x = [[0], [1], [3]];

describe.each([
  ['the copy that was loaded first', source, built],
  ['the copy that was loaded last', built, source],
])('%s', (_, own, other) => {
  const disposed = () => {
    const affinity = own.Affinity.distance(x, { metric: 'euclidean' });
    const objective = own.wasserstein({ mode: 'ova', affinity });
    affinity.dispose();
    return { affinity, objective };
  };

  it('has another class than the other', () => {
    expect(own.GenmiError).not.toBe(other.GenmiError);
    expect(own.info().binary).toBe(other.info().binary);
  });

  it.each<[string, (from: ReturnType<typeof disposed>) => unknown]>([
    ['a function of the addon', ({ affinity }) => own.Affinity.hops(affinity, { neighbors: 1 })],
    ['a method', ({ affinity }) => affinity.toMatrix()],
    [
      'an objective',
      ({ objective }) =>
        objective.value([
          [0.5, 0.5],
          [0.1, 0.9],
          [0.3, 0.7],
        ]),
    ],
    ['a constructor', ({ affinity }) => new own.TransportSolver(affinity)],
  ])('makes the error of %s', (_what, call) => {
    const error = thrownBy(() => call(disposed()));
    expect(error).toMatchObject({ code: 'ERR_DISPOSED' });
    expect(error).toBeInstanceOf(own.GenmiError);
  });

  it('makes the error of an asynchronous call, also while the other calls', async () => {
    const { objective } = disposed();
    const tau = [
      [0.5, 0.5],
      [0.1, 0.9],
      [0.3, 0.7],
    ];
    const rejected = rejectionOf(() => objective.valueAsync(tau));
    const elsewhere = rejectionOf(
      () => other.emd([1], [1], [[0]]) && Promise.reject(new other.GenmiError('ERR_DISPOSED', '')),
    );
    expect(await rejected).toBeInstanceOf(own.GenmiError);
    expect(await elsewhere).toBeInstanceOf(other.GenmiError);
  });
});
