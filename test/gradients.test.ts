/** Every gradient against central differences of its value, in float64 and away from ties. */
import { describe, expect, it } from 'vitest';
import {
  Affinity,
  add,
  type EvaluateOptions,
  entropy,
  fDivergence,
  type GeometryObjective,
  hellinger,
  kl,
  type Matrix,
  type Mode,
  mmd,
  type Objective,
  pairConstraints,
  scale,
  tv,
  wasserstein,
} from '../src/index.js';
import { expectClose, expectFinite, expectNumber, largest } from './support/compare.js';
import { centralDifferences, derivative } from './support/differences.js';
import { withoutRowConstants } from './support/matrices.js';
import { allObjectives, modes } from './support/objectives.js';
import { gaussian, oneHot, probabilities, random, softmax } from './support/random.js';

const next = random(4711);
const n = 20;
const k = 4;
const logits = gaussian(next, n, k);
const tau = softmax(logits);
const x = gaussian(next, n, 3);
const kernel = Affinity.kernel(x, { kernel: 'rbf' });
const distance = Affinity.distance(x, { metric: 'euclidean' });
const plain = allObjectives(kernel, distance);
const mustLink = [
  [0, 3],
  [3, 7],
  [19, 0],
] as const;
const cannotLink = [
  [1, 3],
  [2, 18],
] as const;
const composed = [
  add(scale(mmd({ mode: 'ovo', affinity: kernel }), 0.7), scale(entropy({ of: 'proportions' }), -2)),
  pairConstraints({ mustLink, cannotLink, factor: 0.3 }),
  add(mmd({ mode: 'ova', affinity: kernel }), scale(pairConstraints({ mustLink, cannotLink }), -2)),
  scale(add(kl({ mode: 'ova' }), wasserstein({ mode: 'ova', affinity: distance })), -1),
  wasserstein({
    mode: 'ovo',
    affinity: distance,
    pairs: [
      [0, 2],
      [3, 1],
      [1, 2],
    ],
  }),
];
const objectives = [...plain, ...composed].map((objective, at) => ({ name: `${objective.name} (${at})`, objective }));
const toleranceOf = (name: string) => (name.includes('wasserstein') ? 1e-5 : 1e-6);

// Small enough that no sign of total variation and no basis of a transport problem changes within a step.
const step = 1e-5;

function differences(objective: Objective, at: Matrix, options: EvaluateOptions): Float64Array {
  return centralDifferences(
    (data) => objective.value({ data, shape: at.shape }, options),
    Float64Array.from(at.data),
    step,
  );
}

describe.each(objectives)('$name', ({ name, objective }) => {
  it.each(['fused', 'mask'] as const)('has the gradient of its value in the logits, %s', (clip) => {
    const options = { from: 'logits', clip } as const;
    const { gradient } = objective.valueAndGrad(logits, options);
    expectClose(gradient.data, differences(objective, logits, options), toleranceOf(name));
  });

  it.each(['fused', 'mask'] as const)('has the gradient of its value in the probabilities, %s', (clip) => {
    const { gradient } = objective.valueAndGrad(tau, { clip });
    const expected = { ...gradient, data: differences(objective, tau, { clip }) };
    expectClose(withoutRowConstants(gradient, tau), withoutRowConstants(expected, tau), toleranceOf(name));
  });

  it('has that of a mini-batch', () => {
    const rows = [3, 17, 4, 12, 5, 6, 19, 0];
    const batch = { data: logits.data.slice(0, rows.length * k), shape: [rows.length, k] as const };
    const options = { from: 'logits', rows } as const;
    const { gradient } = objective.valueAndGrad(batch, options);
    expectClose(gradient.data, differences(objective, batch, options), toleranceOf(name));
  });
});

describe('the gradient with respect to the affinity', () => {
  const size = 7;
  const predictions = probabilities(random(99), size, 3);
  const features = gaussian(random(98), size, 2);
  const cases = modes.flatMap((mode: Mode) => [
    { name: `mmd_${mode}`, kind: 'kernel', make: (affinity: Affinity) => mmd({ mode, affinity }) },
    {
      name: `mmd_${mode} squared`,
      kind: 'kernel',
      make: (affinity: Affinity) => mmd({ mode, affinity, squared: true }),
    },
    { name: `wasserstein_${mode}`, kind: 'distance', make: (affinity: Affinity) => wasserstein({ mode, affinity }) },
  ]) as { name: string; kind: 'kernel' | 'distance'; make: (affinity: Affinity) => GeometryObjective }[];

  it.each(cases)('of $name: every pair of entries against differences', ({ kind, make }) => {
    const affinity =
      kind === 'kernel'
        ? Affinity.kernel(features, { kernel: 'rbf' })
        : Affinity.distance(features, { metric: 'euclidean' });
    const { data } = affinity.toMatrix();
    const gradient = make(affinity).affinityGrad(predictions);
    expect(gradient.shape).toEqual([size, size]);
    const expected: number[] = [];
    const actual: number[] = [];
    for (let i = 0; i < size; i++) {
      for (let j = 0; j <= (kind === 'kernel' ? i : i - 1); j++) {
        const moved = (t: number) => {
          const entries = Float64Array.from(data);
          entries[i * size + j] = (entries[i * size + j] as number) + t;
          if (i !== j) entries[j * size + i] = (entries[j * size + i] as number) + t;
          return Affinity.precomputed({ data: entries, shape: [size, size] }, kind);
        };
        expected.push(derivative((t) => make(moved(t)).value(predictions), step));
        const [upper, lower] = [gradient.data[j * size + i] as number, gradient.data[i * size + j] as number];
        actual.push(i === j ? lower : lower + upper);
      }
    }
    expectClose(actual, expected, kind === 'kernel' ? 1e-6 : 1e-5);
  });

  it('is symmetric for MMD, and the plans of its problems for Wasserstein', () => {
    const rows = [5, 0, 3, 1, 6, 2, 4];
    const ofKernel = mmd({ mode: 'ovo', affinity: Affinity.kernel(features, { kernel: 'rbf' }) });
    const symmetric = ofKernel.affinityGrad(predictions, { rows }).data;
    const mirrored = symmetric.map((_, at) => symmetric[(at % size) * size + Math.floor(at / size)] as number);
    expectClose(symmetric, mirrored, 1e-15);
    const ground = Affinity.distance(features, { metric: 'euclidean' });
    const objective = wasserstein({ mode: 'ovo', affinity: ground });
    const plan = Array.from(objective.affinityGrad(predictions, { rows }).data);
    const costs = ground.rows(rows).data;
    expect(Math.min(...plan)).toBeGreaterThanOrEqual(0);
    const total = plan.reduce((sum, mass, at) => sum + mass * (costs[at] as number), 0);
    expectNumber(total, objective.value(predictions, { rows }), 1e-13);
  });
});

describe('saturated logits', () => {
  // Probabilities down to e^-80: none is exactly 0, most are far below epsilon.
  const far = { ...logits, data: logits.data.map((z) => 30 * z) };
  const fused = { from: 'logits', clip: 'fused' } as const;
  const mask = { from: 'logits', clip: 'mask' } as const;
  const finite = [
    kl({ mode: 'ova' }),
    kl({ mode: 'ovo' }),
    fDivergence({ mode: 'ovo', f: 'jeffreys' }),
    fDivergence({ mode: 'ova', f: 'reverse-kl' }),
    fDivergence({ mode: 'ova', f: 'pearson' }),
    fDivergence({ mode: 'ova', f: 'js' }),
    hellinger({ mode: 'ova' }),
    hellinger({ mode: 'ovo' }),
    tv({ mode: 'ova' }),
    tv({ mode: 'ovo' }),
    mmd({ mode: 'ova', affinity: kernel }),
    mmd({ mode: 'ovo', affinity: kernel }),
    entropy({ of: 'predictions' }),
    entropy({ of: 'proportions' }),
  ].map((objective) => ({ name: `${objective.name}`, objective }));

  it.each(finite)('$name: the fused gradient is that of the exact softmax', ({ objective }) => {
    const { gradient } = objective.valueAndGrad(far, fused);
    expectClose(gradient.data, differences(objective, far, fused), 1e-6);
  });

  it('Kullback-Leibler one-vs-one is exact, and pulls back where the mask is flat', () => {
    const [first, ...rest] = [0, 0, 1, 1];
    const huge = { data: oneHot([first as number, ...rest], 2).data.map((p) => 1000 * p), shape: [4, 2] as const };
    // tau = 1 and e^-1000, pi = 1/2: I = mean of sum (tau - pi) log tau = 1/2 * 1000.
    const { value, gradient } = kl({ mode: 'ovo' }).valueAndGrad(huge, fused);
    expectNumber(value, 500, 1e-13);
    // gemini.md 2: dI/dz = (tau - pi + tau (log tau - m - S)) / N. The last term is 0 for tau = 1 and tau = 0.
    expectClose(gradient.data.map(Math.abs), new Float64Array(8).fill(1 / 8), 1e-12);
    expect(gradient.data[0]).toBeGreaterThan(0);
    const masked = kl({ mode: 'ovo' }).valueAndGrad(huge, mask);
    expect(masked.gradient.data).toEqual(new Float64Array(8));
    expectNumber(masked.value, Math.log(1e12) / 2, 1e-9);
  });

  it.each(plain.map((objective, at) => ({ name: `${objective.name} (${at})`, objective })))(
    '$name: finite in both modes, and no gradient under the mask for one-hot predictions',
    ({ objective }) => {
      const labels = Array.from({ length: n }, (_, i) => i % k);
      const certain = { data: oneHot(labels, k).data.map((p) => 5000 * p), shape: [n, k] as const };
      const { value, gradient } = objective.valueAndGrad(certain, fused);
      expectFinite([value], 'value');
      expectFinite(gradient.data, 'gradient');
      const masked = objective.valueAndGrad(certain, mask);
      expectFinite([masked.value], 'masked value');
      expect(largest(masked.gradient.data)).toBe(0);
    },
  );
});
