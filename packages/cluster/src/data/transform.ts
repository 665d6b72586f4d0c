/** Applies a fitted transformation: tables of the same columns become matrices of features. */
import type { Matrix } from 'genmi';
import { describe, failed, listed, outOfRange } from '../errors.js';
import { option } from '../messages.js';
import {
  type FittedColumn,
  type FittedVector,
  FORMAT,
  missingValue,
  notFinite,
  type Transformation,
  VERSION,
} from './features.js';
import { type Column, type ColumnType, isMissing, placeOfRow, type Table, textAt, type VectorColumn } from './table.js';

/** A matrix of features, and sentences on the values that were replaced or are unknown. */
export type Features = Matrix & { readonly notes: readonly string[] };

/**
 * The features of a table, `[N, d]`, by what `fitFeatures` found; also of another table with the same columns.
 *
 * A category that the data of fit did not have is 0 in all its features, and `notes` says so. Cost O(N d).
 *
 * @throws ClusterError ERR_COLUMN with all columns that are missing, or for another type; ERR_MISSING_VALUE with row and
 *   column; ERR_UNSUPPORTED for a transformation of another version; RangeError ERR_OUT_OF_RANGE for numbers that are not
 *   finite, or not in float32
 */
export function transform(transformation: Transformation, table: Table): Features {
  checkTransformation(transformation);
  const columns = columnsOf(transformation, table);
  const width = transformation.features.length;
  const data = allocate(table.rows, width, transformation.precision);
  const notes: string[] = [];
  let first = 0;
  for (const fitted of transformation.columns) {
    const target = new Target(table, fitted, columns.get(fitted.name) as Column, data, width, first);
    first += target.write();
    notes.push(...target.notes());
  }
  return { data, shape: [table.rows, width], notes };
}

/** The types that a short file may hide. `readTable` takes them as `knownTypes`: numbers may look like ids or categories. */
export function typesOf({ columns }: Transformation): Record<string, ColumnType> {
  const hidden = columns.filter(({ kind }) => kind === 'number' || kind === 'category');
  return Object.fromEntries(hidden.map(({ name, kind }) => [name, kind]));
}

function allocate(rows: number, width: number, precision: 'float32' | 'float64'): Float32Array | Float64Array {
  try {
    return precision === 'float32' ? new Float32Array(rows * width) : new Float64Array(rows * width);
  } catch {
    const remedy = 'leave out columns with many categories';
    throw outOfRange('features', 'a matrix that fits into memory', `${rows} x ${width} numbers`, remedy);
  }
}

function checkTransformation(value: Transformation): void {
  if (typeof value !== 'object' || value === null || value.format !== FORMAT)
    throw failed('ERR_UNSUPPORTED', 'transformation', 'what fitFeatures returned', describe(value));
  if (value.version !== VERSION) {
    const remedy = 'fit once more, or use the version of genmi-cluster that fitted it';
    throw failed(
      'ERR_UNSUPPORTED',
      'transformation',
      `version ${VERSION}`,
      `version ${describe(value.version)}`,
      remedy,
    );
  }
}

function columnsOf({ columns }: Transformation, table: Table): Map<string, Column> {
  const found = new Map(table.columns.map((column) => [column.name, column]));
  const absent = columns.map(({ name }) => name).filter((name) => !found.has(name));
  if (absent.length === 0) return found;
  const expected = `the columns of fit, ${listed(absent)} among them`;
  throw failed('ERR_COLUMN', table.source, expected, listed([...found.keys()]), 'add the columns, or fit without them');
}

/** The features of one column in the matrix. */
class Target {
  readonly #unknown = new Map<string, number>();
  #filled = 0;
  readonly #levels: ReadonlyMap<string, number>;

  constructor(
    readonly table: Table,
    readonly fitted: FittedColumn,
    readonly column: Column,
    readonly data: Float32Array | Float64Array,
    readonly width: number,
    readonly first: number,
  ) {
    const levels = fitted.kind === 'category' ? fitted.levels : [];
    this.#levels = new Map(levels.map((level, feature) => [level, feature]));
  }

  /** Writes all rows, and returns the number of features. */
  write(): number {
    if (this.fitted.kind === 'vector') return this.#writeVectors(this.fitted);
    const { fitted, column } = this;
    if (column.type === 'vector') throw this.#wrongType(0, `a ${fitted.kind}`, `a vector of ${column.length} numbers`);
    for (let row = 0; row < this.table.rows; row++) {
      if (fitted.kind === 'number') this.#put(row, 0, (this.#numberAt(column, row) - fitted.centre) / fitted.spread);
      else {
        const text = this.#filledText(column, row, fitted.fill);
        if (fitted.kind === 'boolean') this.#put(row, 0, this.#booleanOf(row, text));
        else this.#writeLevel(row, text);
      }
    }
    return fitted.kind === 'category' ? fitted.levels.length : 1;
  }

  notes(): string[] {
    const { name, fill } = this.fitted;
    const notes: string[] = [];
    const by = Array.isArray(fill) ? 'the medians' : fill;
    if (this.#filled > 0) notes.push(`column '${name}': ${this.#filled} missing values were replaced by ${by}`);
    if (this.#unknown.size > 0) {
      const rows = [...this.#unknown.values()].reduce((sum, count) => sum + count, 0);
      const levels = listed([...this.#unknown.keys()].map((level) => `'${level}'`));
      notes.push(`column '${name}': ${rows} rows have categories that the data of fit had not (${levels}); they are 0`);
    }
    return notes;
  }

  #numberAt(column: Exclude<Column, VectorColumn>, row: number): number {
    const { fitted } = this;
    const fill = fitted.fill as number | undefined;
    if (isMissing(column, row)) return this.#fill(fill, row);
    if (!('values' in column) || column.type === 'date')
      throw this.#wrongType(row, 'a number', describe(textAt(column, row)));
    const value = column.values[row] as number;
    if (!Number.isFinite(value)) throw notFinite(this.table, row, `column '${fitted.name}'`, value);
    return value;
  }

  #filledText(column: Exclude<Column, VectorColumn>, row: number, fill: string | undefined): string {
    return textAt(column, row) ?? this.#fill(fill, row);
  }

  #fill<T>(fill: T | undefined, row: number, entry = `column '${this.fitted.name}'`): T {
    if (fill === undefined) throw missingValue(this.table, row, entry);
    this.#filled++;
    return fill;
  }

  #booleanOf(row: number, text: string): number {
    if (text !== 'true' && text !== 'false') throw this.#wrongType(row, 'true or false', describe(text));
    return text === 'true' ? 1 : 0;
  }

  #writeLevel(row: number, text: string): void {
    const level = this.#levels.get(text);
    if (level === undefined) this.#unknown.set(text, (this.#unknown.get(text) ?? 0) + 1);
    else this.#put(row, level, 1);
  }

  #writeVectors({ name, length, scaling, fill }: FittedVector): number {
    const { column } = this;
    if (column.type !== 'vector') throw this.#wrongType(0, `a vector of ${length} numbers`, `a ${column.type}`);
    if (column.length !== length) throw this.#wrongType(0, `a vector of ${length} numbers`, `one of ${column.length}`);
    for (let row = 0; row < this.table.rows; row++)
      for (let j = 0; j < length; j++) {
        let value = column.values[row * length + j] as number;
        if (!Number.isFinite(value)) {
          const entry = `column '${name}', entry ${j + 1} of the vector`;
          if (!Number.isNaN(value)) throw notFinite(this.table, row, entry, value);
          value = this.#fill(fill?.[j], row, entry);
        }
        const { centre, spread } = scaling?.[j] ?? { centre: 0, spread: 1 };
        this.#put(row, j, (value - centre) / spread);
      }
    return length;
  }

  #put(row: number, feature: number, value: number): void {
    const index = row * this.width + this.first + feature;
    this.data[index] = value;
    if (Number.isFinite(this.data[index])) return;
    const place = `${placeOfRow(this.table, row)}, column '${this.fitted.name}'`;
    const precision = this.data instanceof Float32Array ? 'float32' : 'float64';
    const remedy = ['choose another ', option('scale'), [', or ', option('precision', 'float64')]];
    throw outOfRange(place, `a feature that ${precision} can hold`, String(value), remedy);
  }

  #wrongType(row: number, expected: string, received: string): Error {
    const place = `${placeOfRow(this.table, row)}, column '${this.fitted.name}'`;
    return failed('ERR_COLUMN', place, `${expected} as in the data of fit`, received, 'correct the column');
  }
}
