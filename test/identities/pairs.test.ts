/** Wasserstein on some pairs of clusters. */
import { describe, expect, it } from 'vitest';
import { Affinity, wasserstein } from '../../src/index.js';
import { expectClose, expectNumber } from '../support/compare.js';
import { make } from '../support/problems.js';

describe('randomly sampled pairs', () => {
  const k = 5;
  const { tau, x } = make({ n: 8, k, seed: 21 });
  const affinity = Affinity.distance(x, { metric: 'euclidean' });
  const all = Array.from({ length: k }, (_, a) =>
    Array.from({ length: a }, (_, b) => [b, a] as [number, number]),
  ).flat();
  const exact = wasserstein({ mode: 'ovo', affinity }).valueAndGrad(tau);

  it('are unbiased: the mean over all choices of two pairs is the whole', () => {
    const choices = all.flatMap((first, i) => all.slice(0, i).map((second) => [first, second]));
    const parts = choices.map((pairs) => wasserstein({ mode: 'ovo', affinity, pairs }).valueAndGrad(tau));
    const mean = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0) / parts.length;
    expectNumber(mean(parts.map(({ value }) => value)), exact.value, 1e-13);
    const gradient = tau.data.map((_, at) => mean(parts.map((part) => part.gradient.data[at] as number)));
    expectClose(gradient, exact.gradient.data, 1e-12);
  });

  it('are drawn without bias: the mean over many calls comes near the whole', () => {
    const sampled = wasserstein({ mode: 'ovo', affinity, pairs: 3, seed: 7 });
    const values = Array.from({ length: 3000 }, () => sampled.value(tau));
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    expect(deviation).toBeGreaterThan(0.01 * exact.value);
    expect(Math.abs(mean - exact.value)).toBeLessThan((5 * deviation) / Math.sqrt(values.length));
  });

  it('follow the seed: the same sequence again, another for another seed', () => {
    const sequence = (seed: number) => {
      const sampled = wasserstein({ mode: 'ovo', affinity, pairs: 2, seed });
      return Array.from({ length: 8 }, () => sampled.value(tau));
    };
    expect(sequence(1)).toEqual(sequence(1));
    expect(sequence(1)).not.toEqual(sequence(2));
    expect(new Set(sequence(1)).size, 'different pairs at each call').toBeGreaterThan(2);
  });

  it('are all pairs when that many are asked for', () => {
    for (const pairs of [10, 11, 1000]) {
      expect(wasserstein({ mode: 'ovo', affinity, pairs }).value(tau)).toBe(exact.value);
    }
  });

  it('are in either order the same pair', () => {
    const ordered = wasserstein({ mode: 'ovo', affinity, pairs: [[1, 3]] }).value(tau);
    expect(wasserstein({ mode: 'ovo', affinity, pairs: [[3, 1]] }).value(tau)).toBe(ordered);
  });
});
