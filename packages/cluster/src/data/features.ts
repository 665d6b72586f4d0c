/** Fits the way from the columns of a table to a matrix of features. */
import { checkOptions, oneOf } from '../base/options.js';
import { describe, failed, invalidType, outOfRange } from '../errors.js';
import { option, type Text } from '../messages.js';
import { checkNames } from './options.js';
import { median, type Scale, type Scaling, scalingOf } from './statistics.js';
import { type Column, columnOf, type LevelColumn, placeOfRow, type Table, type VectorColumn } from './table.js';

export interface FeatureOptions {
  /** The columns to use; default: all that can be features. A named column that cannot be one is refused. */
  readonly columns?: readonly string[];
  /** The column of known classes, which is no feature. */
  readonly label?: string;
  /**
   * `'standard'`: mean 0 and variance 1. `'robust'`: median 0, quartiles at distance 1. `'none'`: as they are.
   *
   * Default: numbers `'standard'`, vectors `'none'`. Categories and booleans stay 0 and 1.
   */
  readonly scale?: Scale;
  /** `'median'`: missing numbers become the median, missing categories the most frequent one. Default: refused. */
  readonly impute?: 'median';
  /** Default `'float32'`. */
  readonly precision?: 'float32' | 'float64';
}

/** A column as features. `fill` replaces missing values; without it they are refused. */
export type FittedColumn =
  | ({ readonly kind: 'number'; readonly name: string; readonly fill?: number } & Scaling)
  | { readonly kind: 'boolean'; readonly name: string; readonly fill?: string }
  | { readonly kind: 'category'; readonly name: string; readonly levels: readonly string[]; readonly fill?: string }
  | FittedVector;

export interface FittedVector {
  readonly kind: 'vector';
  readonly name: string;
  readonly length: number;
  /** One for each entry of the vector; none where vectors stay as they are. */
  readonly scaling?: readonly Scaling[];
  readonly fill?: readonly number[];
}

/** A fitted way from tables to features: plain data that JSON can hold. `transform` applies it. */
export interface Transformation {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  readonly precision: 'float32' | 'float64';
  readonly columns: readonly FittedColumn[];
  /** The name of each feature: `size`, `island=Dream`, `embedding[3]`. */
  readonly features: readonly string[];
  /** The columns that are no features, with the reason. */
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

export const FORMAT = 'genmi-cluster features';
export const VERSION = 1;
/** Clusters of a single row mean nothing, and a single row has no spread. */
const FEWEST_ROWS = 2;

/**
 * Fits the features of a table: numbers are scaled, categories one-hot (1 at the category, 0 elsewhere), booleans 0 or 1,
 * vectors as they are.
 *
 * Ids, texts, dates and constant columns are left out, and `skipped` says why. Cost O(N d log N).
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE and RangeError ERR_OUT_OF_RANGE for wrong options, and for numbers that are not
 *   finite; ClusterError ERR_MISSING_VALUE with row and column, ERR_COLUMN, ERR_EMPTY
 */
export function fitFeatures(table: Table, options: FeatureOptions = {}): Transformation {
  checkFeatureOptions(options);
  const { label, precision = 'float32' } = options;
  if (table.rows < FEWEST_ROWS)
    throw failed(
      'ERR_EMPTY',
      table.source,
      `at least ${FEWEST_ROWS} rows to fit`,
      `${table.rows}`,
      'name a longer file',
    );
  if (label !== undefined) columnOf(table, label, 'label');
  const columns: FittedColumn[] = [];
  const skipped: { name: string; reason: string }[] = [];
  for (const { name, column, reason } of candidates(table, options)) {
    const result = reason ?? fitColumn(table, column, options);
    if (typeof result === 'string') skipped.push({ name, reason: result });
    else columns.push(result);
  }
  if (columns.length === 0) throw noFeatures(table, skipped);
  return { format: FORMAT, version: VERSION, precision, columns, features: columns.flatMap(featureNames), skipped };
}

function checkFeatureOptions(options: FeatureOptions): void {
  checkOptions(options, ['columns', 'label', 'scale', 'impute', 'precision'] satisfies (keyof FeatureOptions)[]);
  const { columns, label, scale, impute, precision } = options;
  if (columns !== undefined) checkNames('columns', columns);
  if (label !== undefined && typeof label !== 'string') throw invalidType('label', 'a string', describe(label));
  if (scale !== undefined) oneOf('scale', scale, ['none', 'standard', 'robust']);
  if (impute !== undefined) oneOf('impute', impute, ['median']);
  if (precision !== undefined) oneOf('precision', precision, ['float32', 'float64']);
  if (label !== undefined && columns?.includes(label))
    throw outOfRange('columns', 'features', `'${label}', which is the label`, 'leave it out of one of the two');
}

/** The columns in the order of the table, each with the reason why it can be no feature. */
function candidates(table: Table, { columns, label }: FeatureOptions) {
  for (const name of columns ?? []) refuseUnusable(columnOf(table, name, 'columns'));
  return table.columns.map((column) => {
    const { name } = column;
    if (name === label) return { name, column, reason: 'the label' };
    if (columns !== undefined && !columns.includes(name)) return { name, column, reason: 'not named' };
    return { name, column, reason: reasonOfNoFeature(column) };
  });
}

function reasonOfNoFeature({ type, reason }: Column): string | undefined {
  if (type === 'id') return `an id: ${reason}`;
  if (type === 'text') return `text: ${reason}`;
  return type === 'date' ? 'a date' : undefined;
}

function refuseUnusable(column: Column): void {
  const reason = reasonOfNoFeature(column);
  if (reason === undefined) return;
  const other = 'values' in column && column.type === 'id' ? 'number' : 'category';
  const remedy =
    column.type === 'date'
      ? 'convert it to a number, such as days'
      : ['leave it out, or read it by ', option('types', { [column.name]: other })];
  const place = { argument: 'columns', rest: `, '${column.name}'` };
  throw failed('ERR_COLUMN', place, 'a number, a category, a boolean or a vector', reason, remedy);
}

function noFeatures(table: Table, skipped: readonly { name: string; reason: string }[]): Error {
  const reasons = skipped.slice(0, 5).map(({ name, reason }) => `'${name}' (${reason})`);
  const more = skipped.length > reasons.length ? ` and ${skipped.length - reasons.length} more` : '';
  const joined = table.columns.length === 1 && table.report.format === 'csv';
  const remedy: Text = [
    ...['check the types of the columns, or set them by ', option('types')],
    ...(joined ? [[', or name what separates cells by ', option('separator')]] : []),
  ];
  const expected = 'at least one column that can be a feature';
  return failed('ERR_EMPTY', table.source, expected, `${reasons.join(', ')}${more}`, remedy);
}

/** A column as features, or the reason why it is none. */
function fitColumn(table: Table, column: Column, options: FeatureOptions): FittedColumn | string {
  if (column.missing === table.rows) return 'no values';
  if (column.type === 'vector') return fitVector(table, column, options);
  if ('codes' in column) return fitLevels(table, column, options);
  checkEntries(table, column, column.values, 1, options);
  const present = column.values.filter((value) => !Number.isNaN(value));
  const first = present[0] as number;
  if (present.every((value) => value === first)) return `constant: ${first}`;
  const fill = options.impute && median(present);
  const values = fill === undefined ? present : column.values.map((value) => (Number.isNaN(value) ? fill : value));
  const scaling = checkSpread(table, column.name, scalingOf(values, options.scale ?? 'standard'));
  return { kind: 'number', name: column.name, ...scaling, ...(fill !== undefined && { fill }) };
}

function fitLevels(table: Table, column: LevelColumn, { impute }: FeatureOptions): FittedColumn | string {
  const { name, codes } = column;
  const counts = new Map<string, number>();
  for (let row = 0; row < codes.length; row++) {
    const code = codes[row] as number;
    if (code === -1 && impute === undefined) throw missingValue(table, row, `column '${name}'`);
    const level = column.levels[code];
    if (level !== undefined) counts.set(level, (counts.get(level) ?? 0) + 1);
  }
  const levels = [...counts.keys()].sort();
  if (levels.length === 1) return `constant: ${describe(levels[0])}`;
  // The first of the most frequent ones.
  const most = levels.reduce((best, level) =>
    (counts.get(level) as number) > (counts.get(best) as number) ? level : best,
  );
  const fill = impute === undefined ? {} : { fill: most };
  return column.type === 'boolean' ? { kind: 'boolean', name, ...fill } : { kind: 'category', name, levels, ...fill };
}

function fitVector(table: Table, column: VectorColumn, options: FeatureOptions): FittedColumn | string {
  const { name, length, values } = column;
  const { scale = 'none', impute } = options;
  checkEntries(table, column, values, length, options);
  if (isConstant(values, length)) return 'constant';
  const fitted: FittedVector = { kind: 'vector', name, length };
  if (scale === 'none' && impute === undefined) return fitted;
  const fill: number[] = [];
  const scaling: Scaling[] = [];
  for (let j = 0; j < length; j++) {
    const entries = Float64Array.from({ length: table.rows }, (_, row) => values[row * length + j] as number);
    const present = entries.filter((value) => !Number.isNaN(value));
    const middle = present.length === 0 ? 0 : median(present);
    fill.push(middle);
    const filled = entries.map((value) => (Number.isNaN(value) ? middle : value));
    scaling.push(checkSpread(table, `${name}[${j}]`, scalingOf(filled, scale)));
  }
  return { ...fitted, ...(scale !== 'none' && { scaling }), ...(impute !== undefined && { fill }) };
}

function isConstant(values: Float32Array | Float64Array, length: number): boolean {
  for (let i = length; i < values.length; i++) if (values[i] !== values[i - length]) return false;
  return true;
}

/** Throws for the first entry that is infinite, or missing without being imputed. */
function checkEntries(
  table: Table,
  { name, type }: Column,
  values: Float32Array | Float64Array,
  length: number,
  { impute }: FeatureOptions,
): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (Number.isFinite(value)) continue;
    const entry = type === 'vector' ? `column '${name}', entry ${(i % length) + 1} of the vector` : `column '${name}'`;
    const row = Math.floor(i / length);
    if (!Number.isNaN(value)) throw notFinite(table, row, entry, value);
    if (impute === undefined) throw missingValue(table, row, entry);
  }
}

export function missingValue(table: Table, row: number, entry: string): Error {
  const remedy = ['fill it in, remove the row, leave the column out, or set ', option('impute', 'median')];
  return failed('ERR_MISSING_VALUE', `${placeOfRow(table, row)}, ${entry}`, 'a value', 'none', remedy);
}

export function notFinite(table: Table, row: number, entry: string, value: number): Error {
  return outOfRange(
    `${placeOfRow(table, row)}, ${entry}`,
    'a finite number',
    String(value),
    'correct it, or leave it empty',
  );
}

function checkSpread({ source }: Table, name: string, scaling: Scaling): Scaling {
  if (Number.isFinite(scaling.centre) && Number.isFinite(scaling.spread)) return scaling;
  const place = `${source}, column '${name}'`;
  const remedy = 'divide the column by a large number';
  throw outOfRange(place, 'numbers whose differences are at most 1.8e308', 'larger ones', remedy);
}

function featureNames(column: FittedColumn): string[] {
  if (column.kind === 'category') return column.levels.map((level) => `${column.name}=${level}`);
  if (column.kind === 'vector') return Array.from({ length: column.length }, (_, j) => `${column.name}[${j}]`);
  return [column.name];
}
