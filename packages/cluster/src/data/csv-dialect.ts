/** Finds out how a CSV file is written: its separator, decimal sign, header, and quotes. */
import { parse } from 'csv-parse/sync';
import { missingCells, numberOf } from './cells.js';

export interface Dialect {
  readonly separator: string;
  readonly decimal: '.' | ',';
  readonly header: boolean;
  readonly quoted: boolean;
  /** Whether the first line names the separator, as Excel has it: `sep=;`. */
  readonly named: boolean;
}

/** In this order: where two fit, a comma may be a decimal sign or stand in a text. */
const separators = ['\t', ';', '|', ','] as const;
const MOST_RECORDS = 100;
/** Each ends a line, whichever ended the line before. */
export const lineBreaks = ['\r\n', '\n', '\r'];

const separatorLine = /^sep=([^"\r\n])\r?\n/;
const commaDecimal = /^[+-]?\d+,\d+$/;
const pointDecimal = /^[+-]?\d*\.\d+(?:[eE][+-]?\d+)?$/;
const thousands = /^[+-]?\d{1,3}(?:,\d{3})+$/;

/**
 * @param text the first lines of a file, without a byte order mark
 * @param given what the reader was told; it is not looked for
 */
export function findDialect(text: string, given: Partial<Dialect>): Dialect {
  const [line, named] = separatorLine.exec(text) ?? [''];
  const rest = text.slice(line.length);
  const separator = given.separator ?? named ?? findSeparator(rest);
  const records = recordsOf(rest, separator);
  const decimal = given.decimal ?? findDecimal(records.flat(), separator);
  return {
    separator,
    decimal,
    header: given.header ?? isHeader(records, decimal),
    quoted: text.includes('"'),
    named: line !== '',
  };
}

/** The first records of a text, as far as they can be read. */
function recordsOf(text: string, delimiter: string): string[][] {
  const records: string[][] = [];
  try {
    parse(text, {
      ...{
        delimiter,
        record_delimiter: lineBreaks,
        to: MOST_RECORDS,
        trim: true,
        relax_column_count: true,
        relax_quotes: true,
        skip_empty_lines: true,
      },
      on_record: (record: string[]) => {
        records.push(record);
        return null;
      },
    });
  } catch {
    // The text may end within a quoted cell. What else is wrong with it, the reader will say with the line.
  }
  return records;
}

/** The separator by which most records have the same number of cells, more than one; a comma where none has. */
function findSeparator(text: string): string {
  let best: { separator: string; share: number } = { separator: ',', share: 0 };
  for (const separator of separators) {
    const share = shareOfUsualWidth(recordsOf(text, separator));
    if (share > best.share) best = { separator, share };
  }
  return best.separator;
}

function shareOfUsualWidth(records: readonly string[][]): number {
  const counts = new Map<number, number>();
  for (const { length } of records) if (length > 1) counts.set(length, (counts.get(length) ?? 0) + 1);
  return records.length === 0 ? 0 : Math.max(0, ...counts.values()) / records.length;
}

function findDecimal(cells: readonly string[], separator: string): '.' | ',' {
  const commas = cells.filter((cell) => commaDecimal.test(cell));
  if (commas.length <= cells.filter((cell) => pointDecimal.test(cell)).length) return '.';
  // Quoted cells such as "1,234" of a file with commas: thousands.
  return separator === ',' && commas.every((cell) => thousands.test(cell)) ? '.' : ',';
}

/** No cell of the first record is a number or means a missing value, and most are not empty: the record names the columns. */
function isHeader(records: readonly string[][], decimal: '.' | ','): boolean {
  const [first = []] = records;
  const names = first.filter((cell) => cell !== '');
  const isName = (cell: string) => Number.isNaN(numberOf(cell, decimal)) && !missingCells.includes(cell);
  return 2 * names.length >= first.length && names.every(isName);
}
