/** The maximum mean discrepancy objectives. */
import { type Affinity, nativeOf } from '../affinity.js';
import { checkBoolean, checkOptions, oneOf } from '../options.js';
import { type GeometryObjective, type Mode, NativeBackedObjective } from './objective.js';

export interface MmdOptions {
  mode: Mode;
  /** A kernel. */
  affinity: Affinity;
  /** Sum squared discrepancies instead; with hard assignments that is kernel k-means. Default false. */
  squared?: boolean | undefined;
}

/**
 * The expected maximum mean discrepancy between clusters and data, or between clusters, >= 0, in the kernel's units.
 *
 * Cost O(N^2 K), with a linear kernel kept as features O(N d K); one-vs-one O(N K^2) more.
 * @throws TypeError ERR_INVALID_ARG_TYPE for an affinity that is no kernel, RangeError ERR_OUT_OF_RANGE, GenmiError ERR_DISPOSED.
 * Source: Ohl et al. 2022, eq. (9), (10).
 */
export function mmd(options: MmdOptions): GeometryObjective {
  checkOptions(options, ['mode', 'affinity', 'squared']);
  const mode = oneOf('mode', options.mode, ['ova', 'ovo']);
  const squared = checkBoolean('squared', options.squared ?? false);
  const affinity = nativeOf(options.affinity, 'affinity');
  const family = squared ? 'squared-mmd' : 'mmd';
  return new NativeBackedObjective(`${family}_${mode}`, mode, 'mmd', { affinity, squared });
}
