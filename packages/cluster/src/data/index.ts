/** Files and arrays into tables of typed columns. */
export { tableOf } from './arrays.js';
export { missingCells } from './cells.js';
export {
  type FeatureOptions,
  type FittedColumn,
  type FittedVector,
  fitFeatures,
  type Transformation,
} from './features.js';
export { type Classes, classesOf, type RowIds, rowIdsOf } from './labels.js';
export { npyOf } from './npy.js';
export { columnTypes, formats, type ReadOptions } from './options.js';
export { readTable } from './read-table.js';
export type { Scale, Scaling } from './statistics.js';
export {
  type Column,
  type ColumnType,
  type DateColumn,
  type Format,
  type LevelColumn,
  type NumberColumn,
  type NumberedIdColumn,
  type ReadReport,
  type Table,
  textAt,
  type VectorColumn,
} from './table.js';
export { type Features, transform, typesOf } from './transform.js';
