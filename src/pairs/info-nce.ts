/** InfoNCE. */
import { checkNumber, checkOptions } from '../options.js';
import { NativePairLoss, type PairLoss } from './pair-loss.js';

/** Options of `infoNce`. */
export interface InfoNceOptions {
  /**
   * A score that stands for those of a sample's own locations among its negatives, as -10 does in the code of Deep
   * InfoMax; default: they are no negatives.
   */
  selfMask?: number | undefined;
}

/**
 * InfoNCE: minus a lower bound of the mutual information of two views, up to log N; to be minimised.
 *
 * View a has global features, n x U. View b has the same of another view, or local features of P locations, n x (U P):
 * feature u at location p is number u P + p. Scores are u_ijp = <a_i, b_jp>. The loss is the mean over i and p of
 * -log(exp(u_iip) / (exp(u_iip) + sum of exp(u_ijq) over j != i and all q)).
 *
 * Range: >= 0. Gradients: exact. Cost: O(n^2 P U), and 16 n^2 P bytes; float32 views are computed in float64.
 *
 * Source: van den Oord, Li, Vinyals, "Representation Learning with Contrastive Predictive Coding", 2018, eq. (4); over
 * locations: Hjelm et al., "Learning deep representations by mutual information estimation and maximization", 2019,
 * eq. (7).
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE for other options.
 */
export function infoNce(options: InfoNceOptions = {}): PairLoss {
  checkOptions(options, ['selfMask']);
  const { selfMask } = options;
  const mask = selfMask === undefined ? -Infinity : checkNumber('selfMask', selfMask);
  return new NativePairLoss(selfMask === undefined ? 'infoNce' : `infoNce(self-mask ${selfMask})`, {
    native: ['info-nce', mask],
    locations: true,
    scratch: (n, units, locations) => 4 * n ** 2 * locations + 8 * n * units * (locations + 1),
  });
}
