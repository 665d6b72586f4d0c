/** Makes every error that the package throws: its class, its code, and its message in one form. */
import { typedArrayName } from './typed-arrays.js';

/**
 * The codes of a GenmiError.
 *
 * `'ERR_ITERATION_LIMIT'` is reserved: transport that stops at `maxPivots` says so in its `status`, and nothing else
 * has a limit.
 */
export type GenmiErrorCode =
  | 'ERR_INFEASIBLE'
  | 'ERR_ITERATION_LIMIT'
  | 'ERR_BACKEND_UNAVAILABLE'
  | 'ERR_NATIVE_NOT_FOUND'
  | 'ERR_DISPOSED'
  | 'ERR_BUSY'
  | 'ERR_OUT_OF_MEMORY'
  | 'ERR_UNSUPPORTED';

/** A failure other than a wrong argument. A wrong argument is a `TypeError` or a `RangeError` with a `code`. */
export class GenmiError extends Error {
  /** The name of the class. */
  override readonly name = 'GenmiError';
  /** @internal Only genmi makes these. */
  constructor(
    /** The kind of the failure. */
    readonly code: GenmiErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

function explain(argument: string, expected: string, received: string, remedy?: string): string {
  const text = `${argument}: expected ${expected}, received ${received}`;
  return remedy === undefined ? text : `${text}; ${remedy}`;
}

/** An argument of the wrong kind: a `TypeError` with code ERR_INVALID_ARG_TYPE, to be thrown. */
export function invalidType(argument: string, expected: string, received: string, remedy?: string): TypeError {
  return withCode(new TypeError(explain(argument, expected, received, remedy)), 'ERR_INVALID_ARG_TYPE');
}

/** A wrong shape or value: a `RangeError` with code ERR_OUT_OF_RANGE, to be thrown. */
export function outOfRange(argument: string, expected: string, received: string, remedy?: string): RangeError {
  return withCode(new RangeError(explain(argument, expected, received, remedy)), 'ERR_OUT_OF_RANGE');
}

/** A request that cannot be met although its arguments are right: a `GenmiError`, to be thrown. */
export function refused(
  code: GenmiErrorCode,
  argument: string,
  expected: string,
  received: string,
  remedy?: string,
): GenmiError {
  return new GenmiError(code, explain(argument, expected, received, remedy));
}

/** No memory to load the native addon: a `GenmiError`, to be thrown. */
export function outOfMemoryToLoad(cause: unknown): GenmiError {
  const message = explain(
    'memory',
    'room for the native addon',
    'a failed allocation',
    'end other threads or processes',
  );
  return new GenmiError('ERR_OUT_OF_MEMORY', message, { cause });
}

/** A native addon that cannot be loaded: a `GenmiError`, to be thrown. */
export function notLoaded(message: string, cause: unknown): GenmiError {
  return new GenmiError('ERR_NATIVE_NOT_FOUND', message, { cause });
}

/** The error for a code of the native core. */
export function fromNative(code: string, message: string): Error {
  if (code === 'ERR_INVALID_ARG_TYPE') return withCode(new TypeError(message), code);
  if (code === 'ERR_OUT_OF_RANGE') return withCode(new RangeError(message), code);
  return new GenmiError(code as GenmiErrorCode, message);
}

function withCode<T extends Error>(error: T, code: string): T {
  return Object.assign(error, { code });
}

/**
 * `Array.isArray`, with an error that explains revoked proxies.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE for a revoked proxy, such as an immer draft after its end: reading it throws
 */
export function isArray(argument: string | (() => string), value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    throw invalidType(
      typeof argument === 'string' ? argument : argument(),
      'a value that can be read',
      'a revoked proxy',
      'copy the content of a draft before it ends',
    );
  }
}

/** Throws what `isArray` throws for a revoked proxy. */
export function checkReadable(argument: string, value: unknown): void {
  isArray(argument, value);
}

const LONGEST = 60;
const MOST_KEYS = 8;

/** Names a value in a message: shortly, and by its type. Never throws, even where reading the value throws. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return `'${shorten(value)}'`;
  if (typeof value === 'bigint') return `${shorten(String(value))}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return shorten(String(value));
  try {
    return describeObject(value);
  } catch {
    return 'an object that cannot be read';
  }
}

function describeObject(value: object): string {
  if (Array.isArray(value)) return `an array of length ${shorten(String(value.length))}`;
  const typedArray = typedArrayName(value);
  if (typedArray !== undefined) return `${typedArray}(${(value as Uint8Array).length})`;
  const name: unknown = value.constructor?.name;
  if (typeof name !== 'string' || name === '' || name === 'Object') return describeKeys(Object.keys(value));
  return `${/^[aeiou]/i.test(name) ? 'an' : 'a'} ${shorten(name)}`;
}

/** Writes a list as `[2, 3]`, with its first MOST_KEYS values at most. */
export function describeList(values: ArrayLike<unknown>): string {
  const shown = Array.from({ length: Math.min(values.length, MOST_KEYS) }, (_, i) => describe(values[i]));
  return `[${shown.join(', ')}${values.length > MOST_KEYS ? ', …' : ''}]`;
}

function describeKeys(keys: readonly string[]): string {
  const shown = keys.slice(0, MOST_KEYS).map(shorten).join(', ');
  const rest = keys.length > MOST_KEYS ? `, and ${keys.length - MOST_KEYS} more` : '';
  return `an object with keys ${shown || '(none)'}${rest}`;
}

export function shorten(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
