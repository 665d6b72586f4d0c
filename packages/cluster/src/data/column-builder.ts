/** Collects the entries of one column, finds its type, and says why. */
import { describe, failed } from '../errors.js';
import { option } from '../messages.js';
import { cannotBe, countMissing, numberColumn, textColumn, vectorColumn } from './column-types.js';
import { Growable } from './growable.js';
import type { Column, ColumnType, VectorColumn } from './table.js';

type Kind = 'number' | 'date' | 'text' | 'boolean' | 'vector';

/** Where a row stands, such as `data.csv, line 3`. */
export type Place = (row: number) => string;

/** Takes entries that have a JavaScript type: of arrays, JSON lines, Parquet, Arrow. */
export class ColumnBuilder {
  rows = 0;
  protected kind: Kind | undefined;
  protected readonly numbers = new Growable((length) => new Float64Array(length));
  protected readonly codes = new Growable((length) => new Int32Array(length));
  readonly #codeOfLevel = new Map<string, number>();
  #vectors: Growable<Float32Array | Float64Array> | undefined;
  #length = 0;
  /** Whether the numbers of this column are kept as texts. */
  #codesOfNumbers = false;

  constructor(
    readonly name: string,
    readonly place: Place,
    /** The type that the reader was told to give the column. */
    readonly wanted?: ColumnType,
    /** How vectors of plain numbers are kept. */
    readonly precision: 'float32' | 'float64' = 'float64',
  ) {}

  /** The place of an entry, as messages name it. */
  protected placeOf(row: number): string {
    return `${this.place(row)}, column '${this.name}'`;
  }

  add(value: unknown): void {
    if (value === null || value === undefined) this.#addMissing();
    else if (typeof value === 'number') this.#addNumber(value);
    else if (typeof value === 'bigint') this.#addBigInt(value);
    else if (typeof value === 'string') this.#addText(value);
    else if (typeof value === 'boolean') this.#addAs('boolean', value, () => this.pushText(String(value)));
    else if (value instanceof Date) this.#addAs('date', value, () => this.numbers.push(value.getTime()));
    else if (Array.isArray(value) || isTypedArray(value)) this.#addVector(withoutBigInts(value as ArrayLike<unknown>));
    else this.#addText(this.#jsonOf(value));
    this.rows++;
  }

  #addMissing(): void {
    if (this.kind === 'number' || this.kind === 'date') this.numbers.push(Number.NaN);
    else if (this.kind === 'vector') this.#vectors?.fill(Number.NaN, this.#length);
    else if (this.kind !== undefined) this.codes.push(-1);
  }

  #addNumber(value: number): void {
    if (this.#codesOfNumbers) this.pushText(String(value));
    else this.#addAs('number', value, () => this.numbers.push(value));
  }

  #addBigInt(value: bigint): void {
    const isCode = this.wanted !== 'number' && !Number.isSafeInteger(Number(value));
    if (isCode && !this.#codesOfNumbers && (this.kind ?? 'number') === 'number') this.#becomeCodes();
    if (this.#codesOfNumbers) this.pushText(String(value));
    else this.#addNumber(Number(value));
  }

  /** Keeps the numbers as texts: a whole number beyond 2^53 is a code, of which no digit may be lost. */
  #becomeCodes(): void {
    this.#codesOfNumbers = true;
    this.kind = 'text';
    const before = this.numbers.finish();
    if (before.length === 0) this.codes.fill(-1, this.rows);
    for (const number of before)
      if (Number.isNaN(number)) this.codes.push(-1);
      else this.pushText(String(number));
  }

  #jsonOf(value: unknown): string {
    try {
      const text = JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part));
      if (typeof text === 'string') return text;
    } catch {
      // Circular: described below.
    }
    const expected = 'a number, a string, a boolean, a date, or an array of numbers';
    throw failed('ERR_FORMAT', this.placeOf(this.rows), expected, describe(value));
  }

  #addText(value: string): void {
    this.#addAs('text', value, () => this.pushText(value));
  }

  protected pushText(value: string): void {
    let code = this.#codeOfLevel.get(value);
    if (code === undefined) {
      code = this.#codeOfLevel.size;
      this.#codeOfLevel.set(value, code);
    }
    this.codes.push(code);
  }

  #addVector(value: ArrayLike<unknown>): void {
    this.#addAs('vector', value, () => {
      this.#vectors ??= this.#startVectors(value);
      this.#checkVector(value);
      this.#vectors.append(value as ArrayLike<number>);
    });
  }

  #startVectors(first: ArrayLike<unknown>): Growable<Float32Array | Float64Array> {
    this.#length = first.length;
    if (first.length === 0)
      throw failed('ERR_FORMAT', this.placeOf(this.rows), 'a vector of at least one number', 'an empty one');
    const vectors =
      first instanceof Float32Array || this.precision === 'float32'
        ? new Growable<Float32Array | Float64Array>((length) => new Float32Array(length))
        : new Growable<Float32Array | Float64Array>((length) => new Float64Array(length));
    vectors.fill(Number.NaN, this.rows * first.length);
    return vectors;
  }

  #checkVector(value: ArrayLike<unknown>): void {
    if (value.length !== this.#length) {
      const expected = `${this.#length} numbers as in the rows before`;
      throw failed(
        'ERR_FORMAT',
        this.placeOf(this.rows),
        expected,
        `${value.length}`,
        'all vectors of a column have one length',
      );
    }
    if (isTypedArray(value)) return;
    for (let j = 0; j < value.length; j++) {
      const entry = value[j];
      if (typeof entry === 'number') continue;
      const place = `${this.placeOf(this.rows)}, entry ${j + 1} of the vector`;
      const remedy = Object(entry) === entry ? 'write lists in a list as one list' : 'correct it, or remove the row';
      throw failed('ERR_FORMAT', place, 'a number', describe(entry), remedy);
    }
  }

  /** Adds an entry of a kind; the first entry with a value decides on the kind of the column. */
  #addAs(kind: Kind, value: unknown, add: () => void): void {
    if (this.kind === undefined) this.#start(kind);
    if (this.kind !== kind) {
      const expected = `a ${this.kind} as in the rows before`;
      const remedy = ['correct the entry, or leave the column out by ', option('columns')];
      throw failed('ERR_FORMAT', this.placeOf(this.rows), expected, describe(value), remedy);
    }
    add();
  }

  /** Fixes the kind of the column; the entries before had no values. */
  #start(kind: Kind): void {
    this.kind = kind;
    if (kind === 'number' || kind === 'date') this.numbers.fill(Number.NaN, this.rows);
    else if (kind !== 'vector') this.codes.fill(-1, this.rows);
  }

  /** The column with its type. @throws ClusterError ERR_COLUMN where it cannot have the type that was asked for */
  finish(): Column {
    // No entry has a value.
    if (this.kind === undefined) this.#start(isOfTexts(this.wanted) ? 'text' : 'number');
    if (this.kind === 'vector') return this.#finishVectors();
    if (this.kind === 'number' || this.kind === 'date') return this.#finishNumbers();
    return textColumn(this.name, [...this.#codeOfLevel.keys()], this.codes.finish(), this.wanted);
  }

  #finishVectors(): VectorColumn {
    if (this.wanted !== undefined && this.wanted !== 'vector') throw cannotBe(this.name, this.wanted, 'vectors');
    const values = (this.#vectors as Growable<Float32Array | Float64Array>).finish();
    return vectorColumn(this.name, values, [this.#length], `vectors of ${this.#length} numbers`);
  }

  #finishNumbers(): Column {
    const values = this.numbers.finish();
    if (this.kind === 'number') return numberColumn(this.name, values, this.wanted);
    if (this.wanted !== undefined && this.wanted !== 'date') throw cannotBe(this.name, this.wanted, 'dates');
    return { type: 'date', name: this.name, missing: countMissing(values), values, reason: 'dates' };
  }
}

const isTypedArray = (value: unknown): boolean => ArrayBuffer.isView(value) && !(value instanceof DataView);

/** Whole numbers of 64 bits as float64. */
const withoutBigInts = (vector: ArrayLike<unknown>): ArrayLike<unknown> =>
  typeof vector[0] === 'bigint'
    ? Array.from(vector, (entry) => (typeof entry === 'bigint' ? Number(entry) : entry))
    : vector;

const isOfTexts = (type: ColumnType | undefined) =>
  type !== undefined && ['boolean', 'category', 'date', 'text'].includes(type);
