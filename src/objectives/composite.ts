/** Sums and multiples of objectives. They are objectives too, and compute all terms in one native call. */
import { outOfRange } from '../errors.js';
import { checkNumber } from '../options.js';
import { type Geometry, NativeBackedObjective, nativeObjective, type Objective } from './objective.js';

/**
 * The sum of objectives made by this package, to be maximised; its mode is that of the first.
 *
 * Gradient: the sum of the terms' gradients. Cost: that of the terms.
 * @throws TypeError ERR_INVALID_ARG_TYPE for anything except objectives of this package (another implementation of
 * `Objective`, too); RangeError ERR_OUT_OF_RANGE for no objective, and for affinities of different sizes.
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
 * A multiple of an objective made by this package, to be maximised.
 *
 * Gradient: the objective's gradient, times the factor. Cost: that of the objective.
 *
 * @param factor a finite number; a negative one makes the objective itself be minimised.
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
    namesSamples: geometries.some(({ namesSamples }) => namesSamples),
    warmStart: geometries.some(({ warmStart }) => warmStart),
    threadBytes: Math.max(...geometries.map(({ threadBytes }) => threadBytes)),
  };
}
