/** Random problems of all sizes, for properties of every problem. */
import fc from 'fast-check';
import type { Matrix, Objective } from '../../src/index.js';
import { expectClose, expectNumber, largest } from './compare.js';
import { gaussian, probabilities, random } from './random.js';

export interface Problem {
  n: number;
  k: number;
  seed: number;
}

/** Problems of any size, among them one sample and one cluster. A problem's seed makes its numbers. */
export const problems = (bounds: { n?: number; k?: number; minK?: number } = {}) =>
  fc.record({
    n: fc.integer({ min: 1, max: bounds.n ?? 24 }),
    k: fc.integer({ min: bounds.minK ?? 1, max: bounds.k ?? 6 }),
    seed: fc.integer({ min: 0, max: 2 ** 31 }),
  });

export function forAll(arbitrary: fc.Arbitrary<Problem>, check: (problem: Problem) => void, numRuns = 60) {
  fc.assert(fc.property(arbitrary, check), { numRuns, seed: 20260101 });
}

export function make({ n, k, seed }: Problem) {
  const next = random(seed);
  const logits = gaussian(next, n, k, 1.5);
  const tau = probabilities(next, n, k);
  const x = gaussian(next, n, 3);
  return { next, logits, tau, x };
}

export const fromLogits = { from: 'logits' } as const;

/** Same value and same logits gradient, up to a factor. */
export function expectSame(
  a: Objective,
  b: Objective,
  logits: Matrix,
  { factor = 1, offset = 0, tolerance = 1e-11 }: { factor?: number; offset?: number; tolerance?: number } = {},
) {
  const actual = a.valueAndGrad(logits, fromLogits);
  const other = b.valueAndGrad(logits, fromLogits);
  const expected = other.gradient.data.map((g) => factor * g);
  const value = factor * other.value + offset;
  expectNumber(actual.value, value, tolerance, `${a.name}, ${b.name}: value`, Math.max(1, Math.abs(value)));
  expectClose(
    actual.gradient.data,
    expected,
    tolerance,
    `${a.name}, ${b.name}: gradient`,
    Math.max(1, largest(expected)),
  );
}
