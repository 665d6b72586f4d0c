/** The known classes of a table, for comparison with clusters. */
import { failed } from '../errors.js';
import { type Column, columnOf, type Table, textAt } from './table.js';

export interface Classes {
  /** `[N]` the class of each row, an index into `names`; -1 where it is missing. */
  readonly labels: Int32Array;
  /** The classes in alphabetical order, numbers in that of their value. */
  readonly names: readonly string[];
}

/** Up to this number of classes, each may have a single row. */
const FEW_CLASSES = 10;

/**
 * Reads the column of known classes.
 *
 * @throws ClusterError ERR_COLUMN for a column that is not there, has no values, or more classes than half of the rows
 */
export function classesOf(table: Table, name: string, argument = 'label'): Classes {
  const column = columnOf(table, name, argument);
  const noClasses = (received: string) => {
    const place = { argument, rest: `, '${name}'` };
    return failed('ERR_COLUMN', place, 'a column of classes', received, 'name a column with the class of each row');
  };
  if (column.type === 'vector') throw noClasses('vectors');
  const texts = Array.from({ length: table.rows }, (_, row) => textAt(column, row));
  const distinct = new Set(texts);
  distinct.delete(undefined);
  const numeric = 'values' in column && column.type !== 'date';
  const names = ([...distinct] as string[]).sort(numeric ? (a, b) => Number(a) - Number(b) : undefined);
  if (names.length === 0) throw noClasses('no values');
  if (names.length > FEW_CLASSES && 2 * names.length > table.rows)
    throw noClasses(`${names.length} different values in ${table.rows} rows`);
  const index = new Map<string | undefined, number>(names.map((each, i) => [each, i]));
  return { labels: Int32Array.from(texts, (text) => index.get(text) ?? -1), names };
}

/** What names the rows of a table, in the order of the rows. */
export interface RowIds {
  readonly name: string;
  readonly values: readonly string[];
}

/**
 * The names of the rows: of the named column, with '' where one is missing, or else of the first column of ids that are all
 * there and all different; undefined where there is none.
 *
 * A table to predict should name the column that the data of fit had: a few rows make other columns look like ids.
 *
 * @throws ClusterError ERR_COLUMN for a column that is not there, or that holds vectors
 */
export function rowIdsOf(table: Table, name?: string): RowIds | undefined {
  if (name !== undefined) return idsOf(table, columnOf(table, name, 'id'));
  const ids = table.columns
    .filter(({ type, missing }) => type === 'id' && missing === 0)
    .map((column) => idsOf(table, column));
  return ids.find(({ values }) => new Set(values).size === values.length);
}

function idsOf(table: Table, column: Column): RowIds {
  if (column.type === 'vector') {
    const place = { argument: 'id', rest: `, '${column.name}'` };
    throw failed('ERR_COLUMN', place, 'a column of ids', 'vectors', 'name another column');
  }
  return { name: column.name, values: Array.from({ length: table.rows }, (_, row) => textAt(column, row) ?? '') };
}
