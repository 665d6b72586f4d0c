/** Objectives made of others, and objectives by their names. */
import { describe, expect, it } from 'vitest';
import {
  Affinity,
  add,
  chi2,
  fDivergence,
  gemini,
  geminiNames,
  hellinger,
  kl,
  type Mode,
  mi,
  mmd,
  type Objective,
  scale,
  tv,
  wasserstein,
} from '../../src/index.js';
import { expectClose, expectNumber } from '../support/compare.js';
import { modes } from '../support/objectives.js';
import { forAll, fromLogits, make, problems } from '../support/problems.js';

describe('sums and multiples', () => {
  it('are linear, in value and gradient', () => {
    forAll(problems({ n: 12 }), (problem) => {
      const { next, logits, x } = make(problem);
      const [a, b] = [4 * next() - 2, 4 * next() - 2];
      const first = mmd({ mode: 'ovo', affinity: Affinity.kernel(x, { kernel: 'linear' }) });
      const second = kl({ mode: 'ovo' });
      const third = wasserstein({ mode: 'ova', affinity: Affinity.distance(x, { metric: 'euclidean' }) });
      const sum = add(scale(first, a), scale(add(second, scale(third, -1)), b));
      const parts = [first, second, third].map((objective) => objective.valueAndGrad(logits, fromLogits));
      const factors = [a, b, -b];
      const combine = (numbers: number[]) =>
        numbers.reduce((total, each, at) => total + each * (factors[at] as number), 0);
      const actual = sum.valueAndGrad(logits, fromLogits);
      expectNumber(actual.value, combine(parts.map(({ value }) => value)), 1e-13, 'value', 10);
      const gradient = logits.data.map((_, at) => combine(parts.map((part) => part.gradient.data[at] as number)));
      expectClose(actual.gradient.data, gradient, 1e-12, 'gradient', 10);
      expect(sum.value(logits, fromLogits)).toBe(actual.value);
    });
  });

  it('of one objective are that objective', () => {
    const { tau } = make({ n: 7, k: 3, seed: 5 });
    expect(add(tv({ mode: 'ovo' })).value(tau)).toBe(tv({ mode: 'ovo' }).value(tau));
    expect(scale(tv({ mode: 'ovo' }), 0).valueAndGrad(tau)).toMatchObject({ value: 0 });
  });

  it('take the mode of the first', () => {
    const sum = add(kl({ mode: 'ovo' }), tv({ mode: 'ova' }));
    expect(sum.mode).toBe('ovo');
    expect(sum.name).toBe('kl_ovo + tv_ova');
    expect(scale(sum, 2).name).toBe('2 * (kl_ovo + tv_ova)');
  });
});

describe('names', () => {
  it('give the objectives of the Python package', () => {
    const { tau, x } = make({ n: 9, k: 3, seed: 8 });
    const kernel = Affinity.kernel(x, { kernel: 'rbf' });
    const distance = Affinity.distance(x, { metric: 'euclidean' });
    const expected: Record<string, Objective> = { mi: mi() };
    for (const mode of modes) {
      expected[`kl_${mode}`] = kl({ mode });
      expected[`tv_${mode}`] = tv({ mode });
      expected[`hellinger_${mode}`] = hellinger({ mode });
      expected[`chi2_${mode}`] = chi2({ mode, convention: 'half' });
      expected[`mmd_${mode}`] = mmd({ mode, affinity: kernel });
      expected[`wasserstein_${mode}`] = wasserstein({ mode, affinity: distance });
    }
    expect([...geminiNames].sort()).toEqual(Object.keys(expected).sort());
    for (const name of geminiNames) {
      const objective = gemini(name, { affinity: name.startsWith('wasserstein') ? distance : kernel });
      expect(objective.value(tau), name).toBe(expected[name]?.value(tau));
      expect(objective.mode).toBe(expected[name]?.mode);
      expect(objective.name).toBe(name);
    }
  });

  it('of all other objectives are no names of the Python package', () => {
    const { x } = make({ n: 9, k: 3, seed: 8 });
    const kernel = Affinity.kernel(x, { kernel: 'rbf' });
    const affinity = Affinity.distance(x, { metric: 'euclidean' });
    const names = (mode: Mode) => [
      chi2({ mode }).name,
      fDivergence({ mode, f: 'pearson' }).name,
      mmd({ mode, affinity: kernel, squared: true }).name,
      fDivergence({ mode, f: { alpha: 1.5 } }).name,
    ];
    expect(names('ova')).toEqual(['pearson_ova', 'pearson_ova', 'squared-mmd_ova', 'alpha(1.5)_ova']);
    const pairs = [
      [0, 1],
      [1, 2],
    ] as const;
    const sampled = [
      wasserstein({ mode: 'ovo', affinity, pairs: 2 }).name,
      wasserstein({ mode: 'ovo', affinity, pairs }).name,
    ];
    expect(sampled).toEqual(['wasserstein(2 pairs)_ovo', 'wasserstein(0-1 1-2)_ovo']);
    for (const name of [...modes.flatMap(names), ...sampled]) expect(geminiNames).not.toContain(name);
  });
});
