/** Tables from arrays in memory. */
import { describe, failed, invalidType, outOfRange } from '../errors.js';
import { ColumnBuilder } from './column-builder.js';
import { checkChosen, checkReadOptions, isChosen, type ReadOptions, wantedType } from './options.js';
import type { Table } from './table.js';

/**
 * Makes a table of arrays, one for each column: of numbers, strings, booleans, dates, or vectors of numbers.
 *
 * null and undefined mark missing values. The arrays are copied.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE for lengths that differ; ClusterError ERR_EMPTY,
 *   ERR_FORMAT for a column of two types
 */
export function tableOf(
  columns: Readonly<Record<string, ArrayLike<unknown>>>,
  options: Pick<ReadOptions, 'columns' | 'types'> = {},
): Table {
  checkReadOptions(options);
  if (typeof columns !== 'object' || columns === null || Array.isArray(columns))
    throw invalidType('columns', 'an object with an array for each name', describe(columns));
  const names = Object.keys(columns);
  const rows = checkLengths(columns);
  checkChosen(options, names);
  const built = names
    .filter((name) => isChosen(options, name))
    .map((name) => {
      const builder = new ColumnBuilder(name, (row) => `arrays, row ${row + 1}`, wantedType(options, name));
      const values = columns[name] as ArrayLike<unknown>;
      for (let i = 0; i < rows; i++) builder.add(values[i]);
      return builder.finish();
    });
  return { source: 'arrays', rows, columns: built, report: { format: 'arrays', gzip: false, notes: [] } };
}

function checkLengths(columns: Readonly<Record<string, unknown>>): number {
  let rows: number | undefined;
  for (const [name, values] of Object.entries(columns)) {
    if (!Array.isArray(values) && !(ArrayBuffer.isView(values) && 'length' in values))
      throw invalidType(`columns['${name}']`, 'an array', describe(values));
    const length = values.length as number;
    rows ??= length;
    if (length !== rows) throw outOfRange(`columns['${name}']`, `${rows} entries as in the first column`, `${length}`);
  }
  if (rows === undefined || rows === 0) throw failed('ERR_EMPTY', 'columns', 'rows of data', 'none');
  return rows;
}
