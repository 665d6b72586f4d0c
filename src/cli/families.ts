/** The objectives that `genmi bench` times: all that have both modes, by their names without the mode. */
import { Affinity } from '../affinity.js';
import type { Matrix } from '../matrix.js';
import { energy } from '../objectives/energy.js';
import { chi2, fDivergence, fDivergenceNames } from '../objectives/f-divergence.js';
import { mmd } from '../objectives/mmd.js';
import type { Mode, Objective } from '../objectives/objective.js';
import { wasserstein } from '../objectives/wasserstein.js';

/** Makes the objectives of one data set in both modes, which share one affinity. */
export type Family = (x: Matrix) => { make(mode: Mode): Objective; dispose(): void };

function divergence(make: (mode: Mode) => Objective): Family {
  return () => ({ make, dispose() {} });
}

function geometry(affinityOf: (x: Matrix) => Affinity, make: (mode: Mode, affinity: Affinity) => Objective): Family {
  return (x) => {
    const affinity = affinityOf(x);
    return { make: (mode) => make(mode, affinity), dispose: () => affinity.dispose() };
  };
}

const kernel = (x: Matrix) => Affinity.kernel(x, { kernel: 'rbf', storage: 'dense' });
const distance = (x: Matrix) => Affinity.distance(x, { metric: 'euclidean', storage: 'dense' });

export const families: Readonly<Record<string, Family>> = {
  ...Object.fromEntries(fDivergenceNames.map((f) => [f, divergence((mode) => fDivergence({ mode, f }))])),
  chi2: divergence((mode) => chi2({ mode, convention: 'half' })),
  alpha: divergence((mode) => fDivergence({ mode, f: { alpha: 1.5 } })),
  mmd: geometry(kernel, (mode, affinity) => mmd({ mode, affinity })),
  'squared-mmd': geometry(kernel, (mode, affinity) => mmd({ mode, affinity, squared: true })),
  energy: geometry(distance, (mode, affinity) => energy({ mode, affinity })),
  wasserstein: geometry(distance, (mode, affinity) => wasserstein({ mode, affinity })),
};
