/** The answers of gemclus, POT, scikit-learn and SciPy on real data; tolerances and traps: fixtures/peers/README.md. */
import { describe, expect, it } from 'vitest';
import {
  Affinity,
  type DistanceOptions,
  type GeminiName,
  gemini,
  type HopOptions,
  type KernelOptions,
  type Matrix,
  type Objective,
} from '../src/index.js';
import { difference, expectClose, expectNumber } from './support/compare.js';
import { expectError, thrownBy } from './support/errors.js';
import { fixture } from './support/fixtures.js';
import { selectRows } from './support/matrices.js';

interface AffinityCase {
  kind: 'kernel' | 'distance';
  data: string;
  kernel?: string;
  metric?: string;
  gamma?: number;
  degree?: number;
  coef0?: number;
  quantile?: number;
}

interface Case {
  name: string;
  predictions: string;
  objective: GeminiName;
  affinity?: AffinityCase;
  rows?: number[];
  value: number;
  value_exact: number;
  grad_rows?: number[];
  grad_logits?: number[];
  grad_logits_exact?: number[];
  grad_max?: number;
  grad_norm?: number;
  grad_moments?: number[];
  degenerate?: boolean;
}

const data = new Map(
  fixture<{ sets: { name: string; n: number; d: number; x: number[] }[] }>('peers/data.json').sets.map(
    ({ name, n, d, x }) => [name, { data: Float64Array.from(x), shape: [n, d] } as Matrix],
  ),
);
const predictions = new Map(
  fixture<{ sets: { name: string; n: number; k: number; clipped: number; logits: number[] }[] }>(
    'peers/predictions.json',
  ).sets.map(({ name, n, k, clipped, logits }) => {
    const matrix: Matrix = { data: Float64Array.from(logits), shape: [n, k] };
    return [name, { logits: matrix, clipped: clipped > 0 }];
  }),
);

function parameters({ gamma, degree, coef0 }: Partial<Pick<AffinityCase, 'gamma' | 'degree' | 'coef0'>>) {
  return {
    ...(gamma !== undefined && { gamma }),
    ...(degree !== undefined && { degree }),
    ...(coef0 !== undefined && { coef0 }),
  };
}

const made = new Map<string, Affinity>();

function affinityOf(of: AffinityCase): Affinity {
  const key = JSON.stringify(of);
  const known = made.get(key);
  if (known !== undefined) return known;
  const x = data.get(of.data) as Matrix;
  const affinity = makeAffinity(of, x);
  made.set(key, affinity);
  return affinity;
}

function makeAffinity(of: AffinityCase, x: Matrix): Affinity {
  if (of.kind === 'kernel') return Affinity.kernel(x, { kernel: of.kernel, ...parameters(of) } as KernelOptions);
  if (of.metric === 'hops') return Affinity.hops(x, { quantile: of.quantile ?? 0.05 });
  return Affinity.distance(x, { metric: of.metric } as DistanceOptions);
}

function objectiveOf({ objective, affinity }: Case): Objective {
  return gemini(objective, affinity === undefined ? {} : { affinity: affinityOf(affinity) });
}

/** The whole gradient: some rows of it entry by entry, the others through its norm, largest entry and moments. */
function expectGradient(gradient: Matrix, expected: Case, tolerance: number) {
  const [n, k] = gradient.shape;
  const scale = expected.grad_max as number;
  const shown = selectRows(gradient, expected.grad_rows as number[]);
  expectClose(shown.data, expected.grad_logits_exact ?? expected.grad_logits ?? [], tolerance, 'gradient', scale);
  const sizes = Array.from(gradient.data, Math.abs);
  expectNumber(Math.max(...sizes), scale, tolerance, 'largest entry');
  expectNumber(Math.hypot(...sizes), expected.grad_norm as number, tolerance, 'norm', scale * Math.sqrt(n * k));
  const moments = Array.from({ length: k }, (_, j) =>
    sizes.reduce(
      (sum, _size, at) => (at % k === j ? sum + ((Math.floor(at / k) + 1) / n) * (gradient.data[at] as number) : sum),
      0,
    ),
  );
  expectClose(moments, expected.grad_moments as number[], tolerance, 'moments', scale * n);
}

function evaluate(expected: Case, clip: 'fused' | 'mask') {
  const { logits } = predictions.get(expected.predictions) as { logits: Matrix };
  const batch = expected.rows === undefined ? logits : selectRows(logits, expected.rows);
  const rows = expected.rows === undefined ? {} : { rows: expected.rows };
  return objectiveOf(expected).valueAndGrad(batch, { from: 'logits', clip, ...rows });
}

const isClipped = (expected: Case) => (predictions.get(expected.predictions) as { clipped: boolean }).clipped;

describe('f-divergences (gemclus)', () => {
  const { cases } = fixture<{ cases: Case[] }>('peers/fdivergence.json');
  // Clipped rows do not sum to 1; closed forms use that sum and the generic form does not.
  const isLoose = (expected: Case) => isClipped(expected) && /^(hellinger|kl_ovo)/.test(expected.objective);

  it.each(cases)('$name', (expected) => {
    const tolerance = isLoose(expected) ? 1e-10 : 1e-12;
    const { value, gradient } = evaluate(expected, 'mask');
    expectNumber(value, expected.value_exact, tolerance);
    expectGradient(gradient, expected, tolerance);
  });

  it('are the same fused where nothing is clipped', () => {
    for (const expected of cases.filter((each) => !isClipped(each))) {
      const { value, gradient } = evaluate(expected, 'fused');
      expectNumber(value, expected.value_exact, 1e-12, expected.name);
      expectGradient(gradient, expected, 1e-12);
    }
  });
});

describe('MMD (gemclus)', () => {
  const { cases } = fixture<{ cases: Case[] }>('peers/mmd.json');

  it.each(cases)('$name', (expected) => {
    const { value, gradient } = evaluate(expected, 'mask');
    expectNumber(value, expected.value_exact, 1e-12);
    expectGradient(gradient, expected, 1e-10);
  });
});

describe('Wasserstein (gemclus and POT)', () => {
  const { cases } = fixture<{ cases: Case[] }>('peers/wasserstein.json');

  it.each(cases)('$name', (expected) => {
    const { value, gradient } = evaluate(expected, 'mask');
    expectNumber(value, expected.value_exact, 1e-12);
    if (!expected.degenerate) expectGradient(gradient, expected, 1e-10);
  });

  it('compares the gradient of most', () => {
    expect(cases.filter(({ degenerate }) => !degenerate).length).toBeGreaterThan(70);
  });
});

describe('affinities (scikit-learn, SciPy)', () => {
  const { n, d, cases, ...x } = fixture<{
    n: number;
    d: number;
    x_signed: number[];
    x_positive: number[];
    cases: {
      x: 'signed' | 'positive';
      kernel?: string;
      metric?: string;
      gamma?: number;
      degree?: number;
      coef0?: number;
      mu?: number;
      max: number;
      upper: number[];
    }[];
  }>('peers/affinities.json');
  // A `mu` is the width of the paper's code, 1 / gamma.
  const withGamma = cases.map(({ mu, ...each }) => (mu === undefined ? each : { ...each, gamma: 1 / mu }));
  const names = withGamma.map((each) => ({
    name: `${each.kernel ?? each.metric} ${JSON.stringify(parameters(each))}`,
    ...each,
  }));

  it.each(names)('$name, $x features', ({ kernel, metric, ...expected }) => {
    const features: Matrix = { data: Float64Array.from(x[`x_${expected.x}`]), shape: [n, d] };
    for (const storage of ['dense', 'features'] as const) {
      const affinity =
        kernel === undefined
          ? Affinity.distance(features, { metric, storage } as DistanceOptions)
          : Affinity.kernel(features, { kernel, storage, ...parameters(expected) } as KernelOptions);
      expect(affinity.storage).toBe(storage);
      const matrix = affinity.toMatrix().data;
      const upper = Array.from({ length: n }, (_, i) => Array.from(matrix.subarray(i * n + i, (i + 1) * n))).flat();
      expectClose(upper, expected.upper, 1e-13, storage, expected.max);
      const lower = Array.from({ length: n }, (_, i) =>
        Array.from({ length: n - i }, (_, j) => matrix[(i + j) * n + i] as number),
      ).flat();
      expect(difference(lower, upper), 'symmetric to the bit').toBe(0);
    }
  });
});

describe('hop distances (SciPy)', () => {
  const { points, cases } = fixture<{
    points: { name: string; n: number; d: number; x: number[] }[];
    cases: {
      data: string;
      n: number;
      quantile?: number;
      threshold?: number;
      neighbors?: number;
      eps?: number;
      edges: number;
      components: number;
      longest: number;
      empty: boolean;
      hops: number[];
    }[];
  }>('peers/hops.json');
  const sets = new Map([
    ...data,
    ...points.map(({ name, n, d, x }) => [name, { data: Float64Array.from(x), shape: [n, d] }] as [string, Matrix]),
  ]);

  const label = ({ data: name, quantile, threshold, neighbors }: (typeof cases)[number]) =>
    `${name}: ${quantile === undefined ? '' : `quantile ${quantile}`}${threshold === undefined ? '' : `threshold ${threshold}`}${neighbors === undefined ? '' : `${neighbors} neighbours`}`;
  const optionsOf = ({ quantile, threshold, neighbors }: (typeof cases)[number]): HopOptions => ({
    ...(quantile !== undefined && { quantile }),
    ...(threshold !== undefined && { threshold }),
    ...(neighbors !== undefined && { neighbors }),
  });

  const connectedCases = cases.filter(({ empty }) => !empty).map((each) => ({ name: label(each), ...each }));
  const emptyCases = cases.filter(({ empty }) => empty).map((each) => ({ name: label(each), ...each }));

  it.each(connectedCases)('$name', ({ n, hops, eps, edges, components, longest, ...rest }) => {
    const x = sets.get(rest.data) as Matrix;
    for (const disconnected of ['2n', 'n', 12345] as const) {
      const far = { '2n': 2 * n, n }[disconnected as string] ?? (disconnected as number);
      const affinity = Affinity.hops(x, {
        ...optionsOf({ n, hops, edges, components, longest, ...rest }),
        disconnected,
      });
      const matrix = affinity.toMatrix().data;
      const upper = Array.from({ length: n }, (_, i) => Array.from(matrix.subarray(i * n + i + 1, (i + 1) * n))).flat();
      expect(upper).toEqual(hops.map((hop) => (hop < 0 ? far : hop)));
      expect(affinity.graph).toMatchObject({ edges, longest, connected: components === 1 });
      if (eps !== undefined) expectNumber(affinity.graph?.threshold ?? Number.NaN, eps, 1e-14, 'threshold');
    }
  });

  it.each(connectedCases)('$name, from a distance affinity', ({ hops, ...rest }) => {
    const x = sets.get(rest.data) as Matrix;
    const distances = Affinity.distance(x, { metric: 'euclidean' });
    const expected = Affinity.hops(x, optionsOf({ hops, ...rest })).toMatrix();
    expect(Affinity.hops(distances, optionsOf({ hops, ...rest })).toMatrix()).toEqual(expected);
  });

  it.each(emptyCases)('$name: no edges, an error', (empty) => {
    const x = sets.get(empty.data) as Matrix;
    const error = thrownBy(() => Affinity.hops(x, optionsOf(empty)));
    expectError(error, { code: 'ERR_OUT_OF_RANGE', argument: 'quantile' });
  });
});
