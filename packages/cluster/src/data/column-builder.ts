/** Collects the entries of one column, finds its type, and says why. */
import { describe, failed } from '../errors.js';
import { numberOf } from './cells.js';
import { cannotBe, countMissing, numberColumn, textColumn, vectorColumn } from './column-types.js';
import { Growable } from './growable.js';
import type { Column, ColumnType, VectorColumn } from './table.js';

/** How the cells of text files are read. */
export interface CellRules {
  readonly decimal: '.' | ',';
  readonly missing: ReadonlySet<string>;
  /** The numbers among `missing`, such as -999. */
  readonly missingNumbers: ReadonlySet<number>;
}

export function cellRules(decimal: '.' | ',', missing: readonly string[]): CellRules {
  const numbers = missing.map((text) => numberOf(text, decimal)).filter((value) => !Number.isNaN(value));
  return { decimal, missing: new Set(missing), missingNumbers: new Set(numbers) };
}

/** A column is taken for numbers, or for texts, after this many cells with a value. */
const DECIDE_AFTER = 256;

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
    if (value === null || value === undefined) this.addMissing();
    else if (typeof value === 'number') this.addNumber(value);
    else if (typeof value === 'bigint') this.#addBigInt(value);
    else if (typeof value === 'string') this.addText(value);
    else if (typeof value === 'boolean') this.#addAs('boolean', value, () => this.pushText(String(value)));
    else if (value instanceof Date) this.#addAs('date', value, () => this.numbers.push(value.getTime()));
    else if (Array.isArray(value) || isTypedArray(value)) this.addVector(value);
    else this.addText(this.#jsonOf(value));
    this.rows++;
  }

  protected addMissing(): void {
    if (this.kind === 'number' || this.kind === 'date') this.numbers.push(Number.NaN);
    else if (this.kind === 'vector') this.#vectors?.fill(Number.NaN, this.#length);
    else if (this.kind !== undefined) this.codes.push(-1);
  }

  protected addNumber(value: number): void {
    if (this.#codesOfNumbers) this.pushText(String(value));
    else this.#addAs('number', value, () => this.numbers.push(value));
  }

  /** A whole number beyond 2^53 is a code, not a number: the column becomes one of texts. */
  #addBigInt(value: bigint): void {
    if (
      this.wanted !== 'number' &&
      !this.#codesOfNumbers &&
      !Number.isSafeInteger(Number(value)) &&
      (this.kind ?? 'number') === 'number'
    ) {
      this.#codesOfNumbers = true;
      this.kind = 'text';
      const before = this.numbers.finish();
      if (before.length === 0) this.codes.fill(-1, this.rows);
      for (const number of before)
        if (Number.isNaN(number)) this.codes.push(-1);
        else this.pushText(String(number));
    }
    if (this.#codesOfNumbers) this.pushText(String(value));
    else this.addNumber(Number(value));
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

  protected addText(value: string): void {
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

  addVector(value: ArrayLike<unknown>): void {
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
    for (let j = 0; j < value.length; j++)
      if (typeof value[j] !== 'number')
        throw failed(
          'ERR_FORMAT',
          `${this.placeOf(this.rows)}, entry ${j + 1} of the vector`,
          'a number',
          describe(value[j]),
        );
  }

  /** Adds an entry of a kind; the first entry with a value decides on the kind of the column. */
  #addAs(kind: Kind, value: unknown, add: () => void): void {
    if (this.kind === undefined) this.start(kind);
    if (this.kind !== kind) {
      const expected = `a ${this.kind} as in the rows before`;
      const remedy = `correct the entry, or leave the column out by 'columns'`;
      throw failed('ERR_FORMAT', this.placeOf(this.rows), expected, describe(value), remedy);
    }
    add();
  }

  /** Fixes the kind of the column; the entries before had no values. */
  protected start(kind: Kind): void {
    this.kind = kind;
    if (kind === 'number' || kind === 'date') this.numbers.fill(Number.NaN, this.rows);
    else if (kind !== 'vector') this.codes.fill(-1, this.rows);
  }

  /** The column with its type. @throws ClusterError ERR_COLUMN where it cannot have the type that was asked for */
  finish(): Column {
    // No entry has a value.
    if (this.kind === undefined) this.start(isOfTexts(this.wanted) ? 'text' : 'number');
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

/** Takes cells of text, and finds out whether they are numbers. */
export class CellBuilder extends ColumnBuilder {
  readonly #rules: CellRules;
  #undecided: string[] | undefined = [];
  #present = 0;
  #stray: Stray | undefined;

  constructor(name: string, place: Place, rules: CellRules, wanted?: ColumnType) {
    super(name, place, wanted);
    this.#rules = rules;
    if (wanted === 'number') this.#decide('number');
    else if (wanted !== undefined) this.#decide('text');
  }

  override add(text: string): void {
    if (this.#undecided === undefined) this.#addDecided(text, this.rows);
    else {
      this.#undecided.push(text);
      if (!this.#rules.missing.has(text) && ++this.#present === DECIDE_AFTER) this.#decideByCells();
    }
    this.rows++;
  }

  #addDecided(text: string, row: number): void {
    if (this.kind === 'text') {
      if (this.#rules.missing.has(text)) this.codes.push(-1);
      else this.pushText(text);
      return;
    }
    const { decimal, missing, missingNumbers } = this.#rules;
    const value = numberOf(text, decimal);
    this.numbers.push(missingNumbers.size > 0 && missingNumbers.has(value) ? Number.NaN : value);
    if (Number.isNaN(value) && !missing.has(text)) this.#addStray(text, row);
  }

  #addStray(text: string, row: number): void {
    if (this.#stray === undefined) this.#stray = { count: 1, row, text };
    else this.#stray.count++;
  }

  /** More numbers than other texts: a column of numbers, whose other texts are mistakes. */
  #decideByCells(): void {
    let numbers = 0;
    let texts = 0;
    for (const text of this.#undecided as string[]) {
      if (!Number.isNaN(numberOf(text, this.#rules.decimal))) numbers++;
      else if (!this.#rules.missing.has(text)) texts++;
    }
    this.#decide(numbers > texts || texts === 0 ? 'number' : 'text');
  }

  #decide(kind: 'number' | 'text'): void {
    const cells = this.#undecided as string[];
    this.#undecided = undefined;
    this.kind = kind;
    for (const [row, text] of cells.entries()) this.#addDecided(text, row);
  }

  override finish(): Column {
    if (this.#undecided !== undefined) this.#decideByCells();
    if (this.#stray !== undefined) this.#refuse(this.#stray);
    return super.finish();
  }

  #refuse({ count, row, text }: Stray): never {
    const others = count === 1 ? '' : ` (and ${count - 1} more such cells)`;
    const type = `types: { '${this.name}': 'category' }`;
    const remedy = `correct the cell, leave it empty, name it in \`missing\`, or read the column by \`${type}\``;
    throw failed('ERR_FORMAT', this.placeOf(row), 'a number', `${describe(text)}${others}`, remedy);
  }
}

/** The first text among the numbers of a column, and how many there are. */
interface Stray {
  count: number;
  readonly row: number;
  readonly text: string;
}

const isTypedArray = (value: unknown): value is ArrayLike<number> =>
  ArrayBuffer.isView(value) &&
  !(value instanceof DataView) &&
  !(value instanceof BigInt64Array || value instanceof BigUint64Array);

const isOfTexts = (type: ColumnType | undefined) =>
  type !== undefined && ['boolean', 'category', 'date', 'text'].includes(type);
