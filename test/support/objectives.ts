/** All objectives, by a name each, for tests that hold for every one of them. */
import {
  type Affinity,
  chi2,
  energy,
  entropy,
  fDivergence,
  fDivergenceNames,
  hellinger,
  kl,
  type Mode,
  mi,
  mmd,
  type Objective,
  tv,
  wasserstein,
} from '../../src/index.js';

export const modes: readonly Mode[] = ['ova', 'ovo'];

/** Every f-divergence in one mode, closed forms and generic ones. */
export function fDivergences(mode: Mode): Objective[] {
  return [
    kl({ mode }),
    hellinger({ mode }),
    tv({ mode }),
    chi2({ mode }),
    chi2({ mode, convention: 'half' }),
    ...fDivergenceNames.map((f) => fDivergence({ mode, f })),
    ...[-1, 0, 0.5, 1, 2, 3].map((alpha) => fDivergence({ mode, f: { alpha } })),
  ];
}

export function geometryObjectives(mode: Mode, kernel: Affinity, distance: Affinity): Objective[] {
  return [
    mmd({ mode, affinity: kernel }),
    mmd({ mode, affinity: kernel, squared: true }),
    energy({ mode, affinity: distance }),
    wasserstein({ mode, affinity: distance }),
  ];
}

export function allObjectives(kernel: Affinity, distance: Affinity): Objective[] {
  return [
    mi(),
    entropy({ of: 'proportions' }),
    entropy({ of: 'predictions' }),
    ...modes.flatMap((mode) => [...fDivergences(mode), ...geometryObjectives(mode, kernel, distance)]),
  ];
}
