/** Reads a file of any known format. */
import { failed } from '../errors.js';
import { option } from '../messages.js';
import { readArrow } from './arrow.js';
import { readCsv } from './csv.js';
import { type Beginning, readBeginning } from './files.js';
import { isIdx, readIdx } from './idx.js';
import { readJsonLines } from './json-lines.js';
import { npyMagic, readNpy } from './npy.js';
import { checkReadOptions, type ReadOptions } from './options.js';
import { readParquet } from './parquet.js';
import type { Format, Table } from './table.js';

const readers: Readonly<Record<Format, (file: string, options: ReadOptions, known: Beginning) => Promise<Table>>> = {
  csv: readCsv,
  'json-lines': readJsonLines,
  parquet: (file, options) => readParquet(file, options),
  arrow: (file, options) => readArrow(file, options),
  npy: readNpy,
  idx: readIdx,
};

/** Formats that begin with bytes of their own. The last ones are not read. */
const magics: readonly (readonly [
  magic: Buffer,
  format: Format | { readonly name: string; readonly remedy: string },
])[] = [
  [npyMagic, 'npy'],
  [Buffer.from('PAR1'), 'parquet'],
  [Buffer.from('ARROW1'), 'arrow'],
  [Buffer.of(0xff, 0xff, 0xff, 0xff), 'arrow'],
  [
    Buffer.from('PK\x03\x04'),
    { name: 'a zip archive, as spreadsheets and .npz are', remedy: 'save a sheet as CSV, an array by numpy.save' },
  ],
  [Buffer.of(0xff, 0xfe, 0, 0), { name: 'text in UTF-32', remedy: 'save it in UTF-8' }],
  [Buffer.of(0xff, 0xfe), { name: 'text in UTF-16', remedy: 'save it in UTF-8' }],
  [Buffer.of(0xfe, 0xff), { name: 'text in UTF-16', remedy: 'save it in UTF-8' }],
  [Buffer.of(0x28, 0xb5, 0x2f, 0xfd), { name: 'a zstd file', remedy: 'unpack it' }],
  [Buffer.from('\x89HDF'), { name: 'an HDF5 file', remedy: 'save the table as Parquet' }],
];

const extensions: readonly (readonly [RegExp, Format])[] = [
  [/\.(?:csv|tsv|tab)(?:\.gz)?$/i, 'csv'],
  [/\.(?:jsonl|ndjson|json)(?:\.gz)?$/i, 'json-lines'],
  [/\.(?:parquet|pq)$/i, 'parquet'],
  [/\.(?:arrow|arrows|feather|ipc)$/i, 'arrow'],
  [/\.npy(?:\.gz)?$/i, 'npy'],
  [/(?:\.|-)idx\d?(?:-ubyte)?(?:\.gz)?$/i, 'idx'],
];
const binary: readonly Format[] = ['parquet', 'arrow', 'npy', 'idx'];

/**
 * Reads a table from a file: CSV or TSV, JSON lines, Parquet, Arrow, NPY or IDX; all but Parquet and Arrow also as gzip.
 *
 * The first bytes decide on the format, the name's extension where they do not. The report says how the file was read.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE for wrong options; ClusterError ERR_FILE,
 *   ERR_FORMAT, ERR_EMPTY, ERR_COLUMN, ERR_UNSUPPORTED, ERR_PEER_NOT_FOUND
 */
export async function readTable(file: string, options: ReadOptions = {}): Promise<Table> {
  checkReadOptions(options);
  options.signal?.throwIfAborted();
  const beginning = await readBeginning(file);
  const byName = extensions.find(([extension]) => extension.test(file))?.[1];
  const format = options.format ?? findFormat(file, beginning, byName);
  const table = await readers[format](file, options, beginning);
  if (byName === undefined || byName === format) return table;
  const note = `the name says ${byName}, the content is ${format}`;
  return { ...table, report: { ...table.report, notes: [note, ...table.report.notes] } };
}

function findFormat(file: string, { bytes, gzip }: Beginning, byName: Format | undefined): Format {
  const found = magics.find(([magic]) => bytes.subarray(0, magic.length).equals(magic))?.[1];
  if (typeof found === 'object')
    throw failed('ERR_UNSUPPORTED', file, 'a format that can be read', found.name, found.remedy);
  if (gzip && (found === 'parquet' || found === 'arrow'))
    throw failed('ERR_UNSUPPORTED', file, `a file of ${found}`, 'one that is packed by gzip', 'unpack it');
  const content = found ?? (isIdx(bytes) ? 'idx' : undefined);
  if (content !== undefined) return content;
  if (byName !== undefined && binary.includes(byName)) {
    const received = JSON.stringify(bytes.toString('latin1', 0, 8));
    const remedy = ['name the format by ', option('format')];
    throw failed('ERR_FORMAT', file, `the first bytes of a file of ${byName}`, received, remedy);
  }
  if (beginsWithJson(bytes)) return 'json-lines';
  return byName ?? (/^\s*[[{]/.test(bytes.toString('utf8', 0, 1000)) ? 'json-lines' : 'csv');
}

/** Whether the first line is an array or an object in JSON, whatever the name says. */
function beginsWithJson(bytes: Buffer): boolean {
  const line = /^\ufeff?\s*([[{][^\r\n]*)/.exec(bytes.toString('utf8'))?.[1];
  if (line === undefined) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
