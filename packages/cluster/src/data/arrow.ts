/** Reads Arrow files and streams (Feather 2 included), by the package apache-arrow where it is installed. */
import { readFile } from 'node:fs/promises';
import type { DataType, Vector } from 'apache-arrow';
import { ClusterError, failed } from '../errors.js';
import { ColumnBuilder } from './column-builder.js';
import { fileError } from './files.js';
import { checkChosen, checkDifferent, isChosen, type ReadOptions, wantedType } from './options.js';
import type { Column, Table } from './table.js';

type Arrow = typeof import('apache-arrow');

/** The bytes at both ends of a file; a stream has none. */
const MAGIC = Buffer.from('ARROW1');
/** No entry takes less than a bit. */
const BITS = 8;

/**
 * Reads an Arrow file: lists of numbers become vectors, dictionaries texts, dates and timestamps dates.
 *
 * @throws ClusterError ERR_PEER_NOT_FOUND, ERR_FILE, ERR_FORMAT, ERR_EMPTY, ERR_COLUMN, ERR_UNSUPPORTED
 */
export async function readArrow(
  file: string,
  options: ReadOptions = {},
  load: () => Promise<Arrow> = () => import('apache-arrow'),
): Promise<Table> {
  const arrow = await loadArrow(file, load);
  const bytes = await readFile(file, { signal: options.signal }).catch((error) => {
    options.signal?.throwIfAborted();
    throw fileError(file, error);
  });
  try {
    return read(arrow, file, bytes, options);
  } catch (error) {
    if (error instanceof ClusterError) throw error;
    const received = `broken or unknown content (${(error as Error).message})`;
    throw failed(
      'ERR_FORMAT',
      file,
      'a whole Arrow file',
      received,
      'write the file again, without compression',
      error,
    );
  }
}

async function loadArrow(file: string, load: () => Promise<Arrow>): Promise<Arrow> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const remedy = 'run `npm install apache-arrow@21`, or save the table as Parquet';
    throw failed(
      'ERR_PEER_NOT_FOUND',
      file,
      'the package apache-arrow, which reads Arrow files',
      'none',
      remedy,
      error,
    );
  }
}

function read(arrow: Arrow, file: string, bytes: Buffer, options: ReadOptions): Table {
  if (startsWith(bytes, MAGIC) && !startsWith(bytes.subarray(-MAGIC.length), MAGIC))
    throw new Error('its end is missing');
  const table = arrow.tableFromIPC(bytes);
  const names = table.schema.fields.map(({ name }) => name);
  checkDifferent(file, names);
  checkChosen(options, names);
  // A spoilt number of rows would keep the loops below busy for hours.
  if (table.numRows > BITS * bytes.length) throw new Error(`${table.numRows} rows in ${bytes.length} bytes`);
  if (table.numRows === 0) throw failed('ERR_EMPTY', file, 'rows of data', 'none', 'check the program that wrote it');
  const columns = names
    .filter((name) => isChosen(options, name))
    .map((name) => readColumn(arrow, file, name, table.getChild(name) as Vector, options));
  const notes = [`${table.batches.length} record batches`];
  return { source: file, rows: table.numRows, columns, report: { format: 'arrow', gzip: false, notes } };
}

function readColumn(arrow: Arrow, file: string, name: string, vector: Vector, options: ReadOptions): Column {
  const place = (row: number) => `${file}, row ${row + 1}`;
  const builder = new ColumnBuilder(name, place, wantedType(options, name));
  const convert = converterOf(arrow, vector.type);
  for (const entry of vector) builder.add(entry === null ? null : convert(entry));
  return builder.finish();
}

const startsWith = (bytes: Buffer, start: Buffer) => bytes.subarray(0, start.length).equals(start);

/** How an entry of a type becomes a JavaScript value. */
function converterOf({ DataType, Vector }: Arrow, type: DataType): (entry: unknown) => unknown {
  if (DataType.isDate(type) || DataType.isTimestamp(type)) return (entry) => new Date(Number(entry));
  if (DataType.isDecimal(type)) return (entry) => Number(entry) / 10 ** type.scale;
  if (DataType.isBinary(type) || DataType.isFixedSizeBinary(type))
    return (entry) => Buffer.from(entry as Uint8Array).toString('hex');
  return (entry) => (entry instanceof Vector ? numbersOf(entry) : entry); // of lists of any kind
}

/** The numbers of a list. An entry that is null shows as such. */
function numbersOf(list: Vector): unknown {
  return list.nullCount > 0 ? [...list] : list.toArray();
}
