/** The maximum mean discrepancy objectives. */
import { type Affinity, nativeOf } from '../affinity.js';
import { checkBoolean, checkOptions, oneOf } from '../options.js';
import { type GeometryObjective, type Mode, NativeBackedObjective } from './objective.js';

/** Options of `mmd`. */
export interface MmdOptions {
  /** One-vs-all or one-vs-one. */
  mode: Mode;
  /** A kernel, N x N. */
  affinity: Affinity;
  /** Sum the squared discrepancies: kernel k-means, where assignments are hard. Default false. */
  squared?: boolean | undefined;
}

/**
 * The expected maximum mean discrepancy between clusters and data, or between clusters; to be maximised.
 *
 * Range: >= 0, in units of the square root of the kernel (`squared`: of the kernel). Gradient: exact; where a
 * discrepancy is 0, its share of the gradient is 0.
 *
 * Cost: O(N^2 K), for a linear kernel kept as features O(N d K); one-vs-one O(N K^2) more.
 *
 * Source: Ohl et al. 2022, eq. (9), (10).
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE for an affinity that is no kernel, RangeError ERR_OUT_OF_RANGE, GenmiError
 * ERR_DISPOSED.
 */
export function mmd(options: MmdOptions): GeometryObjective {
  checkOptions(options, ['mode', 'affinity', 'squared']);
  const mode = oneOf('mode', options.mode, ['ova', 'ovo']);
  const squared = checkBoolean('squared', options.squared ?? false);
  const affinity = nativeOf(options.affinity, 'affinity');
  const family = squared ? 'squared-mmd' : 'mmd';
  return new NativeBackedObjective(`${family}_${mode}`, mode, 'mmd', { affinity, squared });
}
