/** Checks of options. An unknown name, a wrong type or a wrong value is an error that names the option. */
import { describe, invalidType, checkReadable, isArray, outOfRange, shorten } from './errors.js';

/** Throws TypeError ERR_INVALID_ARG_TYPE unless `options` is an object and all its keys are known. */
export function checkOptions(options: object, known: readonly string[], argument = 'options'): void {
  if (typeof options !== 'object' || options === null || isArray(argument, options)) {
    throw invalidType(argument, 'an object', describe(options));
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key))
      throw invalidType(`${argument}.${shorten(key)}`, `one of the options ${known.join(', ')}`, describe(key));
  }
}

export function oneOf<T extends string>(argument: string, value: unknown, allowed: readonly T[]): T {
  if (allowed.includes(value as T)) return value as T;
  const expected = `one of ${allowed.map((each) => `'${each}'`).join(', ')}`;
  if (typeof value === 'string') throw outOfRange(argument, expected, describe(value));
  throw invalidType(argument, expected, describe(value));
}

export interface NumberRange {
  min?: number;
  max?: number;
  integer?: boolean;
}

export function checkNumber(argument: string, value: unknown, range: NumberRange = {}): number {
  const { min = -Infinity, max = Infinity, integer = false } = range;
  if (typeof value !== 'number') throw invalidType(argument, integer ? 'an integer' : 'a number', describe(value));
  if (!Number.isFinite(value) || value < min || value > max || (integer && !Number.isInteger(value))) {
    throw outOfRange(argument, describeRange(range), describe(value));
  }
  return value;
}

function describeRange({ min, max, integer = false }: NumberRange): string {
  const kind = integer ? 'an integer' : 'a finite number';
  if (min !== undefined && max !== undefined) return `${kind} in [${min}, ${max}]`;
  if (min !== undefined) return `${kind} >= ${min}`;
  return max === undefined ? kind : `${kind} <= ${max}`;
}

/** Checks and returns the value; undefined where none is given. */
export function optionalNumber(argument: string, value: unknown, range?: NumberRange): number | undefined {
  return value === undefined ? undefined : checkNumber(argument, value, range);
}

export function checkBoolean(argument: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw invalidType(argument, 'a boolean', describe(value));
  return value;
}

/** Returns a signal of any realm or polyfill; throws for a value without `aborted` and `addEventListener`. */
export function checkSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  checkReadable('signal', signal);
  const { aborted, addEventListener } = Object(signal) as Partial<AbortSignal>;
  if (typeof aborted === 'boolean' && typeof addEventListener === 'function') return signal as AbortSignal;
  throw invalidType('signal', 'an AbortSignal', describe(signal));
}
