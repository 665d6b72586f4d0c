/** Files and arrays into tables of typed columns. */
export { tableOf } from './arrays.js';
export { missingCells } from './cells.js';
export type { ReadOptions } from './options.js';
export { readTable } from './read-table.js';
export type {
  Column,
  ColumnType,
  DateColumn,
  Format,
  LevelColumn,
  NumberColumn,
  NumberedIdColumn,
  ReadReport,
  Table,
  VectorColumn,
} from './table.js';
