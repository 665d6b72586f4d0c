/** Objectives of the predictions alone: the mutual information, and the same with other f-divergences. */
import { describe, invalidType } from '../errors.js';
import { checkNumber, checkOptions, oneOf } from '../options.js';
import { type Mode, NativeBackedObjective, type Objective } from './objective.js';

/** All names that `fDivergence` knows. */
export const fDivergenceNames = [
  'kl',
  'reverse-kl',
  'tv',
  'hellinger',
  'pearson',
  'neyman',
  'js',
  'jeffreys',
  'lecam',
  'symmetric-chi2',
] as const;

/** A name that `fDivergence` knows. */
export type FDivergenceName = (typeof fDivergenceNames)[number];

/** The option of objectives with two modes. */
export interface ModeOptions {
  /** One-vs-all or one-vs-one. */
  mode: Mode;
}

function make(name: string, mode: unknown, parameters: { f: string; alpha?: number }): Objective {
  const checked = oneOf('mode', mode, ['ova', 'ovo']);
  return new NativeBackedObjective(`${name}_${checked}`, checked, 'f-divergence', parameters);
}

/**
 * The Kullback-Leibler objective, f(t) = t log t, to be maximised.
 *
 * Range: one-vs-all it is the mutual information, in [0, log K]; one-vs-one it is >= 0 and unbounded. Gradient
 * one-vs-all: dI/dtau_ik = log(tau_ik / pi_k) / N. Cost: O(N K) in both modes.
 *
 * Source: Ohl et al. 2022, table 1.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE for other options.
 */
export function kl(options: ModeOptions): Objective {
  checkOptions(options, ['mode']);
  return make('kl', options.mode, { f: 'kl' });
}

/** The mutual information of samples and clusters, to be maximised: `kl({ mode: 'ova' })`, in [0, log K]. */
export function mi(): Objective {
  return new NativeBackedObjective('mi', 'ova', 'f-divergence', { f: 'kl' });
}

/**
 * The squared Hellinger objective, f(t) = 1 - sqrt t, in [0, 1), to be maximised.
 *
 * Gradient one-vs-all: dI/dtau_ik = (1 - sqrt(pi_k / tau_ik) / 2 - mean_j sqrt(tau_jk / pi_k) / 2) / N. Cost: O(N K) in
 * both modes.
 *
 * Source: Ohl et al. 2022, table 1 and appendix D.1.4 (there with a factor 2, which their code does not have).
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE for other options.
 */
export function hellinger(options: ModeOptions): Objective {
  checkOptions(options, ['mode']);
  return make('hellinger', options.mode, { f: 'hellinger' });
}

/**
 * The total variation objective, f(t) = |t - 1| / 2, in [0, 1), to be maximised.
 *
 * Gradient one-vs-all: dI/dtau_ik = (s_ik - mean_j s_jk) / (2 N) with s = sign(tau - pi), the subgradient sign(0) = 0.
 * Cost: O(N K), one-vs-one O(N K^2).
 *
 * Source: Ohl et al. 2022, table 1.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE for other options.
 */
export function tv(options: ModeOptions): Objective {
  checkOptions(options, ['mode']);
  return make('tv', options.mode, { f: 'tv' });
}

/**
 * The chi-squared objective, f(t) = (t - 1)^2 for `'pearson'` (default), to be maximised.
 *
 * `'half'` is f(t) = t^2 / 2, as in gemclus: (Pearson + 1) / 2, and so 0.5 at independence.
 *
 * Range: one-vs-all in [0, K - 1], one-vs-one >= 0 and unbounded (`'pearson'`). Gradient one-vs-all, with r = tau / pi:
 * dI/dtau_ik = (2 r_ik - 1 - mean_j r_jk^2) / N. Cost: O(N K) in both modes.
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE for other options.
 */
export function chi2(options: ModeOptions & { convention?: 'pearson' | 'half' | undefined }): Objective {
  checkOptions(options, ['mode', 'convention']);
  const convention = oneOf('convention', options.convention ?? 'pearson', ['pearson', 'half']);
  // 'chi2' is the name that gemclus gives its own convention.
  if (convention === 'half') return make('chi2', options.mode, { f: 'half-chi2' });
  return make('pearson', options.mode, { f: 'pearson' });
}

/**
 * The objective of an f-divergence by its name, or of the alpha family; >= 0, to be maximised.
 *
 * f(t), for a density ratio t:
 *
 * - `'kl'`: t log t
 * - `'reverse-kl'`: -log t
 * - `'tv'`: |t - 1| / 2
 * - `'hellinger'`: 1 - sqrt t
 * - `'pearson'`: (t - 1)^2
 * - `'neyman'`: (t - 1)^2 / t
 * - `'js'`: (t log t - (1 + t) log((1 + t) / 2)) / 2
 * - `'jeffreys'`: (t - 1) log t
 * - `'lecam'`: (t - 1)^2 / (2 (t + 1))
 * - `'symmetric-chi2'`: (t - 1)^2 (t + 1) / t, the sum of Pearson's and Neyman's
 * - `{ alpha: a }`: (t^a - a t + a - 1) / (a (a - 1)), with the limits `'kl'` at a = 1 and `'reverse-kl'` at a = 0
 *
 * Gradient one-vs-all, with r = tau / pi: dI/dtau_ik = (f'(r_ik) + mean_j (f(r_jk) - r_jk f'(r_jk))) / N.
 * Cost: O(N K); one-vs-one O(N K^2) for `'tv'`, `'js'` and `'lecam'`.
 *
 * Source of the family: Cressie, Read, "Multinomial goodness-of-fit tests", 1984.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE for other options.
 */
export function fDivergence(options: ModeOptions & { f: FDivergenceName | { alpha: number } }): Objective {
  checkOptions(options, ['mode', 'f']);
  const { f, mode } = options;
  if (typeof f === 'object' && f !== null) {
    checkOptions(f, ['alpha'], 'f');
    const alpha = checkNumber('f.alpha', f.alpha);
    return make(`alpha(${alpha})`, mode, { f: 'alpha', alpha });
  }
  if (typeof f !== 'string') throw invalidType('f', 'the name of an f-divergence or { alpha: number }', describe(f));
  return make(f, mode, { f: oneOf('f', f, fDivergenceNames) });
}
