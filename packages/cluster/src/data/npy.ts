/** Reads and writes arrays of NumPy: format NPY, versions 1 to 3. */
import { endianness } from 'node:os';
import { describe, failed } from '../errors.js';
import { type Beginning, ByteReader, readBeginning } from './files.js';
import { allocate, checkShape, tableOfArray } from './matrices.js';
import type { ReadOptions } from './options.js';
import type { Table } from './table.js';

export const npyMagic = Buffer.from('\x93NUMPY', 'latin1');
const LONGEST_HEADER = 1 << 20;
/** Bytes that are read at once. */
const CHUNK = 1 << 24;

/** The types that are read, each with the array that holds it. */
const types = {
  ...{ b1: Uint8Array, i1: Int8Array, u1: Uint8Array, i2: Int16Array, u2: Uint16Array, f2: Uint16Array },
  ...{ f4: Float32Array, f8: Float64Array, i4: Int32Array, u4: Uint32Array, i8: BigInt64Array, u8: BigUint64Array },
} as const;
/** The types with numbers that float32 does not hold. */
const WIDE: readonly string[] = ['f8', 'i4', 'u4', 'i8', 'u8'];

interface Header {
  readonly type: keyof typeof types;
  readonly swapped: boolean;
  readonly fortran: boolean;
  readonly shape: readonly number[];
}

/**
 * Reads an array of NumPy: each entry of its first dimension is a row, with a vector of the other dimensions.
 *
 * Numbers of up to 16 bits and float32 are kept as float32, all else as float64; integers of 64 bits are rounded.
 *
 * @throws ClusterError ERR_FILE, ERR_FORMAT, ERR_EMPTY, ERR_UNSUPPORTED, ERR_COLUMN
 */
export async function readNpy(file: string, options: ReadOptions = {}, known?: Beginning): Promise<Table> {
  const { gzip } = known ?? (await readBeginning(file));
  const reader = new ByteReader(file, gzip, options.signal);
  try {
    const header = await readHeader(reader);
    const { rows, length } = checkShape(file, header.shape);
    const values = await readValues(reader, header, rows * length);
    await reader.end();
    const ordered = header.fortran && header.shape.length > 1 ? fromFortran(values, header.shape) : values;
    return tableOfArray(file, 'npy', gzip, ordered, header.shape, options);
  } finally {
    await reader.close();
  }
}

async function readHeader(reader: ByteReader): Promise<Header> {
  const start = await reader.read(npyMagic.length + 2, 'the header');
  if (!start.subarray(0, npyMagic.length).equals(npyMagic))
    throw failed(
      'ERR_FORMAT',
      reader.file,
      'the bytes \\x93NUMPY at the start',
      describe(start.toString('latin1', 0, 6)),
    );
  const version = start[npyMagic.length] as number;
  if (version < 1 || version > 3)
    throw failed(
      'ERR_UNSUPPORTED',
      reader.file,
      'version 1, 2 or 3 of NPY',
      `version ${version}`,
      'save it by numpy.save',
    );
  const size = await reader.read(version === 1 ? 2 : 4, 'the header');
  const length = version === 1 ? size.readUInt16LE() : size.readUInt32LE();
  if (length > LONGEST_HEADER)
    throw failed('ERR_FORMAT', reader.file, `a header of at most ${LONGEST_HEADER} bytes`, `${length}`);
  return parseHeader(
    reader.file,
    (await reader.read(length, 'the header')).toString(version === 3 ? 'utf8' : 'latin1'),
  );
}

/** Parses the header, a dict of Python: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), } */
function parseHeader(file: string, text: string): Header {
  const descr = /'descr' *: *('[^']*'|\[)/.exec(text)?.[1];
  const fortran = /'fortran_order' *: *(True|False)/.exec(text)?.[1];
  const shape = /'shape' *: *\(([\d, ]*)\)/.exec(text)?.[1];
  if (descr === undefined || fortran === undefined || shape === undefined)
    throw failed('ERR_FORMAT', file, 'a header with descr, fortran_order and shape', describe(text.trim()));
  const type = descr.slice(2, -1);
  const order = descr[1];
  if (!Object.hasOwn(types, type) || !'<>|='.includes(order as string)) throw unsupported(file, descr);
  const sizes = shape.split(',').filter((size) => size.trim() !== '');
  return {
    type: type as Header['type'],
    swapped: order === (endianness() === 'LE' ? '>' : '<'),
    fortran: fortran === 'True',
    shape: sizes.length === 0 ? [1] : sizes.map(Number),
  };
}

function unsupported(file: string, descr: string): Error {
  const received = descr === '[' ? 'records' : descr;
  const remedies: Readonly<Record<string, string>> = {
    '[': "save one field of them, as by a['x']",
    c: 'save a.real, a.imag or both',
    ...{ O: 'save its numbers alone', S: 'save its numbers alone', U: 'save its numbers alone' },
  };
  const remedy = remedies[descr[2] ?? '['] ?? "save it as float32, by a.astype('float32')";
  return failed('ERR_UNSUPPORTED', file, 'booleans, integers or floats of up to 64 bits', received, remedy);
}

/** Reads `count` numbers in parts, so that a file that is too short is refused before its memory is taken twice. */
async function readValues(reader: ByteReader, header: Header, count: number): Promise<Float32Array | Float64Array> {
  const raw = types[header.type];
  const size = raw.BYTES_PER_ELEMENT;
  const values = allocate(reader.file, WIDE.includes(header.type), count);
  for (let start = 0; start < count; start += CHUNK / size) {
    const part = new raw(Math.min(CHUNK / size, count - start));
    const bytes = Buffer.from(part.buffer);
    await reader.readInto(bytes, 'numbers');
    if (header.swapped) swap(bytes, size);
    if (part instanceof BigInt64Array || part instanceof BigUint64Array)
      for (let i = 0; i < part.length; i++) values[start + i] = Number(part[i]);
    else if (header.type === 'f2') for (let i = 0; i < part.length; i++) values[start + i] = halfOf(part[i] as number);
    else values.set(part, start);
  }
  return values;
}

function swap(bytes: Buffer, size: number): void {
  if (size === 2) bytes.swap16();
  if (size === 4) bytes.swap32();
  if (size === 8) bytes.swap64();
}

/** The number that the bits of a float16 say. */
function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Reorders numbers whose first index runs fastest, so that the last one does. */
function fromFortran<T extends Float32Array | Float64Array>(values: T, shape: readonly number[]): T {
  const ordered = values.slice() as T;
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, size) => product * size, 1));
  const index = shape.map(() => 0);
  for (let target = 0, source = 0; target < ordered.length; target++) {
    ordered[target] = values[source] as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += strides[axis] as number;
      if (++(index[axis] as number) < (shape[axis] as number)) break;
      source -= (strides[axis] as number) * (shape[axis] as number);
      index[axis] = 0;
    }
  }
  return ordered;
}

/** The bytes of an array in format NPY, version 1, in C order. */
export function npyOf(data: Float32Array | Float64Array | Int32Array, shape: readonly number[]): Buffer {
  const type = data instanceof Float32Array ? 'f4' : data instanceof Float64Array ? 'f8' : 'i4';
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${endianness() === 'LE' ? '<' : '>'}${type}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const start = Buffer.from([...npyMagic, 1, 0, 0, 0]);
  const length = Math.ceil((start.length + text.length + 1) / 64) * 64 - start.length;
  start.writeUInt16LE(length, start.length - 2);
  const header = Buffer.from(`${text.padEnd(length - 1)}\n`, 'latin1');
  return Buffer.concat([start, header, Buffer.from(data.buffer, data.byteOffset, data.byteLength)]);
}
