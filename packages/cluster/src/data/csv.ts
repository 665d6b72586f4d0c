/** Reads CSV and TSV files as a stream. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CsvError, type InfoRecord, type Options, parse } from 'csv-parse';
import { failed, listed } from '../errors.js';
import { option } from '../messages.js';
import { CellBuilder, cellRules } from './cell-builder.js';
import { missingCells } from './cells.js';
import { type Dialect, findDialect, lineBreaks } from './csv-dialect.js';
import { type Beginning, readBeginning } from './files.js';
import { Growable } from './growable.js';
import { checkChosen, checkDifferent, isChosen, LONGEST_LINE, type ReadOptions, wantedType } from './options.js';
import type { ReadReport, Table } from './table.js';
import { firstLines, isMarked, textChunks } from './text.js';

const separatorNames: Readonly<Record<string, string>> = { '\t': 'tabs', ' ': 'spaces' };

/**
 * Reads a file of separated values.
 *
 * A column of numbers with a few texts, up to a tenth, is refused at the first of them. Memory: 8 bytes a number, 4 bytes a
 * text and each different text once.
 *
 * @throws ClusterError ERR_FILE, ERR_FORMAT with the line, ERR_EMPTY, ERR_COLUMN
 */
export async function readCsv(file: string, options: ReadOptions = {}, known?: Beginning): Promise<Table> {
  const beginning = known ?? (await readBeginning(file));
  const dialect = findDialect(firstLines(beginning), given(file, options));
  const reader = new CsvReader(file, dialect, options);
  const source = Readable.from(textChunks(file, beginning, options.signal), { objectMode: false });
  try {
    await pipeline(source, parse(reader.parserOptions()));
  } catch (error) {
    options.signal?.throwIfAborted();
    throw reader.explained(error);
  }
  return reader.finish(beginning.gzip, isMarked(beginning));
}

function given(file: string, { separator, decimal, header }: ReadOptions): Partial<Dialect> {
  const tabs = /\.(?:tsv|tab)(?:\.gz)?$/i.test(file) ? '\t' : undefined;
  return {
    ...((separator ?? tabs) !== undefined && { separator: separator ?? (tabs as string) }),
    ...(decimal !== undefined && { decimal }),
    ...(header !== undefined && { header }),
  };
}

const messages: Partial<Record<CsvError['code'], readonly [expected: string, received: string, remedy: string]>> = {
  CSV_QUOTE_NOT_CLOSED: ['a closing quote', 'the end of the file', 'close the quote that opens in this line'],
  CSV_INVALID_CLOSING_QUOTE: ['a separator after the closing quote', 'more text', 'double the quotes within a cell'],
  INVALID_OPENING_QUOTE: [
    'quotes around a whole cell',
    'a quote within a cell',
    'quote the cell, and double its quotes',
  ],
};

class CsvReader {
  readonly #lines = new Growable((length) => new Int32Array(length));
  /** The lines that the parser has counted, and how many of them are none. */
  #counted = 0;
  #tooMany = 0;
  #names: readonly string[] | undefined;
  /** One for each cell of a record; undefined for a column that is not read. */
  #builders: readonly (CellBuilder | undefined)[] = [];

  constructor(
    readonly file: string,
    readonly dialect: Dialect,
    readonly options: ReadOptions,
  ) {}

  parserOptions(): Options {
    return {
      delimiter: this.dialect.separator,
      record_delimiter: lineBreaks,
      trim: true,
      skip_empty_lines: true,
      from_line: this.dialect.named ? 2 : 1,
      relax_column_count: true,
      max_record_size: this.options.longestLine ?? LONGEST_LINE,
      on_record: (record: string[], { lines }: InfoRecord) => {
        this.#take(record, this.#lineOf(record, lines));
        return null;
      },
    };
  }

  /** The last line of a record. The parser counts a break of two characters within quotes as two lines. */
  #lineOf(record: readonly string[], counted: number): number {
    if (counted > this.#counted + 1) for (const cell of record) this.#tooMany += cell.split('\r\n').length - 1;
    this.#counted = counted;
    return counted - this.#tooMany;
  }

  #take(record: readonly string[], line: number): void {
    if (this.#names === undefined) {
      this.#start(record, line);
      if (this.dialect.header) return;
    }
    const builders = this.#builders;
    if (record.length === 1 && record[0] === '' && builders.length > 1) return; // a line of spaces
    if (record.length !== builders.length) throw this.#ragged(record.length, line);
    this.#lines.push(line);
    for (let j = 0; j < builders.length; j++) builders[j]?.add(record[j] as string);
  }

  #start(record: readonly string[], line: number): void {
    const names = record.map((name, j) => (this.dialect.header && name !== '' ? name : `column${j + 1}`));
    const orAsData = [', or read the line as data by ', option('header', false)];
    checkDifferent(`${this.file}, line ${line}`, names, orAsData);
    checkChosen(this.options, names);
    this.#names = names;
    const rules = cellRules(this.dialect.decimal, this.options.missing ?? missingCells);
    const place = (row: number) => `${this.file}, line ${this.#lines.at(row)}`;
    this.#builders = names.map((name) =>
      isChosen(this.options, name) ? new CellBuilder(name, place, rules, wantedType(this.options, name)) : undefined,
    );
  }

  #ragged(length: number, line: number): Error {
    const { length: wanted } = this.#builders;
    const separator = nameOfSeparator(this.dialect.separator);
    const expected = wanted === 1 ? '1 cell as in the first line' : `${wanted} cells, separated by ${separator}`;
    const remedy =
      this.#lines.length === 0
        ? 'remove lines before the names of the columns, or correct the line'
        : 'correct the line; quote a cell that holds a separator';
    return failed('ERR_FORMAT', `${this.file}, line ${line}`, expected, `${length}`, remedy);
  }

  /** An error of the parser as one of ours. */
  explained(error: unknown): unknown {
    if (!(error instanceof CsvError)) return error;
    const place = `${this.file}, line ${Number(error.lines) - this.#tooMany}`;
    if (error.code === 'CSV_MAX_RECORD_SIZE') {
      const most = this.options.longestLine ?? LONGEST_LINE;
      const remedy = ['look for a quote that is not closed', [', or allow more by ', option('longestLine')]];
      return failed('ERR_FORMAT', place, `a line of at most ${most} bytes`, 'a longer one', remedy, error);
    }
    const [expected, received, remedy] = messages[error.code] ?? [
      'separated values',
      error.message,
      'correct the line',
    ];
    return failed('ERR_FORMAT', place, expected, received, remedy, error);
  }

  finish(gzip: boolean, byteOrderMark: boolean): Table {
    const lines = this.#lines.finish();
    if (lines.length === 0) {
      const received = this.#names === undefined ? 'none' : `column names alone (${listed(this.#names)})`;
      throw failed('ERR_EMPTY', this.file, 'rows of data', received, 'check the program that wrote it');
    }
    const columns = this.#builders.flatMap((builder) => builder?.finish() ?? []);
    const { separator, decimal, header, quoted } = this.dialect;
    const notes = [
      `cells are separated by ${nameOfSeparator(separator)}; the decimal sign is a ${decimal === '.' ? 'point' : 'comma'}`,
      header ? 'the first line names the columns' : 'the first line holds data: columns are numbered',
    ];
    const report: ReadReport = { format: 'csv', gzip, separator, decimal, header, quoted, byteOrderMark, notes };
    return { source: this.file, rows: lines.length, columns, lines, report };
  }
}

const nameOfSeparator = (separator: string) => separatorNames[separator] ?? `'${separator}'`;
