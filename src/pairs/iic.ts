/** Invariant information clustering. */
import { checkNumber, checkOptions } from '../options.js';
import { NativePairLoss, type PairLoss } from './pair-loss.js';

/** Options of `iic`. */
export interface IicOptions {
  /** The weight of the clusters' marginal entropy, >= 0; default 1: the loss is minus the mutual information. */
  lambda?: number | undefined;
}

/**
 * Invariant information clustering: minus the mutual information of the clusters of two views; to be minimised.
 *
 * Q is the clusters' joint distribution: the symmetric part of a' b, divided by its sum; p are the row sums of Q. The
 * loss is -sum_ij Q_ij (log Q_ij - lambda log p_i - lambda log p_j) = H(Q) - 2 lambda H(p). Entries of Q and p below
 * 2^-52 count as 2^-52, and no gradient passes through them.
 *
 * The views are n x K: probabilities, or logits with `from`. Rows that do not sum to 1 are taken as they are; numbers
 * outside [0, 1] are clipped. Range: for lambda = 1, from -log K, for balanced clusters that agree, to 0.
 *
 * Gradients: exact; dL/da = b Gamma and dL/db = a Gamma for a symmetric K x K matrix Gamma. Cost: O(n K^2).
 *
 * Source: Ji, Henriques, Vedaldi, "Invariant Information Clustering for Unsupervised Image Classification and
 * Segmentation", 2019, eq. (3); lambda as in their code.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE for other options.
 */
export function iic(options: IicOptions = {}): PairLoss {
  checkOptions(options, ['lambda']);
  const lambda = checkNumber('lambda', options.lambda ?? 1, { min: 0 });
  return new NativePairLoss(lambda === 1 ? 'iic' : `iic(lambda ${lambda})`, {
    native: ['iic', lambda],
    predictions: true,
    scratch: (n, k) => 10 * n * k + 8 * k ** 2,
  });
}
