/** The estimators of mutual information of Deep InfoMax. */
import { checkOptions, oneOf } from '../options.js';
import { NativePairLoss, type PairLoss } from './pair-loss.js';

/** The measure of dependence that Deep InfoMax estimates: see `deepInfoMax`. */
export type InfoMaxMeasure = 'JSD' | 'GAN' | 'KL' | 'RKL' | 'H2' | 'X2' | 'W1';

/** In the order of the native core. */
const measures: readonly InfoMaxMeasure[] = ['JSD', 'GAN', 'KL', 'RKL', 'H2', 'X2', 'W1'];

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
 * u P + p. The scores are s_ijp = <a_i, b_jp>. The loss is the mean of g(s) over i != j less the mean of f(s) over
 * i = j. With sp(s) = log(1 + exp(s)), each measure has these f and g:
 *
 * `'JSD'`: log 2 - sp(-s), sp(s) - log 2. `'GAN'`: -sp(-s), sp(s). `'KL'`: s, exp(s - 1). `'RKL'`: -exp(-s), s - 1.
 * `'H2'`: 1 - exp(-s), exp(s) - 1. `'X2'`: s^2, -(|s| + 1)^2 / 2, as in the published code; it is no f-divergence.
 * `'W1'`: s, s.
 *
 * Range: `'JSD'` > -2 log 2, `'GAN'` > 0, `'H2'` > -2; others without a bound. Gradients: exact. Cost: O(n^2 P U), and
 * 16 n^2 P bytes; float32 views are computed in float64.
 *
 * Source: Hjelm et al., "Learning deep representations by mutual information estimation and maximization", 2019, eq.
 * (4) and (6); its authors' code for f and g.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE for other options. The loss throws RangeError
 * ERR_OUT_OF_RANGE for views of one sample, which has no pair i != j.
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
 * Views and scores s are those of `deepInfoMax`, of one location or more. The loss is the logarithm of the mean of
 * exp(s) over i != j, less the mean of s over i = j.
 *
 * Range: any number. Gradients: exact. Cost: as for `deepInfoMax`.
 *
 * Source: Hjelm et al., 2019, eq. (3); Belghazi et al., "Mutual Information Neural Estimation", 2018, eq. (10). (The
 * function of this name in the published code of Deep InfoMax fails for scores of any usual shape.)
 *
 * The loss throws RangeError ERR_OUT_OF_RANGE for views of one sample, which has no pair i != j.
 */
export function donskerVaradhan(): PairLoss {
  return new NativePairLoss('donskerVaradhan', { native: ['donsker-varadhan', 0], locations: true, scratch });
}
