/** A table: rows of a file or of arrays, as typed columns with their missing values marked. */
import { failed, listed } from '../errors.js';

/** What the values of a column are. */
export type ColumnType = Column['type'];

interface ColumnBase {
  readonly name: string;
  /** The number of entries without a value. */
  readonly missing: number;
  /** Why the column has its type, in words. */
  readonly reason: string;
}

/** Numbers; NaN marks a missing one. */
export interface NumberColumn extends ColumnBase {
  readonly type: 'number';
  readonly values: Float64Array;
}

/** Milliseconds since 1970 in UTC; NaN marks a missing date. */
export interface DateColumn extends ColumnBase {
  readonly type: 'date';
  readonly values: Float64Array;
}

/** Texts. Entry i is `levels[codes[i]]`; the code -1 marks a missing one. Booleans have the levels 'false' and 'true'. */
export interface LevelColumn extends ColumnBase {
  readonly type: 'category' | 'text' | 'boolean' | 'id';
  readonly levels: readonly string[];
  readonly codes: Int32Array;
}

/** Whole numbers that name a row, and say nothing about it; NaN marks a missing one. */
export interface NumberedIdColumn extends ColumnBase {
  readonly type: 'id';
  readonly values: Float64Array;
}

/** A vector of `length` numbers in each row, row after row; a missing vector is all NaN. */
export interface VectorColumn extends ColumnBase {
  readonly type: 'vector';
  readonly length: number;
  /** The shape of one vector before it was flattened, such as [28, 28] of an image. */
  readonly shape: readonly number[];
  readonly values: Float32Array | Float64Array;
}

export type Column = NumberColumn | DateColumn | LevelColumn | NumberedIdColumn | VectorColumn;

/** The formats that can be read. */
export type Format = 'csv' | 'json-lines' | 'parquet' | 'arrow' | 'npy' | 'idx';

/** How a table was read: what was found in the file, and what a person should know about it. */
export interface ReadReport {
  readonly format: Format | 'arrays';
  readonly gzip: boolean;
  /** Of CSV alone. */
  readonly separator?: string;
  /** Of CSV alone: the sign before the digits after the point. */
  readonly decimal?: '.' | ',';
  /** Of CSV alone: whether the first line names the columns. */
  readonly header?: boolean;
  /** Of CSV alone: whether there are quoted cells in its beginning. */
  readonly quoted?: boolean;
  /** Of CSV alone: whether it begins with a byte order mark. */
  readonly byteOrderMark?: boolean;
  /** One sentence each. */
  readonly notes: readonly string[];
}

/** Typed columns of equal length. */
export interface Table {
  /** The file's name as it was given, or 'arrays'. */
  readonly source: string;
  readonly rows: number;
  readonly columns: readonly Column[];
  /** The line of the file in which each row ends, from 1; formats without lines have none. */
  readonly lines?: Int32Array;
  readonly report: ReadReport;
}

/** Names a row in a message: by its line where the file has lines, and by its number from 1. */
export function placeOfRow(table: Table, row: number): string {
  const line = table.lines?.[row];
  return line === undefined ? `${table.source}, row ${row + 1}` : `${table.source}, line ${line} (row ${row + 1})`;
}

/** The column of this name. @throws ClusterError ERR_COLUMN where there is none, with the names there are */
export function columnOf(table: Table, name: string, argument: string): Column {
  const column = table.columns.find((one) => one.name === name);
  if (column === undefined)
    throw unknownColumn(
      argument,
      name,
      table.columns.map((one) => one.name),
    );
  return column;
}

export function unknownColumn(argument: string, name: string, names: readonly string[]): Error {
  const expected = `one of the columns ${listed(names)}`;
  return failed('ERR_COLUMN', { argument, rest: '' }, expected, `'${name}'`, 'write the name as the file does');
}

/** Whether the entry of a row has no value. */
export function isMissing(column: Column, row: number): boolean {
  if (column.type === 'vector') return isMissingVector(column, row);
  if ('codes' in column) return column.codes[row] === -1;
  return Number.isNaN(column.values[row]);
}

function isMissingVector({ values, length }: VectorColumn, row: number): boolean {
  for (let j = row * length; j < (row + 1) * length; j++) if (!Number.isNaN(values[j])) return false;
  return true;
}

/** The entry of a row as text; undefined where it is missing. Dates are in ISO 8601, vectors are not text. */
export function textAt(column: Exclude<Column, VectorColumn>, row: number): string | undefined {
  if (isMissing(column, row)) return undefined;
  if ('codes' in column) return column.levels[column.codes[row] as number];
  const value = column.values[row] as number;
  return column.type === 'date' ? new Date(value).toISOString() : String(value);
}
