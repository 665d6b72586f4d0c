/** InfoNCE. */
import { checkNumber, checkOptions } from '../options.js';
import { NativePairLoss, type PairLoss } from './pair-loss.js';

/** Options of `infoNce`. */
export interface InfoNceOptions {
  /**
   * A finite score. A sample's own locations count among its negatives with this score, which is -10 in the code of
   * Deep InfoMax. Default: they are no negatives.
   */
  selfMask?: number | undefined;
}

/**
 * InfoNCE: minus a lower bound of the mutual information of two views, up to a constant; to be minimised.
 *
 * View a has features of samples, n x U. View b has other features of the same shape, or local ones of P locations,
 * n x (U P): feature u at location p is number u P + p. Scores are s_ijp = <a_i, b_jp>. The loss is the mean over i and
 * p of -log(exp(s_iip) / (exp(s_iip) + sum of exp(s_ijq) over j != i and all q)). For P = 1, the constant is log n.
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
