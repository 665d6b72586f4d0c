/** Checks of options. An unknown name, a wrong type or a wrong value is an error that names the option. */
import { describe, invalidType, listed, outOfRange } from '../errors.js';

/** Throws TypeError ERR_INVALID_ARG_TYPE unless `options` is an object and all its keys are known. */
export function checkOptions(options: unknown, known: readonly string[], argument = 'options'): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalidType(argument, 'an object', describe(options));
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw invalidType(`${argument}.${key}`, `one of ${known.join(', ')}`, describe(key));
  }
}

export interface NumberRange {
  min?: number;
  max?: number;
  /** Whether `min` itself is refused. */
  above?: boolean;
  integer?: boolean;
}

export function checkNumber(argument: string, value: unknown, range: NumberRange = {}): number {
  const { min = -Infinity, max = Infinity, above = false, integer = false } = range;
  const kind = integer ? 'an integer' : 'a finite number';
  if (typeof value !== 'number') throw invalidType(argument, kind, describe(value));
  const inside = Number.isFinite(value) && (above ? value > min : value >= min) && value <= max;
  if (inside && (!integer || Number.isSafeInteger(value))) return value;
  const low = min === -Infinity ? '' : ` ${above ? '>' : '>='} ${min}`;
  const high = max === Infinity ? '' : `${low && ' and'} <= ${max}`;
  throw outOfRange(argument, `${kind}${low}${high}`, describe(value));
}

export const checkCount = (argument: string, value: unknown, min = 1): number =>
  checkNumber(argument, value, { min, integer: true });

export const checkSeed = (value: unknown): number => checkNumber('seed', value, { integer: true });

export function oneOf<T extends string>(argument: string, value: unknown, allowed: readonly T[]): T {
  if (allowed.includes(value as T)) return value as T;
  const expected = `one of ${listed(allowed.map((each) => `'${each}'`))}`;
  throw (typeof value === 'string' ? outOfRange : invalidType)(argument, expected, describe(value));
}
