/** Collects the cells of one column of a text file, and finds out whether they are numbers. */
import { describe, failed } from '../errors.js';
import { option } from '../messages.js';
import { numberOf } from './cells.js';
import { ColumnBuilder, type Place } from './column-builder.js';
import type { Column, ColumnType } from './table.js';

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
/** More texts among the numbers of a column are no mistakes: the column holds codes, such as 113803 and A/5 21171. */
const FEW_MISTAKES = 3;
const SHARE_OF_MISTAKES = 0.1;

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

  /** Numbers with a few other texts: a column of numbers, whose other texts are mistakes. */
  #decideByCells(): void {
    let numbers = 0;
    let texts = 0;
    for (const text of this.#undecided as string[]) {
      if (!Number.isNaN(numberOf(text, this.#rules.decimal))) numbers++;
      else if (!this.#rules.missing.has(text)) texts++;
    }
    const few = texts < numbers && texts <= Math.max(FEW_MISTAKES, SHARE_OF_MISTAKES * (numbers + texts));
    this.#decide(few || texts === 0 ? 'number' : 'text');
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
    const remedy = [
      ...['correct the cell, leave it empty, name it in ', option('missing')],
      ...[', or read the column by ', option('types', { [this.name]: 'category' })],
    ];
    throw failed('ERR_FORMAT', this.placeOf(row), 'a number', `${describe(text)}${others}`, remedy);
  }
}

/** The first text among the numbers of a column, and how many there are. */
interface Stray {
  count: number;
  readonly row: number;
  readonly text: string;
}
