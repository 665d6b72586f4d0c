/** Comparisons whose messages say how large a difference is, and where. */
import { expect } from 'vitest';

type Numbers = ArrayLike<number>;

export function largest(numbers: Numbers): number {
  let max = 0;
  for (let i = 0; i < numbers.length; i++) {
    const size = Math.abs(numbers[i] as number);
    if (!(size <= max)) max = size; // a NaN is kept
  }
  return max;
}

/** The largest difference, relative to the largest expected entry (or to a scale that is given). */
export function difference(actual: Numbers, expected: Numbers, scale = largest(expected)): number {
  expect(actual.length, 'number of entries').toBe(expected.length);
  let max = 0;
  for (let i = 0; i < actual.length; i++) {
    const gap = Math.abs((actual[i] as number) - (expected[i] as number));
    if (!(gap <= max)) max = gap;
  }
  return max === 0 ? 0 : max / scale;
}

/** All entries agree to a tolerance, relative to the largest expected one (or to a scale that is given). */
export function expectClose(actual: Numbers, expected: Numbers, tolerance: number, what = 'numbers', scale?: number) {
  const gap = difference(actual, expected, scale);
  expect(gap, `${what}: relative difference`).toBeLessThanOrEqual(tolerance);
}

/** One number, relative to the expected one (or to a scale that is given). */
export function expectNumber(actual: number, expected: number, tolerance: number, what = 'value', scale?: number) {
  const gap = Math.abs(actual - expected) / (scale ?? Math.abs(expected));
  expect(actual === expected ? 0 : gap, `${what}: ${actual} against ${expected}`).toBeLessThanOrEqual(tolerance);
}

export function expectFinite(numbers: Numbers, what = 'numbers') {
  expect(Number.isFinite(largest(numbers)), `${what} are finite`).toBe(true);
}
