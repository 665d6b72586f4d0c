/** Reads Parquet files, one column after another. */
import { stat } from 'node:fs/promises';
import {
  asyncBufferFromFile,
  type ParquetScan,
  parquetMetadataAsync,
  parquetScan,
  parquetSchema,
  type SchemaTree,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { ClusterError, failed } from '../errors.js';
import { ColumnBuilder } from './column-builder.js';
import { fileError } from './files.js';
import { checkChosen, checkDifferent, isChosen, type ReadOptions, wantedType } from './options.js';
import type { Column, Table } from './table.js';

/**
 * Reads a Parquet file; a column of lists of numbers becomes a column of vectors, of float32 where the file has FLOAT.
 *
 * Memory: the chosen columns, and one part of one column as it is in the file.
 *
 * @throws ClusterError ERR_FILE, ERR_FORMAT, ERR_EMPTY, ERR_COLUMN
 */
export async function readParquet(file: string, options: ReadOptions = {}): Promise<Table> {
  try {
    return await read(file, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof ClusterError) throw error;
    if ((error as NodeJS.ErrnoException).syscall !== undefined) throw fileError(file, error);
    const received = `broken content (${(error as Error).message})`;
    throw failed('ERR_FORMAT', file, 'a whole Parquet file', received, 'write or copy the file again', error);
  }
}

async function read(file: string, options: ReadOptions): Promise<Table> {
  await stat(file);
  const buffer = await asyncBufferFromFile(file);
  const metadata = await parquetMetadataAsync(buffer);
  const rows = Number(metadata.num_rows);
  const { children } = parquetSchema(metadata);
  const names = children.map(({ element }) => element.name);
  checkDifferent(file, names);
  checkChosen(options, names);
  if (rows === 0) throw failed('ERR_EMPTY', file, 'rows of data', 'none', 'check the program that wrote it');
  const chosen = children.filter(({ element }) => isChosen(options, element.name));
  const columns: Column[] = [];
  for (const field of chosen) {
    // A scan of one column: it fetches no bytes of others.
    const scan = await parquetScan({ file: buffer, metadata, compressors, columns: [field.element.name] });
    columns.push(await readColumn(file, scan, field, options));
  }
  const codecs = new Set(metadata.row_groups.flatMap((group) => group.columns.map((one) => one.meta_data?.codec)));
  const notes = [`${metadata.row_groups.length} row groups, ${[...codecs].join(', ').toLowerCase()}`];
  return { source: file, rows, columns, report: { format: 'parquet', gzip: false, notes } };
}

async function readColumn(file: string, scan: ParquetScan, field: SchemaTree, options: ReadOptions): Promise<Column> {
  const { name } = field.element;
  const place = (row: number) => `${file}, row ${row + 1}`;
  const precision = leafType(field) === 'FLOAT' ? 'float32' : 'float64';
  const builder = new ColumnBuilder(name, place, wantedType(options, name), precision);
  for (const { rowStart, rowEnd } of scan.ranges) {
    options.signal?.throwIfAborted();
    const entries = await scan.readColumn({ column: name, rowStart, rowEnd });
    for (const entry of entries) builder.add(entry instanceof Uint8Array ? Buffer.from(entry).toString('hex') : entry);
  }
  return builder.finish();
}

/** The type of the entries of a list, of lists of lists too. */
const leafType = (field: SchemaTree): string | undefined =>
  field.children.length === 1 ? leafType(field.children[0] as SchemaTree) : field.element.type;
