/** Sums and multiples of objectives, which are objectives too: one native call for all their terms. */
import { outOfRange } from '../errors.js';
import { checkNumber } from '../options.js';
import { type Geometry, NativeBackedObjective, nativeObjective, type Objective } from './objective.js';

/**
 * The sum of objectives made by this package; its mode is that of the first.
 *
 * Cost: that of its terms.
 * @throws TypeError ERR_INVALID_ARG_TYPE for anything else, other implementations of `Objective` too, RangeError ERR_OUT_OF_RANGE
 * for none, and for affinities of different sizes.
 */
export function add(...objectives: Objective[]): Objective {
  const [first] = objectives;
  if (first === undefined) throw outOfRange('objectives', 'at least one objective', 'none');
  const terms = objectives.map((objective, i) => ({
    objective: nativeObjective(objective, `objectives[${i}]`),
    factor: 1,
  }));
  const name = objectives.map((objective) => objective.name).join(' + ');
  return new NativeBackedObjective(name, first.mode, 'sum', { terms }, geometryOf(objectives));
}

/**
 * An objective made by this package times a number, finite, which may be negative.
 *
 * Cost: that of the objective.
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE.
 */
export function scale(objective: Objective, factor: number): Objective {
  const terms = [{ objective: nativeObjective(objective, 'objective'), factor: checkNumber('factor', factor) }];
  return new NativeBackedObjective(
    `${factor} * (${objective.name})`,
    objective.mode,
    'sum',
    { terms },
    geometryOf([objective]),
  );
}

function geometryOf(objectives: readonly Objective[]): Geometry {
  const geometries = (objectives as NativeBackedObjective[]).map(({ geometry }) => geometry);
  return {
    samples: geometries.find(({ samples }) => samples !== undefined)?.samples,
    warmStart: geometries.some(({ warmStart }) => warmStart),
    threadBytes: Math.max(...geometries.map(({ threadBytes }) => threadBytes)),
  };
}
