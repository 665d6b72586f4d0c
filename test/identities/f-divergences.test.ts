/** Identities and bounds of the f-divergences. */
import { describe, expect, it } from 'vitest';
import {
  add,
  chi2,
  entropy,
  type FDivergenceName,
  fDivergence,
  hellinger,
  kl,
  type Mode,
  mi,
  scale,
  tv,
} from '../../src/index.js';
import { expectNumber } from '../support/compare.js';
import { selectColumns } from '../support/matrices.js';
import { fDivergences, modes } from '../support/objectives.js';
import { expectSame, forAll, make, problems } from '../support/problems.js';
import { oneHot } from '../support/random.js';

const f = (name: FDivergenceName | number, mode: Mode) =>
  fDivergence({ mode, f: typeof name === 'number' ? { alpha: name } : name });

describe('f-divergences (gemini.md 3)', () => {
  it('one-vs-one, Kullback-Leibler is its reverse, Jeffreys one-vs-all and half of Jeffreys one-vs-one', () => {
    forAll(problems(), (problem) => {
      const { logits } = make(problem);
      expectSame(f('reverse-kl', 'ovo'), kl({ mode: 'ovo' }), logits);
      expectSame(f('jeffreys', 'ova'), kl({ mode: 'ovo' }), logits);
      expectSame(f('jeffreys', 'ovo'), kl({ mode: 'ovo' }), logits, { factor: 2 });
    });
  });

  it('one-vs-one, Neyman is Pearson', () => {
    forAll(problems(), (problem) => expectSame(f('neyman', 'ovo'), f('pearson', 'ovo'), make(problem).logits));
  });

  it.each(modes)('symmetric chi-squared is Pearson and Neyman together, %s', (mode) => {
    forAll(problems(), (problem) => {
      const both = add(f('pearson', mode), f('neyman', mode));
      expectSame(f('symmetric-chi2', mode), both, make(problem).logits);
    });
  });

  it.each(modes)('the alpha family holds Hellinger, Pearson and Neyman, %s', (mode) => {
    forAll(problems(), (problem) => {
      const { logits } = make(problem);
      expectSame(f(0.5, mode), hellinger({ mode }), logits, { factor: 4 });
      expectSame(f(2, mode), f('pearson', mode), logits, { factor: 0.5 });
      expectSame(f(-1, mode), f('neyman', mode), logits, { factor: 0.5 });
    });
  });

  it.each(modes)('the alpha family is continuous at its limits, %s', (mode) => {
    forAll(problems(), (problem) => {
      const { logits } = make(problem);
      for (const [limit, name] of [
        [1, 'kl'],
        [0, 'reverse-kl'],
      ] as const) {
        expectSame(f(limit, mode), f(name, mode), logits);
        expectSame(f(limit + 1e-9, mode), f(name, mode), logits, { tolerance: 1e-7 });
        for (const near of [-1e-6, 1e-6]) expectSame(f(limit + near, mode), f(name, mode), logits, { tolerance: 1e-4 });
      }
    });
  });

  it.each(modes)("chi2's half convention is (Pearson + 1) / 2, %s", (mode) => {
    forAll(problems(), (problem) => {
      const half = chi2({ mode, convention: 'half' });
      expectSame(half, chi2({ mode }), make(problem).logits, { factor: 0.5, offset: 0.5 });
    });
  });

  it('the closed forms are those of the names', () => {
    forAll(problems(), (problem) => {
      const { logits } = make(problem);
      for (const mode of modes) {
        expectSame(kl({ mode }), f('kl', mode), logits);
        expectSame(tv({ mode }), f('tv', mode), logits);
        expectSame(hellinger({ mode }), f('hellinger', mode), logits);
        expectSame(chi2({ mode }), f('pearson', mode), logits);
      }
    });
  });

  it('are at least 0; total variation and Hellinger below 1, Jensen-Shannon at most log 2', () => {
    forAll(problems(), (problem) => {
      const { tau } = make(problem);
      for (const mode of modes) {
        for (const objective of fDivergences(mode)) {
          expect(objective.value(tau), objective.name).toBeGreaterThanOrEqual(-1e-14);
        }
        expect(tv({ mode }).value(tau)).toBeLessThan(1);
        expect(hellinger({ mode }).value(tau)).toBeLessThan(1);
        expect(f('js', mode).value(tau)).toBeLessThanOrEqual(Math.LN2);
        expect(mi().value(tau)).toBeLessThanOrEqual(Math.log(problem.k) + 1e-14);
      }
    });
  });

  it('total variation of K balanced hard clusters is 1 - 1/K', () => {
    forAll(problems({ n: 6 }), ({ n, k }) => {
      const labels = Array.from({ length: n * k }, (_, i) => i % k);
      for (const mode of modes) {
        expectNumber(tv({ mode }).value(oneHot(labels, k)), 1 - 1 / k, 1e-11, mode, 1);
      }
    });
  });
});

describe('mutual information', () => {
  it('is Kullback-Leibler one-vs-all, and the difference of the entropies', () => {
    forAll(problems(), (problem) => {
      const { logits } = make(problem);
      const difference = add(entropy({ of: 'proportions' }), scale(entropy({ of: 'predictions' }), -1));
      expectSame(mi(), kl({ mode: 'ova' }), logits);
      expectSame(mi(), difference, logits);
    });
  });

  it('has entropies in [0, log K], with their formulas', () => {
    forAll(problems(), (problem) => {
      const { tau } = make(problem);
      const { n, k } = problem;
      const entropyOf = (p: Float64Array) => -p.reduce((sum, each) => sum + each * Math.log(each), 0);
      const pi = Float64Array.from({ length: k }, (_, j) => selectColumns(tau, [j]).data.reduce((a, b) => a + b) / n);
      expectNumber(entropy({ of: 'proportions' }).value(tau), entropyOf(pi), 2e-12, 'proportions', 1);
      expectNumber(entropy({ of: 'predictions' }).value(tau), entropyOf(tau.data) / n, 2e-12, 'predictions', 1);
    });
  });
});
