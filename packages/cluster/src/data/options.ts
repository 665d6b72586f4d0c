/** What all readers of tables are told. */
import { checkNumber, checkOptions, oneOf } from '../base/options.js';
import { describe, failed, invalidType, outOfRange } from '../errors.js';
import type { Text } from '../messages.js';
import { type ColumnType, type Format, unknownColumn } from './table.js';

/** Options of `readTable`. Those of text files say so. */
export interface ReadOptions {
  /** Default: by content, then by the name's extension. */
  readonly format?: Format;
  /** The columns to read; default: all. */
  readonly columns?: readonly string[];
  /** Types of columns by name, where the found ones are wrong. */
  readonly types?: Readonly<Record<string, ColumnType>>;
  /** Types of columns that the file need not have, such as `typesOf` a transformation. */
  readonly knownTypes?: Readonly<Record<string, ColumnType>>;
  /** CSV: one character; default: found. */
  readonly separator?: string;
  /** CSV: the decimal sign; default: found. */
  readonly decimal?: '.' | ',';
  /** CSV: whether the first line names the columns; default: found. */
  readonly header?: boolean;
  /** CSV: the cells without a value; default: `missingCells`. */
  readonly missing?: readonly string[];
  /** Text files: the longest line in bytes; default 64 MiB. */
  readonly longestLine?: number;
  /** Ends the reading with its reason. */
  readonly signal?: AbortSignal;
}

export const columnTypes: readonly ColumnType[] = ['number', 'category', 'text', 'id', 'date', 'boolean', 'vector'];
export const formats: readonly Format[] = ['csv', 'json-lines', 'parquet', 'arrow', 'npy', 'idx'];

const known: readonly (keyof ReadOptions)[] = [
  ...(['format', 'columns', 'types', 'knownTypes'] as const),
  ...(['separator', 'decimal', 'header', 'missing', 'longestLine', 'signal'] as const),
];
export const LONGEST_LINE = 1 << 26;

/** @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE */
export function checkReadOptions(options: ReadOptions): void {
  checkOptions(options, known);
  const { format, columns, types, knownTypes, separator, decimal, header, missing, longestLine, signal } = options;
  if (format !== undefined) oneOf('format', format, formats);
  if (columns !== undefined) checkNames('columns', columns);
  if (types !== undefined) checkTypes('types', types);
  if (knownTypes !== undefined) checkTypes('knownTypes', knownTypes);
  if (separator !== undefined) checkSeparator(separator);
  if (decimal !== undefined) oneOf('decimal', decimal, ['.', ',']);
  if (header !== undefined && typeof header !== 'boolean') throw invalidType('header', 'a boolean', describe(header));
  if (missing !== undefined) checkNames('missing', missing, 0);
  if (longestLine !== undefined) checkNumber('longestLine', longestLine, { min: 1, max: 2 ** 29, integer: true });
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw invalidType('signal', 'an AbortSignal', describe(signal));
}

export function checkNames(argument: string, names: unknown, fewest = 1): asserts names is readonly string[] {
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string'))
    throw invalidType(argument, 'an array of strings', describe(names));
  if (names.length < fewest) throw outOfRange(argument, 'at least one name', 'none');
  const twice = firstTwice(names);
  if (twice !== undefined) throw outOfRange(argument, 'each name once', `'${twice}' twice`);
}

/** The first name that occurs a second time. */
function firstTwice(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
}

/** Refuses a file with two columns of one name. `or`: another remedy than to rename one. */
export function checkDifferent(place: string, names: readonly string[], or: Text = ''): void {
  const twice = firstTwice(names);
  if (twice === undefined) return;
  throw failed('ERR_FORMAT', place, 'different column names', `'${twice}' twice`, ['rename one of them', or]);
}

function checkTypes(argument: string, types: unknown): void {
  if (typeof types !== 'object' || types === null || Array.isArray(types))
    throw invalidType(argument, 'an object with a type for each name', describe(types));
  for (const [name, type] of Object.entries(types)) oneOf(`${argument}['${name}']`, type, columnTypes);
}

function checkSeparator(separator: unknown): void {
  if (typeof separator !== 'string') throw invalidType('separator', 'a string', describe(separator));
  if (separator.length !== 1 || /["\r\n]/.test(separator) || separator > '\x7f')
    throw outOfRange('separator', 'one ASCII character, no quote and no end of a line', describe(separator));
}

/** Throws where `columns` or `types` name a column that is not there. */
export function checkChosen(options: ReadOptions, names: readonly string[]): void {
  for (const name of options.columns ?? []) if (!names.includes(name)) throw unknownColumn('columns', name, names);
  for (const name of Object.keys(options.types ?? {}))
    if (!names.includes(name)) throw unknownColumn('types', name, names);
}

/** Whether a column is to be read. */
export const isChosen = (options: ReadOptions, name: string): boolean => options.columns?.includes(name) ?? true;

/** The type that was asked for. */
export const wantedType = ({ types, knownTypes }: ReadOptions, name: string): ColumnType | undefined =>
  typeIn(types, name) ?? typeIn(knownTypes, name);

const typeIn = (types: ReadOptions['types'], name: string) =>
  types !== undefined && Object.hasOwn(types, name) ? types[name] : undefined;
