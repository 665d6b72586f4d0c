/** The entropies that are added to objectives as regularisers. */
import { checkOptions, oneOf } from '../options.js';
import { NativeBackedObjective, type Objective } from './objective.js';

/**
 * The entropy of the cluster proportions, or the mean entropy of the predictions; in [0, log K], to be maximised.
 *
 * The first is large for balanced clusters, the second for unsure predictions; the first minus the second is the mutual
 * information. With `scale(…, weight)` and `add`, these are the regularisers of Ohl et al. 2022 and Krause et al. 2010.
 *
 * Gradient dI/dtau_ik: -(log pi_k + 1) / N, or -(log tau_ik + 1) / N. Cost: O(N K).
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE for other options.
 */
export function entropy(options: { of: 'proportions' | 'predictions' }): Objective {
  checkOptions(options, ['of']);
  const of = oneOf('of', options.of, ['proportions', 'predictions']);
  return new NativeBackedObjective(`entropy(${of})`, 'ova', 'entropy', { of });
}
