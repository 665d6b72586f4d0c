/** Two tables of the same rows, perhaps in another order. */
import { type Classes, rowIdsOf, type Table } from '../data/index.js';
import { failed } from '../errors.js';

/** The name of the column that numbers the rows of labels.csv. */
const NUMBERED = 'row';

/**
 * The classes of a table in the order of another one's rows: by the column of ids that both have, else row by row. A row
 * without a class has -1.
 *
 * @param labels the table that begins with ids, as labels.csv does
 */
export function inOrderOf(target: Table, source: Table, classes: Classes, labels: Table): Classes {
  if (target === source) return classes;
  const name = labels.columns[0].name;
  const both = [target, source].every(({ columns }) => columns.some((column) => column.name === name));
  if (name !== NUMBERED && both) {
    const places = new Map(rowIdsOf(source, name)?.values.map((id, row) => [id, row]));
    const ids = rowIdsOf(target, name)?.values ?? [];
    return { ...classes, labels: Int32Array.from(ids, (id) => classes.labels[places.get(id) ?? -1] ?? -1) };
  }
  if (target.rows === source.rows) return classes;
  const remedy = 'name files with the same rows, or with the same column of ids';
  throw failed('ERR_COLUMN', source.source, `${target.rows} rows as in ${target.source}`, `${source.rows}`, remedy);
}
