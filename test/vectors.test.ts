/** The specification's vectors: every value and gradient, to the last digits. */
import { describe, expect, it } from 'vitest';
import {
  Affinity,
  chi2,
  fDivergence,
  type GeometryObjective,
  gemini,
  hellinger,
  kl,
  type Mode,
  mmd,
  type Objective,
  tv,
  wasserstein,
} from '../src/index.js';
import { expectClose, expectNumber } from './support/compare.js';
import { fixture } from './support/fixtures.js';
import { fromRows, withoutRowConstants } from './support/matrices.js';
import { oneHot } from './support/random.js';

type Rows = number[][];

interface Case {
  value: number;
  grad_tau: Rows;
  grad_logits: Rows;
  grad_K?: Rows;
  grad_D?: Rows;
}

const vectors = fixture<{
  tau: Rows;
  X: Rows;
  K_linear: Rows;
  K_rbf: Rows;
  D_euclidean: Rows;
  cases: Record<string, Case>;
}>('vectors_gemini.json');
const misc = fixture<{
  affinities: { A: Rows; kernels: Record<string, Rows>; distances: Record<string, Rows> };
  apsp: { P: Rows; cases: { q: number; threshold: number; dist: Rows }[] };
}>('vectors_misc.json');

const tau = fromRows(vectors.tau);
const logits = { data: tau.data.map(Math.log), shape: tau.shape };
const kernels = {
  linear: Affinity.precomputed(vectors.K_linear, 'kernel'),
  rbf: Affinity.precomputed(vectors.K_rbf, 'kernel'),
};
const euclidean = Affinity.precomputed(vectors.D_euclidean, 'distance', { metric: true });

const divergenceNames: Record<string, Parameters<typeof fDivergence>[0]['f']> = {
  kl: 'kl',
  rkl: 'reverse-kl',
  tv: 'tv',
  hellinger: 'hellinger',
  chi2: 'pearson',
  neyman: 'neyman',
  js: 'js',
  jeffreys: 'jeffreys',
  lecam: 'lecam',
  'alpha0.5': { alpha: 0.5 },
  alpha3: { alpha: 3 },
  'alpha-1': { alpha: -1 },
};

/** The objective that a vector's name, `family_mode_variant` or `f_mode_divergence`, stands for. */
function objectiveOf(name: string): Objective {
  const generic = /^f_(ova|ovo)_(.+)$/.exec(name);
  if (generic) {
    const [, mode, f] = generic as unknown as [string, Mode, string];
    if (f === 'chi2_gemclus') return chi2({ mode, convention: 'half' });
    const divergence = divergenceNames[f];
    if (divergence === undefined) throw new Error(`no divergence for ${name}`);
    return fDivergence({ mode, f: divergence });
  }
  const [, family, mode, variant] = /^([a-z0-9]+)_(ova|ovo)_?(.*)$/.exec(name) as unknown as [
    string,
    string,
    Mode,
    string,
  ];
  if (family === 'chi2') return chi2({ mode, convention: variant === 'pearson' ? 'pearson' : 'half' });
  if (family === 'mmd') return mmd({ mode, affinity: kernels[variant as keyof typeof kernels] });
  if (variant === 'sampled_pairs_02_12') {
    const pairs: [number, number][] = [
      [0, 2],
      [1, 2],
    ];
    return wasserstein({ mode, affinity: euclidean, pairs });
  }
  if (family === 'wasserstein') return wasserstein({ mode, affinity: euclidean });
  return { kl: kl({ mode }), tv: tv({ mode }), hellinger: hellinger({ mode }) }[family] as Objective;
}

const toleranceOf = (name: string) => (name.startsWith('wasserstein') ? 1e-10 : 1e-12);

describe.each(Object.entries(vectors.cases))('%s', (name, vector) => {
  const objective = objectiveOf(name);
  const tolerance = toleranceOf(name);

  it('has the value', () => {
    expectNumber(objective.value(tau), vector.value, tolerance);
    expectNumber(objective.value(tau, { clip: 'mask' }), vector.value, tolerance, 'value with the mask');
    expectNumber(objective.value(logits, { from: 'logits' }), vector.value, tolerance, 'value from logits');
  });

  it('has the gradient with respect to probabilities', () => {
    const expected = withoutRowConstants(fromRows(vector.grad_tau), tau);
    for (const clip of ['fused', 'mask'] as const) {
      const { gradient } = objective.valueAndGrad(tau, { clip });
      expect(gradient.shape).toEqual([5, 3]);
      expectClose(withoutRowConstants(gradient, tau), expected, tolerance, clip);
    }
  });

  it('has the gradient with respect to logits', () => {
    for (const clip of ['fused', 'mask'] as const) {
      const { gradient } = objective.valueAndGrad(logits, { from: 'logits', clip });
      expectClose(gradient.data, vector.grad_logits.flat(), tolerance, clip);
    }
  });
});

describe('the gradient with respect to the affinity', () => {
  const geometric = Object.entries(vectors.cases).filter(([, vector]) => vector.grad_K ?? vector.grad_D);

  it.each(geometric)('%s', (name, vector) => {
    const gradient = (objectiveOf(name) as GeometryObjective).affinityGrad(tau);
    expect(gradient.shape).toEqual([5, 5]);
    expectClose(gradient.data, (vector.grad_K ?? vector.grad_D ?? []).flat(), toleranceOf(name));
  });

  it('has a vector for each geometry-aware objective', () => {
    expect(geometric).toHaveLength(7);
  });
});

it('has a vector for each objective of the specification', () => {
  expect(Object.keys(vectors.cases)).toHaveLength(43);
});

describe('one-hot predictions (gemini.md 1.1)', () => {
  const hard = oneHot([0, 0, 1, 2, 2], 3);
  const values: [string, Objective, number][] = [
    ['KL one-vs-all', gemini('kl_ova'), 1.054920168],
    ['KL one-vs-one', gemini('kl_ovo'), 17.68385351],
    ['Hellinger one-vs-all', gemini('hellinger_ova'), 0.4045917386],
    ['Hellinger one-vs-one', gemini('hellinger_ovo'), 0.6399986812],
    ['TV one-vs-all', gemini('tv_ova'), 0.64],
    ['TV one-vs-one', gemini('tv_ovo'), 0.64],
    ['chi2 (half) one-vs-all', gemini('chi2_ova'), 1.5],
    ['chi2 (half) one-vs-one', gemini('chi2_ovo'), 3.6e11],
    ['MMD one-vs-all', mmd({ mode: 'ova', affinity: kernels.linear }), 2.08035903],
    ['MMD one-vs-one', mmd({ mode: 'ovo', affinity: kernels.linear }), 2.498658802],
    ['Wasserstein one-vs-all', wasserstein({ mode: 'ova', affinity: euclidean }), 2.502231044],
    ['Wasserstein one-vs-one', wasserstein({ mode: 'ovo', affinity: euclidean }), 2.529237263],
  ];

  it.each(values)('%s has its value, clipped at 1e-12', (_, objective, expected) => {
    expectNumber(objective.value(hard, { clip: 'mask' }), expected, 5e-10);
  });

  it.each(values)('%s has no gradient under the mask', (_, objective) => {
    expect(objective.valueAndGrad(hard, { clip: 'mask' }).gradient.data).toEqual(new Float64Array(15));
  });
});

describe('two points, two clusters', () => {
  // tau = [[p, 1 - p], [1 - p, p]]: pi = 1/2 each, alpha = 2 tau, and every distance is one number times 2 p - 1.
  const far = 3;
  const points = { data: Float64Array.of(0, far), shape: [2, 1] as const };
  const line = Affinity.distance(points, { metric: 'euclidean' });
  const linear = Affinity.kernel(points, { kernel: 'linear' });

  it.each([0.5, 0.6, 0.9, 0.999])('have the closed forms at p = %d', (p) => {
    const pair = [
      [p, 1 - p],
      [1 - p, p],
    ];
    const spread = 2 * p - 1;
    const entropy = -p * Math.log(p) - (1 - p) * Math.log(1 - p);
    const expected: [Objective, number][] = [
      [kl({ mode: 'ova' }), Math.log(2) - entropy],
      [kl({ mode: 'ovo' }), (spread / 2) * Math.log(p / (1 - p))],
      [tv({ mode: 'ova' }), spread / 2],
      [tv({ mode: 'ovo' }), spread / 2],
      [hellinger({ mode: 'ova' }), 1 - (Math.sqrt(p) + Math.sqrt(1 - p)) / Math.SQRT2],
      [hellinger({ mode: 'ovo' }), 0.5 - Math.sqrt(p * (1 - p))],
      [chi2({ mode: 'ova' }), spread ** 2],
      [chi2({ mode: 'ovo' }), (p ** 2 + (1 - p) ** 2) / (2 * p * (1 - p)) - 1],
      [wasserstein({ mode: 'ova', affinity: line }), (far * spread) / 2],
      [wasserstein({ mode: 'ovo', affinity: line }), (far * spread) / 2],
      [mmd({ mode: 'ova', affinity: linear }), (far * spread) / 2],
      [mmd({ mode: 'ovo', affinity: linear }), (far * spread) / 2],
      [mmd({ mode: 'ova', affinity: linear, squared: true }), (far * spread) ** 2 / 4],
      [mmd({ mode: 'ovo', affinity: linear, squared: true }), (far * spread) ** 2 / 2],
    ];
    for (const [objective, value] of expected)
      expectNumber(objective.value(pair), value, 1e-14, objective.name, Math.max(1, value));
  });
});

describe('affinities (distances.md 1, 2)', () => {
  const { A } = misc.affinities;

  it.each(Object.entries(misc.affinities.kernels))('kernel %s', (kernel, expected) => {
    const affinity = Affinity.kernel(A, { kernel: kernel as 'linear' });
    expectClose(affinity.toMatrix().data, expected.flat(), 1e-14);
  });

  it.each(Object.entries(misc.affinities.distances))('distance %s', (metric, expected) => {
    const name = { l1: 'manhattan', l2: 'euclidean' }[metric] ?? metric;
    const affinity = Affinity.distance(A, { metric: name as 'euclidean' });
    expectClose(affinity.toMatrix().data, expected.flat(), 1e-14);
  });
});

describe('hop distances (distances.md 3)', () => {
  it.each(misc.apsp.cases)('quantile $q', ({ q, threshold, dist }) => {
    const affinity = Affinity.hops(misc.apsp.P, { quantile: q });
    expect(Array.from(affinity.toMatrix().data)).toEqual(dist.flat());
    expectNumber(affinity.graph?.threshold ?? Number.NaN, threshold, 1e-14);
  });
});
