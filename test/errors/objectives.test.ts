/** Wrong options and parts of objectives, and the errors they give. */
import { describe, expect, it } from 'vitest';
import {
  Affinity,
  add,
  chi2,
  energy,
  entropy,
  fDivergence,
  GenmiError,
  gemini,
  hellinger,
  kl,
  mmd,
  type Objective,
  pairConstraints,
  scale,
  TransportSolver,
  tv,
  wasserstein,
} from '../../src/index.js';
import { type ExpectedError, expectError, rejectionOf, thrownBy } from '../support/errors.js';
import { gaussian, random } from '../support/random.js';
import { distance, kernel, type Loose, n, objectives, range, tau, type, x } from '../support/wrong-inputs.js';

const next = random(15);

describe('objectives', () => {
  const loose = {
    kl,
    tv,
    hellinger,
    chi2,
    fDivergence,
    mmd,
    energy,
    wasserstein,
    entropy,
    pairConstraints,
    gemini,
    add,
    scale,
  } as Loose;

  it.each(['kl', 'tv', 'hellinger', 'chi2', 'fDivergence', 'mmd', 'energy', 'wasserstein'])(
    '%s without a mode, or with another',
    (name) => {
      const rest =
        {
          fDivergence: { f: 'kl' },
          mmd: { affinity: kernel },
          energy: { affinity: distance },
          wasserstein: { affinity: distance },
        }[name] ?? {};
      expectError(
        thrownBy(() => loose[name](undefined)),
        { code: type, argument: 'options', expected: 'an object', received: 'undefined' },
      );
      expectError(
        thrownBy(() => loose[name](rest)),
        { code: type, argument: 'mode', expected: "'ova', 'ovo'", received: 'undefined' },
      );
      expectError(
        thrownBy(() => loose[name]({ ...rest, mode: 'one' })),
        { code: range, argument: 'mode', expected: "'ova', 'ovo'", received: "'one'" },
      );
      expectError(
        thrownBy(() => loose[name]({ ...rest, mode: 'ova', speed: 1 })),
        { code: type, argument: 'options.speed', received: "'speed'" },
      );
    },
  );

  const disposed = () => {
    const affinity = Affinity.kernel(x, { kernel: 'rbf' });
    affinity.dispose();
    return affinity;
  };

  it.each<[string, () => unknown, ExpectedError]>([
    [
      'a distance for mmd',
      () => mmd({ mode: 'ova', affinity: distance }),
      { code: type, argument: 'affinity', expected: 'a kernel', received: 'a distance' },
    ],
    [
      'a kernel for wasserstein',
      () => wasserstein({ mode: 'ova', affinity: kernel }),
      { code: type, argument: 'affinity', expected: 'a distance', received: 'a kernel' },
    ],
    [
      'no affinity for mmd',
      () => loose.mmd({ mode: 'ova' }),
      { code: type, argument: 'affinity', expected: 'an Affinity', received: 'undefined' },
    ],
    [
      'a matrix for wasserstein',
      () => loose.wasserstein({ mode: 'ova', affinity: x }),
      { code: type, argument: 'affinity', expected: 'an Affinity', received: 'an object with keys data, shape' },
    ],
    [
      'a forged affinity',
      () => loose.mmd({ mode: 'ova', affinity: Object.create(Affinity.prototype) }),
      { code: type, argument: 'affinity', expected: 'an Affinity' },
    ],
    [
      'squared that is no boolean',
      () => loose.mmd({ mode: 'ova', affinity: kernel, squared: 1 }),
      { code: type, argument: 'squared', expected: 'a boolean', received: '1' },
    ],
    [
      'another convention',
      () => loose.chi2({ mode: 'ova', convention: 'gemclus' }),
      { code: range, argument: 'convention', expected: "'pearson', 'half'", received: "'gemclus'" },
    ],
    ['no divergence', () => loose.fDivergence({ mode: 'ova' }), { code: type, argument: 'f', received: 'undefined' }],
    [
      'an unknown divergence',
      () => loose.fDivergence({ mode: 'ova', f: 'wasserstein' }),
      { code: range, argument: 'f', expected: "'kl'", received: "'wasserstein'" },
    ],
    [
      'an alpha that is none',
      () => loose.fDivergence({ mode: 'ova', f: { alpha: '2' } }),
      { code: type, argument: 'f.alpha', received: "'2'" },
    ],
    [
      'alpha NaN',
      () => fDivergence({ mode: 'ova', f: { alpha: Number.NaN } }),
      { code: range, argument: 'f.alpha', received: 'NaN' },
    ],
    [
      'something beside alpha',
      () => loose.fDivergence({ mode: 'ova', f: { alpha: 2, beta: 1 } }),
      { code: type, argument: 'f.beta', received: "'beta'" },
    ],
    [
      'pairs one-vs-all',
      () => wasserstein({ mode: 'ova', affinity: distance, pairs: 2 }),
      { code: range, argument: 'pairs', expected: "'ovo'", received: "'ova'" },
    ],
    [
      'no pairs',
      () => wasserstein({ mode: 'ovo', affinity: distance, pairs: 0 }),
      { code: range, argument: 'pairs', expected: 'an integer', received: '0' },
    ],
    [
      'an empty list of pairs',
      () => wasserstein({ mode: 'ovo', affinity: distance, pairs: [] }),
      { code: type, argument: 'pairs', received: 'an array of length 0' },
    ],
    [
      'pairs of three',
      () => loose.wasserstein({ mode: 'ovo', affinity: distance, pairs: [[0, 1, 2]] }),
      { code: type, argument: 'pairs[0]', expected: 'two clusters', received: 'an array of length 3' },
    ],
    [
      'a negative cluster',
      () =>
        wasserstein({
          mode: 'ovo',
          affinity: distance,
          pairs: [
            [0, 1],
            [0, -1],
          ],
        }),
      { code: range, argument: 'pairs[1]', received: '-1' },
    ],
    [
      'a cluster beyond the last',
      () => wasserstein({ mode: 'ovo', affinity: distance, pairs: [[0, 3]] }).value(tau),
      { code: range, argument: 'pairs', expected: 'below 3', received: '[0, 3]' },
    ],
    [
      'a cluster with itself',
      () => wasserstein({ mode: 'ovo', affinity: distance, pairs: [[1, 1]] }).value(tau),
      { code: range, argument: 'pairs', expected: 'different', received: '[1, 1]' },
    ],
    [
      'a pair twice',
      () =>
        wasserstein({
          mode: 'ovo',
          affinity: distance,
          pairs: [
            [0, 1],
            [1, 0],
          ],
        }).value(tau),
      { code: range, argument: 'pairs', expected: 'distinct', received: '[1, 0]' },
    ],
    [
      'a seed that is none',
      () => loose.wasserstein({ mode: 'ovo', affinity: distance, seed: 'a' }),
      { code: type, argument: 'seed', received: "'a'" },
    ],
    [
      'a warm start that is none',
      () => loose.wasserstein({ mode: 'ovo', affinity: distance, warmStart: 1 }),
      { code: type, argument: 'warmStart', expected: 'a boolean', received: '1' },
    ],
    [
      'no entropy',
      () => loose.entropy({}),
      { code: type, argument: 'of', expected: "'proportions', 'predictions'", received: 'undefined' },
    ],
    [
      'must-link pairs that are no list',
      () => loose.pairConstraints({ mustLink: 3 }),
      { code: type, argument: 'mustLink', expected: 'a list of pairs', received: '3' },
    ],
    [
      'a pair of three',
      () =>
        loose.pairConstraints({
          cannotLink: [
            [0, 1],
            [0, 1, 2],
          ],
        }),
      { code: type, argument: 'cannotLink[1]', expected: 'two row numbers', received: 'an array of length 3' },
    ],
    [
      'a row number that is none',
      () => loose.pairConstraints({ mustLink: [[0, 1.5]] }),
      { code: range, argument: 'mustLink[0]', expected: 'an integer', received: '1.5' },
    ],
    [
      'a negative row number',
      () => loose.pairConstraints({ mustLink: [[-1, 1]] }),
      { code: range, argument: 'mustLink[0]', received: '-1' },
    ],
    [
      'a pair of one sample',
      () => loose.pairConstraints({ mustLink: [[4, 4]] }),
      { code: range, argument: 'mustLink[0]', expected: 'two different samples', received: '[4, 4]' },
    ],
    [
      'a factor of 0',
      () => loose.pairConstraints({ mustLink: [[4, 5]], factor: 0 }),
      { code: range, argument: 'factor', expected: 'a finite number > 0', received: '0' },
    ],
    [
      'a contradiction over two steps',
      () =>
        loose.pairConstraints({
          mustLink: [
            [10, 11],
            [11, 12],
          ],
          cannotLink: [
            [0, 2],
            [10, 12],
          ],
        }),
      { code: range, argument: 'cannotLink[1]', expected: 'mustLink does not join', received: '[10, 12]' },
    ],
    [
      'pairs beyond the affinity',
      () => add(mmd({ mode: 'ova', affinity: kernel }), pairConstraints({ mustLink: [[0, n]] })),
      { code: range, argument: 'objectives', expected: `the affinity's ${n} samples`, received: `sample ${n}` },
    ],
    [
      'pairs beyond the predictions',
      () => pairConstraints({ mustLink: [[0, n]] }).value(tau),
      { code: range, argument: 'predictions', expected: `at least ${n + 1} rows`, received: `${n}` },
    ],
    ['another entropy', () => loose.entropy({ of: 'tau' }), { code: range, argument: 'of', received: "'tau'" }],
    [
      'an unknown name',
      () => loose.gemini('wasserstein_ovx'),
      { code: range, argument: 'name', expected: 'wasserstein_ovo', received: "'wasserstein_ovx'" },
    ],
    ['a name of no text', () => loose.gemini(3), { code: type, argument: 'name', received: '3' }],
    [
      'a name without its affinity',
      () => gemini('mmd_ova'),
      { code: type, argument: 'affinity', expected: 'an Affinity', received: 'undefined' },
    ],
    [
      'a name with the wrong affinity',
      () => gemini('wasserstein_ova', { affinity: kernel }),
      { code: type, argument: 'affinity', expected: 'a distance', received: 'a kernel' },
    ],
    [
      'a sum of nothing',
      () => add(),
      { code: range, argument: 'objectives', expected: 'at least one', received: 'none' },
    ],
    [
      'a sum with a number',
      () => loose.add(kl({ mode: 'ova' }), 3),
      { code: type, argument: 'objectives[1]', expected: 'an objective made by genmi', received: '3' },
    ],
    [
      'a multiple of nothing',
      () => loose.scale(undefined, 3),
      { code: type, argument: 'objective', expected: 'an objective made by genmi', received: 'undefined' },
    ],
    [
      'a factor that is none',
      () => loose.scale(kl({ mode: 'ova' }), '2'),
      { code: type, argument: 'factor', expected: 'a number', received: "'2'" },
    ],
    [
      'a factor without end',
      () => scale(kl({ mode: 'ova' }), Number.POSITIVE_INFINITY),
      { code: range, argument: 'factor', received: 'Infinity' },
    ],
    [
      'the affinity gradient of one without',
      () => loose.kl({ mode: 'ova' }).affinityGrad(tau),
      { code: type, argument: 'objective', expected: 'an affinity', received: 'without' },
    ],
    [
      'a disposed affinity',
      () => mmd({ mode: 'ova', affinity: disposed() }).value(tau),
      { code: 'ERR_DISPOSED', argument: 'affinity', received: 'disposed' },
    ],
    [
      'a solver over a disposed affinity',
      () => {
        const affinity = Affinity.distance(x, { metric: 'euclidean' });
        affinity.dispose();
        return new TransportSolver(affinity);
      },
      { code: 'ERR_DISPOSED', argument: 'affinity', received: 'disposed' },
    ],
    [
      'a disposed solver',
      () => {
        const solver = new TransportSolver(Affinity.distance(x, { metric: 'euclidean' }));
        solver.dispose();
        solver.dispose();
        return solver.solve(new Float64Array(8).fill(1), new Float64Array(8).fill(1));
      },
      { code: 'ERR_DISPOSED', argument: 'solver', received: 'disposed' },
    ],
    [
      'a solver whose affinity is disposed of',
      () => {
        const affinity = Affinity.distance(x, { metric: 'euclidean' });
        const solver = new TransportSolver(affinity);
        affinity.dispose();
        return solver.solve(new Float64Array(n).fill(1), new Float64Array(n).fill(1));
      },
      { code: 'ERR_DISPOSED', argument: 'affinity', received: 'disposed' },
    ],
  ])('%s', (_what, call, error) => expectError(thrownBy(call), error));

  it('a disposed affinity, in an asynchronous call', async () => {
    const affinity = Affinity.distance(x, { metric: 'euclidean' });
    const objective = wasserstein({ mode: 'ova', affinity });
    affinity.dispose();
    const error = { code: 'ERR_DISPOSED', argument: 'affinity', received: 'disposed' };
    expectError(await rejectionOf(() => objective.valueAsync(tau)), error);
    expect(await rejectionOf(() => objective.valueAsync(tau))).toBeInstanceOf(GenmiError);
  });

  it('do not include objects of other classes', () => {
    const impostor = { ...kl({ mode: 'ova' }), value: () => 1 };
    expectError(
      thrownBy(() => add(impostor as Loose)),
      { code: type, argument: 'objectives[0]', expected: 'an objective made by genmi' },
    );
    expectError(
      thrownBy(() => scale(impostor as Loose, 2)),
      { code: type, argument: 'objective', expected: 'an objective made by genmi' },
    );
  });
});

it('a sum over affinities of different samples', () => {
  const larger = mmd({ mode: 'ova', affinity: Affinity.kernel(gaussian(next, n + 1, 2), { kernel: 'rbf' }) });
  for (const terms of [
    [objectives.mmd, larger],
    [larger, objectives.kl, objectives.sum],
  ]) {
    expectError(
      thrownBy(() => add(...(terms as Objective[]))),
      { code: range, argument: 'objectives', expected: 'the same samples', received: 'different sizes' },
    );
  }
});

describe('a message states the range as it is', () => {
  it.each<[string, () => unknown, ExpectedError]>([
    [
      'without an upper end',
      () => objectives.kl?.estimate(Number.POSITIVE_INFINITY, 2),
      { code: range, argument: 'n', expected: 'an integer >= 1, received', received: 'Infinity' },
    ],
    [
      'without ends',
      () => scale(kl({ mode: 'ova' }), Number.NaN),
      { code: range, argument: 'factor', expected: 'a finite number, received', received: 'NaN' },
    ],
    [
      'with both',
      () => Affinity.hops(x, { quantile: 2 }),
      { code: range, argument: 'quantile', expected: 'a finite number in [0, 1]', received: '2' },
    ],
  ])('%s', (_what, call, error) => expectError(thrownBy(call), error));
});
