/** Objectives by their names in the Python package gemclus. */
import type { Affinity } from '../affinity.js';
import { describe, invalidType, outOfRange } from '../errors.js';
import { checkOptions } from '../options.js';
import { chi2, hellinger, kl, mi, tv } from './f-divergence.js';
import { mmd } from './mmd.js';
import type { Mode, Objective } from './objective.js';
import { wasserstein } from './wasserstein.js';

const families = {
  kl,
  tv,
  hellinger,
  // gemclus has the chi-squared objective in its half convention only.
  chi2: ({ mode }: { mode: Mode }) => chi2({ mode, convention: 'half' }),
  mmd,
  wasserstein,
} as const satisfies Record<string, (options: { mode: Mode; affinity: Affinity }) => Objective>;

type Family = keyof typeof families;
/** A name that `gemini` knows. */
export type GeminiName = 'mi' | `${Family}_${Mode}`;

const modes: readonly Mode[] = ['ova', 'ovo'];

/** All names that `gemini` knows. */
export const geminiNames: readonly GeminiName[] = [
  'mi',
  ...(Object.keys(families) as Family[]).flatMap((family) => modes.map((mode) => `${family}_${mode}` as const)),
];

/**
 * Makes an objective by its name in gemclus, such as `'wasserstein_ovo'`; `'chi2_…'` is its half convention, see
 * `chi2`.
 *
 * Range, gradient and cost: as for the constructor of that objective.
 *
 * @param options `affinity`: a kernel for `mmd_…`, a distance for `wasserstein_…`; the others do not use it.
 * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE for an unknown name, with the known names.
 */
export function gemini(name: GeminiName, options: { affinity?: Affinity | undefined } = {}): Objective {
  checkOptions(options, ['affinity']);
  if (typeof name !== 'string') throw invalidType('name', "a name such as 'mmd_ova'", describe(name));
  if (name === 'mi') return mi();
  if (!geminiNames.includes(name)) throw outOfRange('name', `one of ${geminiNames.join(', ')}`, describe(name));
  const separator = name.lastIndexOf('_');
  const mode = name.slice(separator + 1) as Mode;
  const family = name.slice(0, separator) as Family;
  if (family === 'mmd' || family === 'wasserstein')
    return families[family]({ mode, affinity: options.affinity as Affinity });
  return families[family]({ mode });
}
