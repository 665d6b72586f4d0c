/** The estimators of mutual information of Deep InfoMax. */
import { checkOptions, oneOf } from '../options.js';
import { NativePairLoss, type PairLoss } from './pair-loss.js';

/** In the order of the native core. */
const measures = ['JSD', 'GAN', 'KL', 'RKL', 'H2', 'X2', 'W1'] as const;

/** The measure of dependence that Deep InfoMax estimates: see `deepInfoMax`. */
export type InfoMaxMeasure = (typeof measures)[number];

/** Options of `deepInfoMax`. */
export interface DeepInfoMaxOptions {
  /** Default `'JSD'`. */
  measure?: InfoMaxMeasure | undefined;
  /** `'local'` (default): view b has features of several locations. `'global'`: both views have one shape. */
  mode?: 'local' | 'global' | undefined;
}

const scratch = (n: number, units: number, locations: number) =>
  4 * n ** 2 * locations + 8 * n * units * (locations + 1);

/**
 * Deep InfoMax: minus an estimate of the dependence of two views, by f-divergences in Fenchel's form; to be minimised.
 *
 * View a has global features, n x U; view b local features of P locations, n x (U P): feature u at location p is number
 * u P + p. For the scores u_ijp = <a_i, b_jp>, the loss is the mean of b(u) over i != j less the mean of a(u) over
 * i = j. With sp(u) = log(1 + exp(u)), a and b are:
 *
 * `'JSD'`: log 2 - sp(-u), sp(u) - log 2. `'GAN'`: -sp(-u), sp(u). `'KL'`: u, exp(u - 1). `'RKL'`: -exp(-u), u - 1.
 * `'H2'`: 1 - exp(-u), exp(u) - 1. `'X2'`: u^2, -(|u| + 1)^2 / 2, which is no f-divergence, but what the published code
 * has. `'W1'`: u, u.
 *
 * Range: `'JSD'` above -2 log 2; others without a bound. Gradients: exact. Cost: O(n^2 P U), and 16 n^2 P bytes; float32
 * views are computed in float64.
 *
 * Source: Hjelm et al., "Learning deep representations by mutual information estimation and maximization", 2019, eq.
 * (4) and (6); its authors' code for a and b.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE for other options; the loss, also for one sample.
 */
export function deepInfoMax(options: DeepInfoMaxOptions = {}): PairLoss {
  checkOptions(options, ['measure', 'mode']);
  const measure = oneOf('measure', options.measure ?? 'JSD', measures);
  const mode = oneOf('mode', options.mode ?? 'local', ['local', 'global']);
  return new NativePairLoss(`deepInfoMax(${measure}, ${mode})`, {
    native: ['fenchel', measures.indexOf(measure)],
    locations: mode === 'local',
    scratch,
  });
}

/**
 * Minus the Donsker-Varadhan bound of the mutual information of two views; to be minimised.
 *
 * Views and scores u are those of `deepInfoMax`; the loss is log mean exp(u) over i != j less the mean of u over i = j.
 *
 * Range: any number. Gradients: exact. Cost: as for `deepInfoMax`.
 *
 * Source: Hjelm et al., 2019, eq. (3); Belghazi et al., "Mutual Information Neural Estimation", 2018, eq. (10). (The
 * function of this name in the published code of Deep InfoMax fails for scores of any usual shape.)
 *
 * @throws the loss: as others, and RangeError ERR_OUT_OF_RANGE for one sample, which has no negatives.
 */
export function donskerVaradhan(): PairLoss {
  return new NativePairLoss('donskerVaradhan', { native: ['donsker-varadhan', 0], locations: true, scratch });
}
