/**
 * The weights of a Dirichlet process by breaking a stick: pi_k = V_k prod_{j<k} (1 - V_j), V_k ~ Beta(1, gamma), with
 * q(V_k) = Beta(a_k, b_k). The last of T components gets what is left, V_T = 1; in scikit-learn it has a V_T like others.
 *
 * Source: Blei, Jordan, "Variational Inference for Dirichlet Process Mixtures", 2006, section 3 and eq. (18), (19).
 */
import { digamma, logGamma } from './special-functions.js';

/** Whether the last component gets the rest of the stick, or breaks it as the others do. */
export type LastStick = 'one' | 'sklearn';

/** q(V_k) = Beta(first_k, second_k). */
export interface Sticks {
  readonly first: Float64Array;
  readonly second: Float64Array;
}

/** q(V) for counts N_k: a_k = 1 + N_k, b_k = gamma + sum_{j>k} N_j. */
export function sticksOf(counts: Float64Array, concentration: number): Sticks {
  const second = new Float64Array(counts.length);
  let rest = 0;
  for (let k = counts.length - 1; k >= 0; k--) {
    second[k] = concentration + rest;
    rest += counts[k] as number;
  }
  return { first: counts.map((count) => 1 + count), second };
}

/** Multiplies the parts that are broken off, or adds their logarithms. */
function breakOff(
  { first, second }: Sticks,
  last: LastStick,
  part: (a: number, b: number) => number,
  whole: number,
  combine: (x: number, y: number) => number,
): Float64Array {
  let left = whole;
  return first.map((a, k) => {
    const b = second[k] as number;
    if (last === 'one' && k === first.length - 1) return left;
    const broken = combine(left, part(a, b));
    left = combine(left, part(b, a));
    return broken;
  });
}

/** E log pi_k. */
export function expectedLogs(sticks: Sticks, last: LastStick): Float64Array {
  return breakOff(
    sticks,
    last,
    (a, b) => digamma(a) - digamma(a + b),
    0,
    (x, y) => x + y,
  );
}

/** The expected weights, which are made to sum to 1. */
export function meanWeights(sticks: Sticks, last: LastStick): Float64Array {
  return normalised(
    breakOff(
      sticks,
      last,
      (a, b) => a / (a + b),
      1,
      (x, y) => x * y,
    ),
  );
}

/** Numbers over their sum. */
export function normalised(numbers: Float64Array): Float64Array {
  const sum = numbers.reduce((total, number) => total + number, 0);
  return numbers.map((number) => number / sum);
}

const logBeta = (a: number, b: number) => logGamma(a) + logGamma(b) - logGamma(a + b);

/** sum_k log B(a_k, b_k). */
export function logBetas({ first, second }: Sticks): number {
  return first.reduce((sum, a, k) => sum + logBeta(a, second[k] as number), 0);
}

/** KL(q(V) || Beta(1, gamma)), without the last stick where it is 1. */
export function stickDivergence({ first, second }: Sticks, concentration: number, last: LastStick): number {
  let sum = 0;
  for (let k = 0; k < first.length - (last === 'one' ? 1 : 0); k++) {
    const [a, b] = [first[k] as number, second[k] as number];
    const slopes =
      (a - 1) * digamma(a) + (b - concentration) * digamma(b) + (1 - a + concentration - b) * digamma(a + b);
    sum += slopes - Math.log(concentration) - logBeta(a, b);
  }
  return sum;
}
