/** Reads files with one JSON array or object in each line, such as embeddings. */
import { describe, failed } from '../errors.js';
import { ColumnBuilder } from './column-builder.js';
import { type Beginning, readBeginning } from './files.js';
import { Growable } from './growable.js';
import { checkChosen, isChosen, LONGEST_LINE, type ReadOptions, wantedType } from './options.js';
import type { Table } from './table.js';
import { linesOf } from './text.js';

/** The name of the column where lines are arrays. */
const VECTOR = 'vector';
const ONE_A_LINE = 'write one value a line, such as by `jq -c .[]`';

/**
 * Reads JSON lines: arrays of numbers become one column of vectors, objects a column for each key.
 *
 * An array of numbers in an object is a vector. null, or a key that a line lacks, is a missing value.
 *
 * @throws ClusterError ERR_FILE, ERR_FORMAT with the line, ERR_EMPTY, ERR_COLUMN
 */
export async function readJsonLines(file: string, options: ReadOptions = {}, known?: Beginning): Promise<Table> {
  const beginning = known ?? (await readBeginning(file));
  const reader = new LineReader(file, options);
  const longest = options.longestLine ?? LONGEST_LINE;
  for await (const { text, line } of linesOf(file, beginning, longest, options.signal)) reader.take(text, line);
  return reader.finish(beginning.gzip);
}

class LineReader {
  readonly #lines = new Growable((length) => new Int32Array(length));
  readonly #builders = new Map<string, ColumnBuilder>();
  /** The keys in order of appearance, those of columns that are not read included. */
  readonly #keys = new Set<string>();
  #arrays: boolean | undefined;

  constructor(
    readonly file: string,
    readonly options: ReadOptions,
  ) {}

  take(text: string, line: number): void {
    const value = this.#parse(text, line);
    const isArray = Array.isArray(value);
    this.#arrays ??= isArray;
    if (typeof value !== 'object' || value === null || isArray !== this.#arrays) throw this.#wrongKind(value, line);
    if (isArray && this.#lines.length === 0 && Object(value[0]) === value[0]) throw this.#allInOne(value, line);
    this.#lines.push(line);
    const row = isArray ? { [VECTOR]: value } : (value as Record<string, unknown>);
    for (const key of Object.keys(row)) if (!this.#keys.has(key)) this.#addColumn(key);
    for (const [key, builder] of this.#builders) builder.add(Object.hasOwn(row, key) ? row[key] : undefined);
  }

  #parse(text: string, line: number): unknown {
    try {
      return JSON.parse(text);
    } catch (error) {
      const received = `${describe(text)} (${(error as Error).message})`;
      const remedy = /\bNaN\b|\bInfinity\b/.test(text) ? 'write null instead of NaN and Infinity' : ONE_A_LINE;
      throw failed('ERR_FORMAT', `${this.file}, line ${line}`, 'JSON', received, remedy, error);
    }
  }

  #wrongKind(value: unknown, line: number): Error {
    const expected = this.#lines.length === 0 ? 'an array or an object' : `an ${this.#arrays ? 'array' : 'object'}`;
    return failed('ERR_FORMAT', `${this.file}, line ${line}`, `${expected} as in the lines before`, describe(value));
  }

  #allInOne(rows: readonly unknown[], line: number): Error {
    const received = `an array of ${rows.length} ${Array.isArray(rows[0]) ? 'arrays' : 'objects'}`;
    return failed('ERR_FORMAT', `${this.file}, line ${line}`, 'a row: an array of numbers', received, ONE_A_LINE);
  }

  #addColumn(key: string): void {
    this.#keys.add(key);
    if (!isChosen(this.options, key)) return;
    const place = (row: number) => `${this.file}, line ${this.#lines.at(row)}`;
    const builder = new ColumnBuilder(key, place, wantedType(this.options, key));
    builder.rows = this.#lines.length - 1;
    this.#builders.set(key, builder);
  }

  finish(gzip: boolean): Table {
    const lines = this.#lines.finish();
    if (lines.length === 0)
      throw failed('ERR_EMPTY', this.file, 'rows of data', 'none', 'check the program that wrote it');
    checkChosen(this.options, [...this.#keys]);
    const columns = [...this.#builders.values()].map((builder) => builder.finish());
    const notes = [this.#arrays ? `each line is an array: column '${VECTOR}'` : 'each line is an object'];
    return { source: this.file, rows: lines.length, columns, lines, report: { format: 'json-lines', gzip, notes } };
  }
}
