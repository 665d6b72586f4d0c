import type { Work } from './rows.js';

/** Relative, of answers in each precision: ten times what the libraries differ by. Hops are whole numbers. */
const TOLERANCE = { float32: 1e-5, float64: 1e-11 };

/**
 * Of gradients of total variation in float32, which are sums of signs: where a difference near 0 is rounded to the other sign,
 * one of N K numbers changes by twice its size.
 */
const SIGNS = 1e-2;

/** Of gemclus in float32, values and gradients: it multiplies a kernel with all pairs of samples, where sums of N^2 numbers cancel. */
const GEMCLUS_MMD = [1e-3, 5e-3];

/** For each answer of a peer. */
export function tolerancesOf(work: Work, peer: string): readonly number[] {
  const tolerance = TOLERANCE['precision' in work ? work.precision : 'float64'];
  if (work.family !== 'objective') return [tolerance];
  const { objective, precision } = work;
  if (precision === 'float32' && objective.startsWith('tv')) return [tolerance, SIGNS];
  if (precision === 'float32' && objective.startsWith('mmd') && peer === 'gemclus') return GEMCLUS_MMD;
  return [tolerance, tolerance];
}
