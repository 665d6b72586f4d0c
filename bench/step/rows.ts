/** What is trained by, and the largest share of the network's step that the loss may take. */
import {
  Affinity,
  fDivergence,
  fDivergenceNames,
  type Matrix,
  type Metric,
  type Mode,
  mmd,
  type Objective,
  wasserstein,
} from 'genmi';
import { type State, states } from '../transport/rows.js';

export interface Row {
  readonly name: string;
  readonly affinity?: (x: Matrix) => Affinity;
  readonly objective: (affinity: Affinity | undefined) => Objective;
  /** Of the network, in which the loss is measured: the cost of all but transport is the same in all of them. */
  readonly states: readonly State[];
  /** Percent. */
  readonly target?: number;
}

const modes: readonly Mode[] = ['ova', 'ovo'];
const SHARE = 1;

function transport(mode: Mode, metric: Metric, target: number): Row {
  return {
    name: `wasserstein_${mode}-${metric}`,
    affinity: (x) => Affinity.distance(x, { metric, storage: 'dense' }),
    objective: (affinity) => wasserstein({ mode, affinity: affinity as Affinity }),
    states,
    target,
  };
}

function discrepancy(mode: Mode, kernel: 'linear' | 'rbf', storage: 'features' | 'dense'): Row {
  return {
    name: `mmd_${mode}-${kernel}-${storage}`,
    affinity: (x) => Affinity.kernel(x, { kernel, storage }),
    objective: (affinity) => mmd({ mode, affinity: affinity as Affinity }),
    states: ['init'],
    target: SHARE,
  };
}

/** What a custom gradient, reading the logits and making a tensor take, whatever is computed. */
const nothing: Row = {
  name: 'nothing',
  objective: () => {
    const valueAndGrad = ({ shape }: Matrix) => ({
      value: 0,
      gradient: { data: new Float32Array(shape[0] * shape[1]), shape },
    });
    return { valueAndGrad } as unknown as Objective;
  },
  states: ['init'],
};

export const rows: readonly Row[] = [
  nothing,
  transport('ova', 'euclidean', 10),
  transport('ova', 'sqeuclidean', 25),
  transport('ovo', 'euclidean', 40),
  ...modes.flatMap((mode) => [discrepancy(mode, 'rbf', 'dense'), discrepancy(mode, 'linear', 'features')]),
  ...modes.flatMap((mode) =>
    fDivergenceNames.map(
      (f): Row => ({
        name: `${f}_${mode}`,
        objective: () => fDivergence({ f, mode }),
        states: ['init'],
        target: SHARE,
      }),
    ),
  ),
];
