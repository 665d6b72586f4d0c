/** Prior matching: the losses of a discriminator and of an encoder whose outputs shall be distributed as a prior is. */
import { outOfRange } from '../errors.js';
import { type Matrix, type MatrixLike, precisionOf, toMatrix, zeros } from '../matrix.js';
import { checkNumber, checkOptions } from '../options.js';
import type { PairValueAndGrad } from './pair-loss.js';

/** Options of `priorMatching`. */
export interface PriorMatchingOptions {
  /** The weight of the encoder's loss, > 0; default 1. */
  gamma?: number | undefined;
}

/** The loss of an encoder, which is minimised, and its gradient. */
export interface EncoderLoss {
  /** The value L > 0. */
  value: number;
  /** n x 1 entries +dL/d(encoded), in the precision of the scores: descend along it. */
  gradient: Matrix;
}

/** The two losses of prior matching. Scores are a discriminator's outputs, n x 1, before a sigmoid. */
export interface PriorMatching {
  /**
   * The loss of the discriminator: it shall tell samples of the prior, by scores above 0, from encodings.
   *
   * @returns the value; gradients[0] is that with respect to `prior`, gradients[1] to `encoded`, in their precision.
   */
  discriminator(prior: MatrixLike, encoded: MatrixLike): PairValueAndGrad;
  /** The loss of the encoder: the discriminator shall take its outputs for samples of the prior. */
  encoder(encoded: MatrixLike): EncoderLoss;
}

function toScores(argument: string, given: MatrixLike): Matrix {
  const scores = toMatrix(argument, given);
  const { data, shape } = scores;
  if (shape[0] === 0 || shape[1] !== 1) throw outOfRange(argument, 'n x 1 scores, n >= 1', shape.join(' x '));
  const at = data.findIndex((score) => !Number.isFinite(score));
  if (at >= 0) throw outOfRange(argument, 'finite scores', `${data[at]} at row ${at}`);
  return scores;
}

/** The mean of log(1 + exp(sign s)), times a weight, and its gradient. */
function meanSoftplus({ data, shape: [n] }: Matrix, sign: 1 | -1, weight: number) {
  const gradient = zeros(precisionOf(data), n, 1, 'score fewer samples at once');
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const score = sign * (data[i] as number);
    const small = Math.exp(-Math.abs(score));
    sum += Math.max(score, 0) + Math.log1p(small);
    gradient.data[i] = (weight * sign * (score > 0 ? 1 : small)) / ((1 + small) * n);
  }
  return { value: (weight * sum) / n, gradient };
}

/**
 * The losses of prior matching of Deep InfoMax, an adversarial game; both are to be minimised.
 *
 * With sp(s) = log(1 + exp(s)), scores s of encodings and r of samples of the prior: the discriminator's loss is the mean
 * of sp(s) plus the mean of sp(-r); the encoder's is `gamma` times the mean of sp(-s), which does not saturate.
 *
 * Range: > 0. A discriminator that cannot tell both has the loss 2 log 2. Gradients: exact. Cost: O(n).
 *
 * Source: Hjelm et al., "Learning deep representations by mutual information estimation and maximization", 2019, eq. (7),
 * with the encoder's loss of its published code; Goodfellow et al., "Generative adversarial nets", 2014, section 3.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE for other options. The losses throw the same for
 * other matrices than n x 1, and for scores that are not finite.
 */
export function priorMatching(options: PriorMatchingOptions = {}): PriorMatching {
  checkOptions(options, ['gamma']);
  const gamma = checkNumber('gamma', options.gamma ?? 1, { min: Number.MIN_VALUE });
  return {
    discriminator(prior, encoded) {
      const [real, made] = [toScores('prior', prior), toScores('encoded', encoded)];
      const [ofPrior, ofEncoded] = [meanSoftplus(real, -1, 1), meanSoftplus(made, 1, 1)];
      return { value: ofPrior.value + ofEncoded.value, gradients: [ofPrior.gradient, ofEncoded.gradient] };
    },
    encoder: (encoded) => meanSoftplus(toScores('encoded', encoded), -1, gamma),
  };
}
