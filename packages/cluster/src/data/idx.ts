/** Reads IDX files, the format of MNIST. */
import { failed } from '../errors.js';
import { type Beginning, ByteReader, readBeginning } from './files.js';
import { allocate, checkShape, tableOfArray } from './matrices.js';
import type { ReadOptions } from './options.js';
import type { Table } from './table.js';

/** The types by their number in the file: the bytes of one entry, and how it is read. Numbers are big-endian. */
const types: Readonly<Record<number, readonly [size: number, read: (bytes: DataView, at: number) => number]>> = {
  8: [1, (bytes, at) => bytes.getUint8(at)],
  9: [1, (bytes, at) => bytes.getInt8(at)],
  11: [2, (bytes, at) => bytes.getInt16(at)],
  12: [4, (bytes, at) => bytes.getInt32(at)],
  13: [4, (bytes, at) => bytes.getFloat32(at)],
  14: [8, (bytes, at) => bytes.getFloat64(at)],
};
/** Types that float32 does not hold exactly. */
const WIDE = [12, 14];
const PART = 1 << 20;

/** Whether a file begins as IDX files do: two zero bytes, a known type, the number of dimensions. */
export const isIdx = (bytes: Uint8Array): boolean =>
  bytes[0] === 0 && bytes[1] === 0 && types[bytes[2] as number] !== undefined && (bytes[3] as number) >= 1;

/**
 * Reads an IDX file: each entry of its first dimension is a row, with a vector of the other dimensions.
 *
 * int32 and float64 are kept as float64, all else as float32.
 *
 * @throws ClusterError ERR_FILE, ERR_FORMAT, ERR_EMPTY, ERR_COLUMN
 */
export async function readIdx(file: string, options: ReadOptions = {}, known?: Beginning): Promise<Table> {
  const { gzip } = known ?? (await readBeginning(file));
  const reader = new ByteReader(file, gzip, options.signal);
  try {
    const magic = await reader.read(4, 'the header');
    if (!isIdx(magic))
      throw failed('ERR_FORMAT', file, 'an IDX file: 00 00, a type, a number of dimensions', magic.toString('hex'));
    const [, , type, dimensions] = magic as unknown as [number, number, number, number];
    const sizes = await reader.read(4 * dimensions, 'the sizes');
    const shape = Array.from({ length: dimensions }, (_, axis) => sizes.readUInt32BE(4 * axis));
    const { rows, length } = checkShape(file, shape);
    const values = await readValues(reader, type, rows * length);
    await reader.end();
    return tableOfArray(file, 'idx', gzip, values, shape, options);
  } finally {
    await reader.close();
  }
}

async function readValues(reader: ByteReader, type: number, count: number): Promise<Float32Array | Float64Array> {
  const [size, read] = types[type] as NonNullable<(typeof types)[number]>;
  const values = allocate(reader.file, WIDE.includes(type), count);
  for (let start = 0; start < count; start += PART) {
    const length = Math.min(PART, count - start);
    const bytes = await reader.read(size * length, 'numbers');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let i = 0; i < length; i++) values[start + i] = read(view, size * i);
  }
  return values;
}
