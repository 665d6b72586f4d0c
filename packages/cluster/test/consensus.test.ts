/** DISCOTEC against its definition, written naively. */
import fc from 'fast-check';
import { ari } from 'genmi';
import { describe, expect, it } from 'vitest';
import { Random } from '../src/base/random.js';
import { type ConsensusDistance, consensusDistances, rankByConsensus } from '../src/trust/consensus.js';
import { expectClose, thrownBy } from './support/compare.js';

/** The mean over all pairs of D(A_ij || C_ij), between Bernoulli distributions. */
function byDefinition(clusterings: readonly (readonly number[])[], distance: ConsensusDistance): number[] {
  const n = (clusterings[0] as number[]).length;
  const connectivity = clusterings.map((labels) => labels.map((a) => labels.map((b) => (a === b ? 1 : 0) as number)));
  const entry = (t: number, i: number, j: number) => connectivity[t]?.[i]?.[j] as number;
  const divergence = {
    kl: (a: number, c: number) => -Math.log(1 - c + a * (2 * c - 1)),
    hellinger: (a: number, c: number) =>
      ((Math.sqrt(a) - Math.sqrt(c)) ** 2 + (Math.sqrt(1 - a) - Math.sqrt(1 - c)) ** 2) / 2,
    'total-variation': (a: number, c: number) => Math.abs(a - c),
  }[distance];
  return clusterings.map((_, t) => {
    let sum = 0;
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        const c = clusterings.reduce((total, _, s) => total + entry(s, i, j), 0) / clusterings.length;
        sum += divergence(entry(t, i, j), c);
      }
    return sum / n ** 2;
  });
}

const ensemble = fc
  .tuple(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 2, max: 12 }))
  .chain(([t, n]) => fc.array(fc.array(fc.nat(3), { minLength: n, maxLength: n }), { minLength: t, maxLength: t }));

describe('the ranking by consensus', () => {
  it.each(consensusDistances)('has the scores of its definition: %s', (distance) => {
    fc.assert(
      fc.property(ensemble, (clusterings) => {
        const { scores, order } = rankByConsensus(clusterings, { distance });
        const expected = byDefinition(clusterings, distance);
        for (const [t, score] of scores.entries()) expect(score).toBeCloseTo(expected[t] as number, 12);
        for (let r = 1; r < order.length; r++) {
          expect(scores[order[r] as number]).toBeGreaterThanOrEqual(scores[order[r - 1] as number] as number);
        }
        expect([...order].sort((a, b) => a - b)).toEqual(clusterings.map((_, t) => t));
      }),
    );
  });

  it('has a value by hand', () => {
    // Pairs {0, 1} are together in both clusterings, {0, 2} and {1, 2} in the second only: C = 1/2 there.
    const clusterings = [
      [0, 0, 1],
      [0, 0, 0],
    ];
    const scores = (distance: ConsensusDistance) => [...rankByConsensus(clusterings, { distance }).scores];
    expectClose(scores('total-variation'), [2 / 9, 2 / 9], 1e-14);
    expectClose(scores('kl'), [(4 / 9) * Math.log(2), (4 / 9) * Math.log(2)], 1e-14);
    expectClose(scores('hellinger'), [(4 / 9) * (1 - Math.SQRT1_2), (4 / 9) * (1 - Math.SQRT1_2)], 1e-14);
  });

  it('does not depend on names, on the order of samples, and not on that of clusterings', () => {
    fc.assert(
      fc.property(ensemble, (clusterings) => {
        const { scores } = rankByConsensus(clusterings);
        const renamed = rankByConsensus(clusterings.map((labels) => Uint8Array.from(labels, (k) => 9 - 2 * k)));
        expectClose(renamed.scores, scores, 1e-12);
        expectClose(rankByConsensus(clusterings.map((labels) => labels.toReversed())).scores, scores, 1e-12);
        expectClose(rankByConsensus(clusterings.toReversed()).scores, scores.toReversed(), 1e-12);
      }),
    );
  });

  it('is 0 for equal clusterings, and ranks the ones that agree with most first', () => {
    const random = new Random(4);
    const truth = Array.from({ length: 300 }, (_, i) => i % 5);
    const same = rankByConsensus([truth, truth, truth]);
    expect([...same.scores]).toEqual([0, 0, 0]);
    expect(same.order).toEqual([0, 1, 2]);
    const noisy = (share: number) => truth.map((k) => (random.uniform() < share ? random.below(5) : k));
    const clusterings = [0.5, 0.05, 0.3, 0.2, 0.02, 0.4, 0.1].map(noisy);
    for (const distance of consensusDistances) {
      const { order } = rankByConsensus(clusterings, { distance });
      const agreement = order.map((t) => ari(truth, clusterings[t] as number[]));
      expect(agreement).toEqual([...agreement].sort((a, b) => b - a));
    }
    const all = rankByConsensus(clusterings);
    const sampled = rankByConsensus(clusterings, { sampleSize: 150, seed: 3 });
    expect(sampled.scores).not.toEqual(all.scores);
    expect(rankByConsensus(clusterings, { sampleSize: 150, seed: 3 })).toEqual(sampled);
    expectClose(sampled.scores, all.scores, 0.15);
    expect(rankByConsensus(clusterings, { sampleSize: 300 })).toEqual(all);
  });

  it.each<[string, () => unknown, string, RegExp]>([
    ['a single clustering', () => rankByConsensus([[0, 1]]), 'ERR_OUT_OF_RANGE', /^clusterings: expected at least two/],
    ['no clusterings', () => rankByConsensus('ab' as never), 'ERR_INVALID_ARG_TYPE', /^clusterings/],
    ['no labels', () => rankByConsensus([[], []]), 'ERR_OUT_OF_RANGE', /^clusterings\[0\]/],
    [
      'lengths that differ',
      () => rankByConsensus([[0, 1], [0]]),
      'ERR_OUT_OF_RANGE',
      /^clusterings\[1\]: expected 2 labels/,
    ],
    [
      'a negative label',
      () =>
        rankByConsensus([
          [0, 1],
          [0, -1],
        ]),
      'ERR_OUT_OF_RANGE',
      /^clusterings\[1\]\[1\]/,
    ],
    [
      'an unknown distance',
      () => rankByConsensus([[0], [0]], { distance: 'tv' as never }),
      'ERR_OUT_OF_RANGE',
      /'total-variation'/,
    ],
    [
      'too large a sample',
      () =>
        rankByConsensus(
          [
            [0, 1],
            [0, 1],
          ],
          { sampleSize: 3 },
        ),
      'ERR_OUT_OF_RANGE',
      /^sampleSize/,
    ],
  ])('refuses %s', (_, call, code, message) => {
    expect(thrownBy(call)).toMatchObject({ code, message: expect.stringMatching(message) });
  });
});
