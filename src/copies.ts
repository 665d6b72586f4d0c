/** Marks by which genmi tells its own objects from those of another copy of the package, and from proxies. */
import { types } from 'node:util';
import { describe, invalidType } from './errors.js';
import { root } from './loader.js';

export type Kind =
  | 'Affinity'
  | 'Objective'
  | 'TransportSolver'
  | 'Network'
  | 'Optimizer'
  | 'Samples'
  | 'PairLoss'
  | 'DirichletProcessMixture';

interface Mark {
  readonly kind: Kind;
  /** The folder of the copy that made the object. */
  readonly folder: string;
}

/** A global symbol: the same in every copy of the package. */
const MARK = Symbol.for('genmi.mark');

const named: Record<Kind, string> = {
  Affinity: 'an Affinity',
  Objective: 'an objective made by genmi',
  TransportSolver: 'a TransportSolver',
  Network: 'a Network',
  Optimizer: 'an Optimizer',
  Samples: 'Samples',
  PairLoss: 'a loss on pairs made by genmi',
  DirichletProcessMixture: 'a DirichletProcessMixture',
};

/** Marks all instances of a class, so that every copy recognises them. */
export function mark(prototype: object, kind: Kind): void {
  Object.defineProperty(prototype, MARK, { value: { kind, folder: root } satisfies Mark });
}

function markOf(value: unknown): Mark | undefined {
  try {
    return (Object(value) as { [MARK]?: Mark })[MARK];
  } catch {
    return undefined; // a proxy that throws, or is revoked
  }
}

/** Whether any copy of the package made the value, or the object behind it where the value is a proxy. */
export function isMarked(value: unknown, kind: Kind): boolean {
  return markOf(value)?.kind === kind;
}

/** A value that this copy did not make: a TypeError ERR_INVALID_ARG_TYPE that tells its origin, to be thrown. */
export function notOurs(argument: string, kind: Kind, value: unknown, prototype: object): TypeError {
  const found = markOf(value);
  if (found?.kind !== kind) return invalidType(argument, named[kind], describe(value));
  if (types.isProxy(value)) {
    return invalidType(
      argument,
      named[kind],
      `a Proxy around ${named[kind]}`,
      'use the object itself: toRaw() of Vue and original() of immer give it, markRaw() of Vue keeps it from being wrapped',
    );
  }
  if (Object.prototype.isPrototypeOf.call(prototype, value as object)) {
    return invalidType(argument, named[kind], 'an object with the prototype of one, not made by genmi');
  }
  return invalidType(
    argument,
    named[kind],
    `${named[kind]} of another copy of genmi, loaded from ${found.folder}`,
    found.folder === root
      ? 'this copy was loaded from there too: load genmi once, and do not reset modules while its objects are in use'
      : `this copy was loaded from ${root}: make and use objects with one of them, or install one for all (npm dedupe)`,
  );
}
