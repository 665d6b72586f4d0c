/** Comparisons whose messages say how large a difference is. */
import { expect } from 'vitest';

/** All entries agree to a tolerance, relative to the largest expected one. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what = 'numbers',
): void {
  expect(actual.length, `${what}: number of entries`).toBe(expected.length);
  let gap = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] as number) - (expected[i] as number));
    if (!(difference <= gap)) gap = difference; // a NaN is kept
    largest = Math.max(largest, Math.abs(expected[i] as number));
  }
  expect(gap === 0 ? 0 : gap / largest, `${what}: relative difference`).toBeLessThanOrEqual(tolerance);
}

export function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

export async function rejectionOf(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined;
}
