import type { Work } from './rows.js';

/** Relative tolerances of answers: ten times the differences between the libraries. Hops are whole numbers. */
const TOLERANCE = { float32: 1e-5, float64: 1e-11 };

/**
 * Tolerance for gradients of total variation in float32. They are sums of signs: a difference near 0 that is rounded to the other
 * sign changes one of N K numbers by twice its size.
 */
const SIGNS = 1e-2;

/** Tolerances for value and gradient of gemclus in float32: its sums over all N^2 pairs of samples cancel. */
const GEMCLUS_MMD = [1e-3, 5e-3];

/** Tolerance for the bound and the means of a mixture: ten iterations of float64 carry on the rounding of the first. */
const MIXTURE = 1e-8;
/** Costs of exact transport, from sums in another order. */
const COSTS = 1e-9;

/** The published projection is that far from its solution after 50 iterations; genmi's, with momentum, is nearer. */
const UNFINISHED = 1e-3;

/** The tolerance of each answer of a peer. */
export function tolerancesOf(work: Work, peer: string): readonly number[] {
  const tolerance = TOLERANCE['precision' in work ? work.precision : 'float64'];
  if (work.family === 'pair') return [tolerance, tolerance, tolerance];
  if (work.family === 'mixture') return [MIXTURE, MIXTURE];
  if (work.family === 'ball') return [work.task === 'distance' ? COSTS : UNFINISHED];
  if (work.family !== 'objective') return [tolerance];
  const { objective, precision } = work;
  if (precision === 'float32' && objective.startsWith('tv')) return [tolerance, SIGNS];
  if (precision === 'float32' && objective.startsWith('mmd') && peer === 'gemclus') return GEMCLUS_MMD;
  return [tolerance, tolerance];
}
