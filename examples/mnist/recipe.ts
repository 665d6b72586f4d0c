import { Affinity, add, entropy, type GeminiName, gemini, geminiNames, mi, type Objective, scale } from 'genmi';
import { type Digits, PIXELS } from '../../support/digits.js';

/** The objective of IMSAT, and those of the GEMINI paper. */
export const objectiveNames = ['imsat', ...geminiNames] as const;
export type ObjectiveName = (typeof objectiveNames)[number];

/** A network and its training, all but the objective. */
export interface Recipe {
  /** The widths of the hidden layers, which end with ReLU. */
  readonly hidden: readonly number[];
  readonly batchNormalization: boolean;
  readonly init: 'uniform' | 'he';
  /** A factor of the head's initial weights. */
  readonly headScale: number;
  /** Adam's learning rate in the first step. */
  readonly learningRate: number;
  /** Whether the rate falls linearly to 0: a short run then ends near where a long one would, not in Adam's noise. */
  readonly decay: boolean;
  readonly epochs: number;
  /** The feature that a black pixel becomes; a white one becomes 1. */
  readonly black: -1 | 0;
  /** The weight of virtual adversarial training. */
  readonly vat: number;
}

/** The MLP of the GEMINI paper (section 4.4), with fewer epochs. */
const paper: Recipe = {
  hidden: [1200],
  batchNormalization: false,
  init: 'uniform',
  headScale: 1,
  learningRate: 1e-3,
  decay: true,
  epochs: 8,
  black: -1,
  vat: 0,
};

/** Hu et al., "Learning discrete representations via information maximizing self-augmented training", 2017. */
const imsat: Recipe = {
  hidden: [1200, 1200],
  batchNormalization: true,
  init: 'he',
  headScale: 0.01,
  learningRate: 2e-3,
  decay: false, // digits that share a cluster part late, and not at a small rate
  epochs: 18,
  black: 0,
  vat: 1,
};

export const recipeOf = (objective: ObjectiveName): Recipe => (objective === 'imsat' ? imsat : paper);

/** Makes an objective. The GEMINIs have the paper's kernel or distance; f-divergences need neither. */
export function createObjective(name: ObjectiveName, digits: Digits): Objective {
  // 0.1 (4 H(y) - H(y | x)), in nats: clusters of equal size count four times as much as certain assignments.
  if (name === 'imsat') return add(scale(mi(), 0.1), scale(entropy({ of: 'proportions' }), 0.3));
  return gemini(name, { affinity: affinityOf(name, digits) });
}

function affinityOf(name: GeminiName, digits: Digits): Affinity | undefined {
  const matrix = () => ({ data: digits.images, shape: [digits.count, PIXELS] as const });
  if (name.startsWith('mmd_')) return Affinity.kernel(matrix(), { kernel: 'linear' });
  if (name.startsWith('wasserstein_')) return Affinity.distance(matrix(), { metric: 'sqeuclidean' });
  return undefined;
}
