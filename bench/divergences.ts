/** Every f-divergence that has a name. */
import type { FDivergenceName } from 'genmi';

export const divergences: readonly FDivergenceName[] = [
  'kl',
  'reverse-kl',
  'tv',
  'hellinger',
  'pearson',
  'neyman',
  'js',
  'jeffreys',
  'lecam',
];
