/** Makes every error that the package throws: its class, its code, and its message in one form. */
import { type ArgumentPlace, explained, placeOfArgument, type Text } from './messages.js';

/**
 * The codes of a ClusterError.
 *
 * `'ERR_FILE'`: a file that cannot be opened or read. `'ERR_FORMAT'`: content that breaks the rules of its format.
 * `'ERR_EMPTY'`: no rows, or no columns left. `'ERR_COLUMN'`: a column that is not there, or that has the wrong type.
 * `'ERR_MISSING_VALUE'`: an entry without a value. `'ERR_UNSUPPORTED'`: a part of a format that is not read here.
 * `'ERR_PEER_NOT_FOUND'`: an optional package that is not installed. `'ERR_NOT_FINITE'`: numbers of a training that are
 * no longer finite.
 */
export type ClusterErrorCode =
  | 'ERR_FILE'
  | 'ERR_FORMAT'
  | 'ERR_EMPTY'
  | 'ERR_COLUMN'
  | 'ERR_MISSING_VALUE'
  | 'ERR_UNSUPPORTED'
  | 'ERR_PEER_NOT_FOUND'
  | 'ERR_NOT_FINITE';

/** A failure other than a wrong argument. A wrong argument is a `TypeError` or a `RangeError` with a `code`. */
export class ClusterError extends Error {
  /** The name of the class. */
  override readonly name = 'ClusterError';
  /** @internal Only genmi-cluster makes these. */
  constructor(
    /** The kind of the failure. */
    readonly code: ClusterErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** An argument of the wrong kind: a `TypeError` with code ERR_INVALID_ARG_TYPE, to be thrown. */
export function invalidType(argument: string, expected: string, received: string, remedy?: Text): TypeError {
  const message = { place: placeOfArgument(argument), expected, received, remedy };
  return withCode(
    explained(message, (text) => new TypeError(text)),
    'ERR_INVALID_ARG_TYPE',
  );
}

/** A wrong shape or value: a `RangeError` with code ERR_OUT_OF_RANGE, to be thrown. */
export function outOfRange(argument: string, expected: string, received: string, remedy?: Text): RangeError {
  const message = { place: placeOfArgument(argument), expected, received, remedy };
  return withCode(
    explained(message, (text) => new RangeError(text)),
    'ERR_OUT_OF_RANGE',
  );
}

/** A failure that no argument is to blame for: a `ClusterError`, to be thrown. The place is a file, row or column. */
export function failed(
  code: ClusterErrorCode,
  place: string | ArgumentPlace,
  expected: string,
  received: string,
  remedy?: Text,
  cause?: unknown,
): ClusterError {
  const options = cause === undefined ? {} : { cause };
  return explained({ place, expected, received, remedy }, (text) => new ClusterError(code, text, options));
}

function withCode<T extends Error>(error: T, code: string): T {
  return Object.assign(error, { code });
}

const LONGEST = 60;
const MOST = 8;

/** Names a value in a message: shortly, and by its type. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return `'${shorten(value)}'`;
  if (typeof value === 'bigint') return `${shorten(String(value))}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return shorten(String(value));
  if (Array.isArray(value)) return `an array of length ${value.length}`;
  if (ArrayBuffer.isView(value) && 'length' in value) return `${value.constructor.name}(${value.length})`;
  const name: unknown = value.constructor?.name;
  if (typeof name === 'string' && name !== '' && name !== 'Object')
    return `${/^[aeiou]/i.test(name) ? 'an' : 'a'} ${shorten(name)}`;
  return `an object with keys ${listed(Object.keys(value)) || '(none)'}`;
}

/** Writes names as `a, b and 3 more`. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST).map(shorten).join(', ');
  return names.length > MOST ? `${shown} and ${names.length - MOST} more` : shown;
}

export function shorten(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
