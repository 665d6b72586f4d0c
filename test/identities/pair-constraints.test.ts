/** Pair constraints by their definition (gemclus 1.1.1, add_mlcl_constraint), alone and as a term. */
import { describe, expect, it } from 'vitest';
import { add, kl, type Matrix, pairConstraints, type Pairs, scale } from '../../src/index.js';
import { expectClose, expectNumber } from '../support/compare.js';
import { gaussian, random, softmax } from '../support/random.js';

const next = random(81);

/** factor / 2 (sum_cannot |tau_i - tau_j|^2 - sum_must |tau_i - tau_j|^2), and its gradient; pairs of row numbers. */
function byDefinition(tau: Matrix, rows: readonly number[], mustLink: Pairs, cannotLink: Pairs, factor: number) {
  const [n, k] = tau.shape;
  const gradient = new Float64Array(n * k);
  let value = 0;
  const signed = [
    ...mustLink.map((pair) => [pair, -factor] as const),
    ...cannotLink.map((pair) => [pair, factor] as const),
  ];
  for (const [[a, b], weight] of signed)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        if (rows[i] !== a || rows[j] !== b) continue;
        for (let c = 0; c < k; c++) {
          const difference = (tau.data[i * k + c] as number) - (tau.data[j * k + c] as number);
          value += (weight / 2) * difference ** 2;
          gradient[i * k + c] = (gradient[i * k + c] as number) + weight * difference;
          gradient[j * k + c] = (gradient[j * k + c] as number) - weight * difference;
        }
      }
  return { value, gradient };
}

const randomPairs = (count: number, from: number, to: number): [number, number][] =>
  Array.from({ length: count }, () => {
    const a = from + Math.floor((to - from) * next());
    const b = from + Math.floor((to - from - 1) * next());
    return [a, b < a ? b : b + 1];
  });

describe('pairConstraints', () => {
  it('is what its definition says, for all samples and for batches', () => {
    for (let round = 0; round < 30; round++) {
      const [n, k, size] = [2 + Math.floor(40 * next()), 1 + Math.floor(8 * next()), 60];
      // Samples up to 29 are joined, pairs from 30 on are parted: no contradictions. A pair may come twice.
      const mustLink = randomPairs(25, 0, 30);
      const cannotLink = randomPairs(25, 30, size);
      const factor = 0.1 + next();
      const objective = pairConstraints({ mustLink, cannotLink, factor });
      // A batch may hold a sample twice.
      const rows = Array.from({ length: n }, () => Math.floor(size * next()));
      const tau = softmax(gaussian(next, n, k));
      const expected = byDefinition(tau, rows, mustLink, cannotLink, factor);
      const { value, gradient } = objective.valueAndGrad(tau, { rows });
      expectNumber(value, expected.value, 1e-13, 'value', 10);
      expectClose(gradient.data, expected.gradient, 1e-13, 'gradient', 10);

      const all = softmax(gaussian(next, size, k));
      const order = Array.from({ length: size }, (_, i) => i);
      const ofAll = byDefinition(all, order, mustLink, cannotLink, factor);
      const whole = objective.valueAndGrad(all);
      expectNumber(whole.value, ofAll.value, 1e-13, 'value', 10);
      expectClose(whole.gradient.data, ofAll.gradient, 1e-13, 'gradient', 10);
    }
  });

  it('adds to any objective', () => {
    const tau = softmax(gaussian(next, 6, 3));
    const rows = [9, 4, 2, 0, 7, 8];
    const pairs = {
      mustLink: [[0, 9]],
      cannotLink: [
        [4, 8],
        [1, 2],
      ],
    } as const;
    const [first, second] = [kl({ mode: 'ova' }), pairConstraints(pairs)];
    const sum = add(first, scale(second, 3)).valueAndGrad(tau, { rows });
    const [a, b] = [first.valueAndGrad(tau), second.valueAndGrad(tau, { rows })];
    expectNumber(sum.value, a.value + 3 * b.value, 1e-14);
    expectClose(
      sum.gradient.data,
      a.gradient.data.map((g, at) => g + 3 * (b.gradient.data[at] as number)),
      1e-13,
    );
  });

  it('takes real row numbers for contradictions: gemclus compares compacted ones', () => {
    const chain: Pairs = [
      [10, 11],
      [11, 12],
    ];
    expect(() => pairConstraints({ mustLink: chain, cannotLink: [[0, 2]] })).not.toThrow();
    expect(() => pairConstraints({ mustLink: chain, cannotLink: [[12, 10]] })).toThrow('cannotLink[0]');
  });

  it('is 0 without pairs, and for a batch that holds none', () => {
    const tau = softmax(gaussian(next, 3, 2));
    expect(pairConstraints({}).value(tau)).toBe(0);
    const { value, gradient } = pairConstraints({ mustLink: [[0, 5]] }).valueAndGrad(tau, { rows: [1, 2, 0] });
    expect(value).toBeCloseTo(0, 15);
    expect(Math.max(...Array.from(gradient.data, Math.abs))).toBe(0);
  });
});
