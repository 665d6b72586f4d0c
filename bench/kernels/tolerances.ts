import type { Work } from './rows.js';

/** Relative, of answers in each precision: ten times what the libraries differ by. Hops are whole numbers. */
const TOLERANCE = { float32: 1e-5, float64: 1e-11 };

/** Of gemclus in float32, whose gradients lose more: */
const GEMCLUS = {
  /** it multiplies kernels with all pairs of samples, where sums of N^2 numbers cancel (1.6e-3 at N = 4,000); */
  mmd: 5e-3,
  /** it rounds differences near 0 to another sign (2.5e-4 at K = 50). */
  tv: 1e-3,
};

export function toleranceOf(work: Work, peer: string): number {
  const precision = 'precision' in work ? work.precision : 'float64';
  if (work.family === 'objective' && peer === 'gemclus' && precision === 'float32') {
    const [name] = work.objective.split('_');
    if (name === 'mmd' || name === 'tv') return GEMCLUS[name];
  }
  return TOLERANCE[precision];
}
