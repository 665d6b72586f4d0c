/** Every error that the package throws is made here: its class, its code, and one form of message. */

/** `'ERR_ITERATION_LIMIT'` is reserved: transport that stops at `maxPivots` says so in its `status`, and nothing else has a limit. */
export type GenmiErrorCode =
  | 'ERR_INFEASIBLE'
  | 'ERR_ITERATION_LIMIT'
  | 'ERR_BACKEND_UNAVAILABLE'
  | 'ERR_NATIVE_NOT_FOUND'
  | 'ERR_DISPOSED'
  | 'ERR_OUT_OF_MEMORY'
  | 'ERR_UNSUPPORTED';

/** What went wrong beyond a wrong argument; wrong arguments are `TypeError` and `RangeError` with a `code`. */
export class GenmiError extends Error {
  override readonly name = 'GenmiError';
  constructor(
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

/** What cannot be done here although the arguments are right: a `GenmiError`, to be thrown. */
export function refused(
  code: GenmiErrorCode,
  argument: string,
  expected: string,
  received: string,
  remedy?: string,
): GenmiError {
  return new GenmiError(code, explain(argument, expected, received, remedy));
}

/** No native addon: a `GenmiError`, to be thrown. */
export function notLoaded(message: string, cause: unknown): GenmiError {
  return new GenmiError('ERR_NATIVE_NOT_FOUND', message, { cause });
}

/** The error behind a code of the native core. */
export function fromNative(code: string, message: string): Error {
  if (code === 'ERR_INVALID_ARG_TYPE') return withCode(new TypeError(message), code);
  if (code === 'ERR_OUT_OF_RANGE') return withCode(new RangeError(message), code);
  return new GenmiError(code as GenmiErrorCode, message);
}

function withCode<T extends Error>(error: T, code: string): T {
  return Object.assign(error, { code });
}

/** How a value is named in a message: short, and telling its kind. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'function') return `a function`;
  if (Array.isArray(value)) return `an array of length ${value.length}`;
  if (ArrayBuffer.isView(value)) {
    const name = value.constructor.name;
    return 'length' in value ? `${name}(${String(value.length)})` : name;
  }
  if (typeof value === 'object' && value !== null) {
    const name = value.constructor?.name;
    return name === undefined || name === 'Object'
      ? `an object with keys ${Object.keys(value).join(', ') || '(none)'}`
      : `a ${name}`;
  }
  return String(value);
}
