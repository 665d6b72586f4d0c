/** The contrastive loss of SimCLR. */
import { describe, outOfRange } from '../errors.js';
import { checkNumber, checkOptions } from '../options.js';
import { NativePairLoss, type PairLoss } from './pair-loss.js';

/** Options of `ntXent`. */
export interface NtXentOptions {
  /** The temperature T, > 0, by which cosines are divided; default 0.5. */
  temperature?: number | undefined;
}

/**
 * The normalised, temperature-scaled cross-entropy of two views' embeddings; to be minimised.
 *
 * The rows of both views, n x d each, are taken to length 1: z_1 to z_2n. Row i of one view and row i of the other are
 * a positive pair. The scores are s = z z' / T without the diagonal. The loss is the mean over all 2n rows of minus the
 * log-softmax of s at the positive.
 *
 * Range: >= 0; log(2n - 1) for embeddings that are all alike. Gradients: exact, at right angles to each row. Cost:
 * O(n^2 d), and 32 n^2 bytes; half of them for float32 views.
 *
 * Source: Chen, Kornblith, Norouzi, Hinton, "A Simple Framework for Contrastive Learning of Visual Representations",
 * 2020, eq. (1).
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE for other options. The loss throws RangeError
 * ERR_OUT_OF_RANGE for a row of zeros, which has no direction.
 */
export function ntXent(options: NtXentOptions = {}): PairLoss {
  checkOptions(options, ['temperature']);
  const temperature = checkNumber('temperature', options.temperature ?? 0.5);
  if (!(temperature > 0)) throw outOfRange('temperature', 'a finite number > 0', describe(temperature));
  return new NativePairLoss(`ntXent(temperature ${temperature})`, {
    native: ['nt-xent', temperature],
    scratch: (n, d) => 8 * n ** 2 + 16 * n * d,
  });
}
