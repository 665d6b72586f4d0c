/** The energy distance objectives. */
import { type Affinity, nativeOf } from '../affinity.js';
import { checkOptions, oneOf } from '../options.js';
import { type GeometryObjective, type Mode, NativeBackedObjective } from './objective.js';

/** Options of `energy`. */
export interface EnergyOptions {
  /** One-vs-all or one-vs-one. */
  mode: Mode;
  /** A distance, N x N. */
  affinity: Affinity;
}

/**
 * The expected energy distance between clusters and data, or between clusters; to be maximised.
 *
 * For x, x' from one of two distributions and y, y' from the other, it is 2 E d(x, y) - E d(x, x') - E d(y, y'): twice
 * the squared discrepancy (`mmd`) of the kernel (d(x, 0) + d(y, 0) - d(x, y)) / 2.
 *
 * Range: in units of the distance; >= 0 for distances of negative type (`'euclidean'`, `'manhattan'`, `'sqeuclidean'`),
 * of any sign for others. Gradient: exact.
 *
 * Cost: O(N^2 K); one-vs-one O(N K^2) more.
 *
 * Source: Szekely, Rizzo, "Energy statistics: A class of statistics based on distances", 2013, eq. (5).
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE for an affinity that is no distance, RangeError ERR_OUT_OF_RANGE, GenmiError
 * ERR_DISPOSED.
 */
export function energy(options: EnergyOptions): GeometryObjective {
  checkOptions(options, ['mode', 'affinity']);
  const mode = oneOf('mode', options.mode, ['ova', 'ovo']);
  const affinity = nativeOf(options.affinity, 'affinity');
  return new NativeBackedObjective(`energy_${mode}`, mode, 'energy', { affinity });
}
