/** Objectives by the names that the Python package uses. */
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
export type GeminiName = 'mi' | `${Family}_${Mode}`;

const modes: readonly Mode[] = ['ova', 'ovo'];

/** All names that `gemini` knows. */
export const geminiNames: readonly GeminiName[] = [
  'mi',
  ...(Object.keys(families) as Family[]).flatMap((family) => modes.map((mode) => `${family}_${mode}` as const)),
];

/**
 * Any objective by its name in gemclus, such as `'wasserstein_ovo'` (`'chi2_…'` in that package's convention, see `chi2`).
 *
 * @param options `affinity`: a kernel for `mmd_…`, a distance for `wasserstein_…`; not used by the others.
 * @throws RangeError ERR_OUT_OF_RANGE for an unknown name, with those that are known.
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
