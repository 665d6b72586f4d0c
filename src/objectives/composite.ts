/** Sums and multiples of objectives, which are objectives too: one native call for all their terms. */
import { outOfRange } from '../errors.js';
import { checkNumber } from '../options.js';
import { NativeBackedObjective, nativeObjective, type Objective } from './objective.js';

/** The sum of objectives; its mode is that of the first. */
export function add(...objectives: Objective[]): Objective {
  const [first] = objectives;
  if (first === undefined) throw outOfRange('objectives', 'at least one objective', 'none');
  const terms = objectives.map((objective, i) => ({
    objective: nativeObjective(objective, `objectives[${i}]`),
    factor: 1,
  }));
  const name = objectives.map((objective) => objective.name).join(' + ');
  return new NativeBackedObjective(name, first.mode, 'sum', { terms });
}

/** An objective times a number, which may be negative. */
export function scale(objective: Objective, factor: number): Objective {
  const terms = [{ objective: nativeObjective(objective, 'objective'), factor: checkNumber('factor', factor) }];
  return new NativeBackedObjective(`${factor} * (${objective.name})`, objective.mode, 'sum', { terms });
}
