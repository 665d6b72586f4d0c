/** Files that numpy, pyarrow and pandas wrote, by test/fixtures/make_tables.py. */
import { chmodSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { tableOf } from '../../src/data/arrays.js';
import { readArrow } from '../../src/data/arrow.js';
import { fileError } from '../../src/data/files.js';
import { npyOf } from '../../src/data/npy.js';
import { readTable } from '../../src/data/read-table.js';
import { columnOf, type Table, type VectorColumn } from '../../src/data/table.js';
import { ClusterError } from '../../src/errors.js';
import { entriesOf, temporaryFiles } from '../support/files.js';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/tables/${name}`, import.meta.url));
const { matrix, cube } = JSON.parse(readFileSync(fixture('expected.json'), 'utf8')) as Record<string, number[]>;
const fileOf = temporaryFiles();
const codeAndMessage = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
const vectorsOf = (table: Table) => table.columns[0] as VectorColumn;

describe('NPY', () => {
  it.each([
    ['f4', 'Float32Array', matrix],
    ['f8', 'Float64Array', matrix],
    ['f4_big', 'Float32Array', matrix],
    ['f8_big', 'Float64Array', matrix],
    ['f8_fortran', 'Float64Array', matrix],
    ['version2', 'Float64Array', matrix],
    ['version3', 'Float64Array', matrix],
    ['u1', 'Float32Array', matrix?.map((x) => Math.trunc(Math.abs(x)))],
    ['i4', 'Float64Array', matrix?.map((x) => Math.trunc(x) + 0)],
    ['i8', 'Float64Array', matrix?.map((x) => Math.trunc(x) + 0)],
  ])('%s is read', async (name, kind, expected) => {
    const table = await readTable(fixture(`${name}.npy`));
    const { values, length, shape } = vectorsOf(table);
    expect([table.rows, length, shape]).toEqual([3, 4, [4]]);
    expect(values.constructor.name).toBe(kind);
    expect(Array.from(values, (x) => x + 0)).toEqual(expected?.map((x) => x + 0));
  });

  it('of three dimensions has vectors with a shape, in Fortran order too', async () => {
    const { values, length, shape } = vectorsOf(await readTable(fixture('cube_fortran.npy')));
    expect([length, shape, [...values]]).toEqual([4, [2, 2], cube]);
  });

  it('of one dimension is a column of numbers', async () => {
    const { columns } = await readTable(fixture('line.npy'));
    expect(columns[0]).toMatchObject({ type: 'number', name: 'values', reason: 'an array of shape [4]' });
    expect(entriesOf(columns[0])).toEqual(matrix?.slice(0, 4));
  });

  // float16 by IEEE 754: 1, -2, the smallest number, the largest one, 1/3 rounded, -0.
  it.each([
    ['|b1', [1, 0], [1, 0]],
    ['|i1', [0xff, 0x7f], [-1, 127]],
    ['<i2', [0xfe, 0xff, 0x2c, 0x01], [-2, 300]],
    ['>i2', [0xff, 0xfe, 0x01, 0x2c], [-2, 300]],
    ['<u2', [0xff, 0xff, 1, 0], [65535, 1]],
    ['<u4', [0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0], [4294967295, 1]],
    ['>u8', [0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5], [255 * 2 ** 56, 5]],
    ['<f2', [0, 0x3c, 0, 0xc0, 1, 0, 0xff, 0x7b, 0x55, 0x35, 0, 0x80], [1, -2, 2 ** -24, 65504, 0.333251953125, -0]],
    ['>f2', [0x3c, 0, 0xfc, 0, 0x7e, 0], [1, -Infinity, undefined]],
  ])('of type %s is read', async (descr, bytes, numbers) => {
    const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${numbers.length},), }`.padEnd(117);
    const header = Buffer.from(`\x93NUMPY\x01\x00\x76\x00${text}\n`, 'latin1');
    const { columns } = await readTable(fileOf('typed.npy', Buffer.concat([header, Buffer.from(bytes)])));
    expect(entriesOf(columns[0])).toEqual(numbers);
  });

  const f8 = readFileSync(fixture('f8.npy'));
  const patched = (from: string, to: string) => Buffer.from(f8.toString('latin1').replace(from, to), 'latin1');
  it.each([
    ['records.npy', undefined, 'ERR_UNSUPPORTED', /received records; save one field of them/],
    ['complex.npy', patched("'<f8'", "'<c8'"), 'ERR_UNSUPPORTED', /received '<c8'; save a\.real, a\.imag or both/],
    ['texts.npy', patched("'<f8'", "'<U4'"), 'ERR_UNSUPPORTED', /received '<U4'; save its numbers alone/],
    ['wide.npy', patched("'<f8'", "'<g8'"), 'ERR_UNSUPPORTED', /booleans, integers or floats .*; save it as float32/],
    ['empty.npy', undefined, 'ERR_EMPTY', /expected rows of data, received an array of shape \[0, 4\]/],
    [
      'cut.npy',
      f8.subarray(0, 200),
      'ERR_FORMAT',
      /expected 96 bytes of numbers after byte 128, received 72, then the end/,
    ],
    ['long.npy', Buffer.concat([f8, f8]), 'ERR_FORMAT', /expected an end after 224 bytes, received more bytes/],
    ['header.npy', f8.subarray(0, 30), 'ERR_FORMAT', /expected 118 bytes of the header after byte 10/],
    [
      'version.npy',
      patched('NUMPY\x01', 'NUMPY\x09'),
      'ERR_UNSUPPORTED',
      /version 1, 2 or 3 of NPY, received version 9/,
    ],
    [
      'huge.npy',
      patched('(3, 4), }          ', '(9999999, 9999999),'),
      'ERR_FORMAT',
      /fits into memory|the end of the file/,
    ],
    ['other.npy', Buffer.from('{"a": 1}'), 'ERR_FORMAT', /expected the first bytes of a file of npy, received/],
  ])('%s is refused', async (name, bytes, code, message) => {
    const file = bytes === undefined ? fixture(name) : fileOf(name, bytes);
    await expect(readTable(file)).rejects.toEqual(codeAndMessage(code, message));
  });

  it('that was written is read back', async () => {
    const array = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })).chain(([n, d]) =>
      fc.oneof(
        fc.float64Array({ minLength: n * d, maxLength: n * d }).map((data) => ({ data, n, d })),
        fc.float32Array({ minLength: n * d, maxLength: n * d }).map((data) => ({ data, n, d })),
      ),
    );
    await fc.assert(
      fc.asyncProperty(array, async ({ data, n, d }) => {
        const { values, length } = vectorsOf(await readTable(fileOf('written.npy', npyOf(data, [n, d]))));
        expect(length).toBe(d);
        expect(values).toEqual(data);
      }),
      { numRuns: 50 },
    );
    const labels = await readTable(fileOf('labels.npy', npyOf(Int32Array.of(2, 0, 1), [3])));
    expect(entriesOf(labels.columns[0])).toEqual([2, 0, 1]);
  });
});

describe('IDX', () => {
  it('holds images with their shape, and labels', async () => {
    const images = vectorsOf(await readTable(fixture('images-idx3-ubyte')));
    expect([images.length, images.shape, [...images.values]]).toEqual([
      6,
      [2, 3],
      Array.from({ length: 24 }, (_, i) => i),
    ]);
    const labels = await readTable(fixture('labels-idx1-ubyte.gz'));
    expect(labels.report).toMatchObject({ format: 'idx', gzip: true });
    expect(entriesOf(labels.columns[0])).toEqual([3, 0, 2, 0]);
  });

  it('holds floats', async () => {
    expect([...vectorsOf(await readTable(fixture('floats.idx'))).values]).toEqual(matrix);
  });

  it('is refused where its end is missing', async () => {
    const bytes = readFileSync(fixture('images-idx3-ubyte'));
    const message = /expected 24 bytes of numbers after byte 16, received 14, then the end of the file/;
    await expect(readTable(fileOf('cut-idx3-ubyte', bytes.subarray(0, 30)))).rejects.toEqual(
      codeAndMessage('ERR_FORMAT', message),
    );
    const labels = gunzipSync(readFileSync(fixture('labels-idx1-ubyte.gz')));
    const packed = gzipSync(Buffer.concat([labels, Buffer.of(1)]));
    await expect(readTable(fileOf('more.idx.gz', packed))).rejects.toMatchObject({ code: 'ERR_FORMAT' });
  });
});

const day = (text: string) => Date.parse(`${text}Z`);
/** The table of make_tables.py; each format has the columns that it can hold. */
const written: Readonly<Record<string, readonly [type: string, entries: unknown[]]>> = {
  id: ['id', [11, 12, 13, 14]],
  size: ['number', [1.5, undefined, -2.25, 0]],
  count: ['number', [1, undefined, 3, 1]],
  kind: ['category', ['a', undefined, 'b', 'a']],
  level: ['category', ['x', undefined, 'y', 'x']],
  flag: ['boolean', ['true', undefined, 'false', 'true']],
  day: ['date', [day('2020-02-29'), undefined, day('1999-12-31'), day('2020-02-29')]],
  time: ['date', [day('2020-02-29T12:30:00.500'), undefined, day('1999-12-31'), day('2001-01-01')]],
  embedding: ['vector', [...[0, 4, 8].map((i) => matrix?.slice(i, i + 4)), [0, 0, 0, 1]]],
  fixed: ['vector', [...[0, 4, 8].map((i) => matrix?.slice(i, i + 4)), [0, 0, 0, 1]]],
};
/** JSON knows no -0. */
const withoutSigns = (entries: unknown[]) => JSON.parse(JSON.stringify(entries));

function expectWritten(table: Table, without: readonly string[] = []): void {
  expect(table.rows).toBe(4);
  const names = Object.keys(written).filter((name) => !without.includes(name));
  expect(table.columns.map(({ name }) => name).filter((name) => name !== 'column1')).toEqual(names);
  for (const name of names) {
    const [type, entries] = written[name] as [string, unknown[]];
    const column = columnOf(table, name, name);
    expect(column.type, name).toBe(type);
    expect(withoutSigns(entriesOf(column)), name).toEqual(withoutSigns(entries));
    expect(column.missing, name).toBe(entries.filter((entry) => entry === undefined).length);
  }
}

describe('the table of pyarrow and pandas', () => {
  it.each(['none', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4'])(
    'is read from Parquet with the codec %s',
    async (codec) => {
      const table = await readTable(fixture(`${codec}.parquet`));
      expectWritten(table);
      expect((columnOf(table, 'embedding', 'name') as VectorColumn).values).toBeInstanceOf(Float32Array);
      expect((columnOf(table, 'fixed', 'name') as VectorColumn).values).toBeInstanceOf(Float64Array);
    },
  );

  it.each(['file.arrow', 'stream.arrows', 'plain.feather'])('is read from %s', async (name) => {
    const table = await readTable(fixture(name));
    expectWritten(table);
    expect((columnOf(table, 'embedding', 'name') as VectorColumn).values).toBeInstanceOf(Float32Array);
  });

  it('is read from a CSV file of pandas', async () => {
    const table = await readTable(fixture('pandas.csv'));
    expectWritten(table, ['embedding', 'fixed']);
    expect(table.columns[0]).toMatchObject({ name: 'column1', type: 'id', reason: 'whole numbers counting up from 0' });
  });

  it('is read from JSON lines of pandas', async () => {
    expectWritten(await readTable(fixture('pandas.jsonl')), ['day', 'time']);
  });

  it.each(['none.parquet', 'file.arrow', 'pandas.jsonl'])('is read in part from %s', async (name) => {
    const table = await readTable(fixture(name), { columns: ['embedding', 'id'], types: { id: 'number' } });
    expect(table.columns.map((column) => [column.name, column.type])).toEqual([
      ['id', 'number'],
      ['embedding', 'vector'],
    ]);
    const message = /columns: expected one of the columns id, .*, received 'ID'; write the name as the file does/;
    await expect(readTable(fixture(name), { columns: ['ID'] })).rejects.toEqual(codeAndMessage('ERR_COLUMN', message));
  });
});

describe('Parquet', () => {
  const bytes = readFileSync(fixture('snappy.parquet'));
  it.each([
    ['cut', bytes.subarray(0, 3000), /expected a whole Parquet file, received broken content \(parquet/],
    ['short', bytes.subarray(0, 6), /expected a whole Parquet file/],
    [
      'spoilt',
      Buffer.concat([bytes.subarray(0, 100), Buffer.alloc(800, 0xee), bytes.subarray(900)]),
      /whole Parquet file/,
    ],
  ])('that is %s is refused', async (name, content, message) => {
    await expect(readTable(fileOf(`${name}.parquet`, content))).rejects.toEqual(codeAndMessage('ERR_FORMAT', message));
  });

  it('with vectors of several lengths, without rows, or with a name twice, is refused', async () => {
    const message =
      /ragged\.parquet, row 2, column 'v': expected 2 numbers as in the rows before, received 1; all vectors/;
    await expect(readTable(fixture('ragged.parquet'))).rejects.toEqual(codeAndMessage('ERR_FORMAT', message));
    await expect(readTable(fixture('empty.parquet'))).rejects.toMatchObject({ code: 'ERR_EMPTY' });
    const twice = /twice\.parquet: expected different column names, received 'v' twice; rename one of them/;
    await expect(readTable(fixture('twice.parquet'))).rejects.toEqual(codeAndMessage('ERR_FORMAT', twice));
  });

  it('that was written is read back', async () => {
    const row = fc.record({
      x: fc.option(fc.double({ noNaN: true }), { nil: undefined }),
      text: fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined }),
      vector: fc.array(fc.double({ noNaN: true }), { minLength: 3, maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1 }), async (rows) => {
        const buffer = parquetWriteBuffer({
          columnData: [
            { name: 'x', data: rows.map(({ x }) => x) },
            { name: 'text', data: rows.map(({ text }) => text) },
            { name: 'vector', data: rows.map(({ vector }) => vector) },
          ],
          schema: [
            { name: 'root', num_children: 3 },
            { name: 'x', type: 'DOUBLE', repetition_type: 'OPTIONAL' },
            { name: 'text', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
            { name: 'vector', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
            { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
            { name: 'element', repetition_type: 'OPTIONAL', type: 'DOUBLE' },
          ],
        });
        const file = fileOf('written.parquet', new Uint8Array(buffer));
        const table = await readTable(file, { types: { x: 'number', text: 'text' } });
        expect(table.columns.map(entriesOf)).toEqual(
          (['x', 'text', 'vector'] as const).map((name) => rows.map((each) => each[name])),
        );
      }),
      { numRuns: 30 },
    );
  });
});

describe('Arrow', () => {
  it('asks for its package where it is not installed', async () => {
    const missing = () => Promise.reject(Object.assign(new Error('no'), { code: 'ERR_MODULE_NOT_FOUND' }));
    const message =
      /file\.arrow: expected the package apache-arrow, .*, received none; run `npm install apache-arrow@21`/;
    await expect(readArrow(fixture('file.arrow'), {}, missing)).rejects.toEqual(
      codeAndMessage('ERR_PEER_NOT_FOUND', message),
    );
  });

  it('has lists and texts with offsets of 64 bits, as polars writes them', async () => {
    const { columns } = await readTable(fixture('large.arrow'));
    expect(columns.map(({ type }) => type)).toEqual(['category', 'vector']);
    expect([...(columns[1] as VectorColumn).values]).toEqual(matrix);
  });

  it('is refused where it is broken or compressed', async () => {
    const bytes = readFileSync(fixture('file.arrow'));
    const message = /expected a whole Arrow file, received broken or unknown content/;
    for (const file of [fixture('lz4.feather'), fileOf('cut.arrow', bytes.subarray(0, 700))])
      await expect(readTable(file), file).rejects.toEqual(codeAndMessage('ERR_FORMAT', message));
  });
});

describe('JSON lines', () => {
  const read = (text: string, options = {}) => readTable(fileOf('data.jsonl', text), options);

  it('of arrays are vectors', async () => {
    const table = await read('[1, 2.5]\n\n  [3, -4e1]\r\n');
    expect(table).toMatchObject({ rows: 2, report: { format: 'json-lines' } });
    expect([...(table.lines as Int32Array)]).toEqual([1, 3]);
    expect(entriesOf(table.columns[0])).toEqual([
      [1, 2.5],
      [3, -40],
    ]);
  });

  it('of objects have a column for each key, from the line on that has it', async () => {
    const table = await read('{"a": 1}\n{"b": "x", "a": null}\n{"constructor": [1]}\n');
    expect(table.columns.map(({ name, missing }) => [name, missing])).toEqual([
      ['a', 2],
      ['b', 2],
      ['constructor', 2],
    ]);
    expect(entriesOf(table.columns[1])).toEqual([undefined, 'x', undefined]);
  });

  it.each([
    [
      '[1, 2]\n[3]\n',
      'ERR_FORMAT',
      /data\.jsonl, line 2, column 'vector': expected 2 numbers as in the rows before, received 1/,
    ],
    [
      '[1, 2]\n[3, null]\n',
      'ERR_FORMAT',
      /line 2, column 'vector', entry 2 of the vector: expected a number, received null/,
    ],
    ['[1, 2]\n[3, "x"]\n', 'ERR_FORMAT', /entry 2 of the vector: expected a number, received 'x'/],
    ['[]\n', 'ERR_FORMAT', /expected a vector of at least one number/],
    [
      '{"a": 1}\n{"a": "x"}\n',
      'ERR_FORMAT',
      /line 2, column 'a': expected a number as in the rows before, received 'x'/,
    ],
    [
      '[[1, 2], [3, 4]]\n',
      'ERR_FORMAT',
      /line 1: expected a row: .*, received an array of 2 arrays; write one value a/,
    ],
    [
      '[{"a": 1}]\n',
      'ERR_FORMAT',
      /line 1: expected a row: .*, received an array of 1 objects; write one value a line/,
    ],
    ['{"v": [[1, 2], [3, 4]]}\n', 'ERR_FORMAT', /entry 1 of the vector: expected a number, .*; write lists in a list/],
    ['{"a": NaN}\n', 'ERR_FORMAT', /line 1: expected JSON, received '{"a": NaN}'.*; write null instead of NaN/],
    [
      '{"a": 1}\n[1]\n',
      'ERR_FORMAT',
      /line 2: expected an object as in the lines before, received an array of length 1/,
    ],
    ['5\n', 'ERR_FORMAT', /line 1: expected an array or an object/],
    ['{"a": 1}\n{"a": \n', 'ERR_FORMAT', /line 2: expected JSON, received '\{"a":'.*; write one value a line/],
    ['[\n1, 2\n]\n', 'ERR_FORMAT', /line 1: expected JSON/],
    ['\n \n', 'ERR_EMPTY', /expected rows of data, received none/],
  ])('%j are refused', async (text, code, message) => {
    await expect(read(text)).rejects.toEqual(codeAndMessage(code, message));
  });

  it('that are too long are refused', async () => {
    const message = /line 2: expected a line of at most 1000 bytes, received a longer one/;
    const text = `[1]\n[${'1,'.repeat(1 << 19)}1]\n`;
    await expect(read(text, { longestLine: 1000 })).rejects.toEqual(codeAndMessage('ERR_FORMAT', message));
  });

  it('that were written are read back', async () => {
    const row = fc.record(
      {
        x: fc.double({ noNaN: true, noDefaultInfinity: true }),
        text: fc.string({ unit: 'grapheme' }),
        flag: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1 }), async (rows) => {
        const table = await read(
          rows.map((each) => JSON.stringify(each)).join('\n'),
          'text' in Object.assign({}, ...rows) ? { types: { text: 'text' } } : {},
        );
        for (const column of table.columns) {
          const values = rows.map((each) => each[column.name as keyof typeof each]);
          const expected = values.map((value) => (typeof value === 'boolean' ? String(value) : value));
          expect(withoutSigns(entriesOf(column))).toEqual(withoutSigns(expected));
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('every fixture', () => {
  const names = readdirSync(fixture('')).filter((name) => name !== 'expected.json');

  it.each(names)('%s is read or refused with a code wherever it is cut', async (name) => {
    const bytes = readFileSync(fixture(name));
    const step = Math.max(1, Math.floor(bytes.length / 40));
    for (let length = 0; length < bytes.length; length += step) {
      const file = fileOf(name, bytes.subarray(0, length));
      await readTable(file).catch((error) => expect(error, `${length} bytes`).toBeInstanceOf(ClusterError));
    }
  });

  // Not Arrow and Parquet: their packages may count without end by a number that is spoilt.
  it.each(names.filter((name) => !/arrow|feather|parquet/.test(name)))(
    '%s is, too, where bytes are spoilt',
    async (name) => {
      const bytes = readFileSync(fixture(name));
      const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
      await fc.assert(
        fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
          const spoilt = Buffer.from(bytes);
          for (const [at, byte] of changes) spoilt[at] = byte;
          await readTable(fileOf(name, spoilt)).catch((error) => expect(error).toBeInstanceOf(ClusterError));
        }),
        { numRuns: 40 },
      );
    },
  );
});

describe('any file', () => {
  it.each([
    ['data.csv', readFileSync(fixture('snappy.parquet')), 'parquet'],
    ['data.txt', '{"a": 1}\n', 'json-lines'],
    ['data', '{"a": 1}\n{"a": 2}\n', 'json-lines'],
    ['data', ' [1]\n[2]\n', 'json-lines'],
    ['data', 'a,b\n1,2\n', 'csv'],
    ['data.bin', readFileSync(fixture('f8.npy')), 'npy'],
    ['data', gzipSync(readFileSync(fixture('f8.npy'))), 'npy'],
    ['data.csv.gz', gzipSync('a,b\n1,2\n'), 'csv'],
    ['data.ndjson.gz', gzipSync('[1]\n'), 'json-lines'],
    ['embeddings.csv', '\ufeff{"v": [1, 2]}\r\n{"v": [3, 4]}\r\n', 'json-lines'],
    ['brackets.csv', '[a],b\n1,2\n', 'csv'],
  ])('%s is read by its content', async (name, content, format) => {
    expect((await readTable(fileOf(name, content))).report.format).toBe(format);
  });

  it('is said to have another format than its name tells', async () => {
    const table = await readTable(fileOf('table.csv', readFileSync(fixture('f8.npy'))));
    expect(table.report.notes[0]).toBe('the name says csv, the content is npy');
  });

  it.each([
    ['sheet.csv', 'PK\x03\x04...', 'ERR_UNSUPPORTED', /received a zip archive.*; save a sheet as CSV/],
    [
      'utf16.csv',
      Buffer.from('\ufeffa,b\n', 'utf16le'),
      'ERR_UNSUPPORTED',
      /received text in UTF-16; save it in UTF-8/,
    ],
    [
      'packed.parquet.gz',
      gzipSync(readFileSync(fixture('none.parquet'))),
      'ERR_UNSUPPORTED',
      /packed by gzip; unpack it/,
    ],
    ['utf32.csv', '\xff\xfe\0\0a\0\0\0', 'ERR_UNSUPPORTED', /received text in UTF-32; save it in UTF-8/],
    ['empty.parquet', '', 'ERR_EMPTY', /expected rows of data, received an empty file/],
    ['text.parquet', 'a,b\n1,2\n', 'ERR_FORMAT', /expected the first bytes of a file of parquet, received "a,b/],
    ['empty.csv.gz', gzipSync(''), 'ERR_EMPTY', /an empty file/],
  ])('%s is refused', async (name, content, code, message) => {
    const file = typeof content === 'string' ? fileOf(name, Buffer.from(content, 'latin1')) : fileOf(name, content);
    await expect(readTable(file)).rejects.toEqual(codeAndMessage(code, message));
  });

  it('that cannot be opened is refused', async () => {
    const file = fileOf('a.csv', 'a,b\n1,2\n');
    const folder = path.join(path.dirname(file), 'folder.csv');
    mkdirSync(folder);
    const directory = /folder\.csv: expected a file that can be read, received a directory; name a file in it/;
    await expect(readTable(folder)).rejects.toEqual(codeAndMessage('ERR_FILE', directory));
    const none = /none\.csv: expected a file that can be read, received no file of this name; check the name/;
    await expect(readTable(path.join(path.dirname(file), 'none.csv'))).rejects.toEqual(
      codeAndMessage('ERR_FILE', none),
    );
    await expect(readTable(path.join(file, 'a.csv'))).rejects.toMatchObject({ code: 'ERR_FILE' });
  });

  it.skipIf(process.platform === 'win32')('that is a device is refused', async () => {
    const message = /null: expected a file on a disk, received a pipe or a device; write its content to a file first/;
    await expect(readTable('/dev/null')).rejects.toEqual(codeAndMessage('ERR_FILE', message));
  });

  it('that may not be read is refused', async () => {
    const file = fileOf('secret.csv', 'a,b\n1,2\n');
    chmodSync(file, 0);
    const refusal = codeAndMessage('ERR_FILE', /secret\.csv: expected .*, received no permission to read it; allow/);
    expect(fileError(file, Object.assign(new Error('EACCES'), { code: 'EACCES' }))).toEqual(refusal);
    if (process.getuid?.() === 0 || process.platform === 'win32') return; // the superuser may read every file
    await expect(readTable(file)).rejects.toEqual(refusal);
  });

  it.each([
    [{ format: 'xlsx' }, 'ERR_OUT_OF_RANGE', /format: expected one of 'csv', 'json-lines'/],
    [{ columns: 'a' }, 'ERR_INVALID_ARG_TYPE', /columns: expected an array of strings, received 'a'/],
    [{ columns: [] }, 'ERR_OUT_OF_RANGE', /columns: expected at least one name/],
    [{ columns: ['a', 'a'] }, 'ERR_OUT_OF_RANGE', /columns: expected each name once, received 'a' twice/],
    [{ types: { a: 'float' } }, 'ERR_OUT_OF_RANGE', /types\['a'\]: expected one of 'number'/],
    [{ separator: ';;' }, 'ERR_OUT_OF_RANGE', /separator: expected one ASCII character/],
    [{ separator: '"' }, 'ERR_OUT_OF_RANGE', /separator/],
    [{ decimal: ';' }, 'ERR_OUT_OF_RANGE', /decimal: expected one of '.', ','/],
    [{ header: 'yes' }, 'ERR_INVALID_ARG_TYPE', /header: expected a boolean, received 'yes'/],
    [{ longestLine: 0 }, 'ERR_OUT_OF_RANGE', /longestLine: expected an integer >= 1/],
    [{ colums: ['a'] }, 'ERR_INVALID_ARG_TYPE', /options\.colums: expected one of format, columns/],
  ])('with the options %j is refused', async (options, code, message) => {
    await expect(readTable(fixture('pandas.csv'), options as object)).rejects.toEqual(codeAndMessage(code, message));
  });
});

describe('whole numbers beyond 2^53', () => {
  it('are codes, of which no digit is lost', () => {
    const big = [7n, null, 2n ** 60n, 2n ** 60n + 1n, 9];
    const [column] = tableOf({ big, x: [1, 2, 3, 4, 6] }).columns;
    expect(column).toMatchObject({ type: 'id', missing: 1 });
    expect(entriesOf(column)).toEqual(['7', undefined, '1152921504606846976', '1152921504606846977', '9']);
    expect(entriesOf(tableOf({ big: [null, 2n ** 60n] }).columns[0])).toEqual([undefined, '1152921504606846976']);
    expect(entriesOf(tableOf({ v: [BigInt64Array.of(1n, 2n), [3n, 4n]] }).columns[0])).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(tableOf({ safe: [5n, 9n, 7n] }).columns[0]).toMatchObject({ type: 'number' });
  });
});

describe('arrays', () => {
  it('are a table of typed columns', () => {
    const table = tableOf({
      x: Float32Array.of(1, 2.5, 7),
      kind: ['a', null, 'a'],
      at: [new Date(0), undefined, new Date(1)],
      big: [7n, 9n, 8n],
      vector: [Float32Array.of(1, 2), null, Float32Array.of(3, 4)],
    });
    expect(table.columns.map(({ type, missing }) => [type, missing])).toEqual([
      ['number', 0],
      ['category', 1],
      ['date', 1],
      ['number', 0],
      ['vector', 1],
    ]);
    expect(entriesOf(table.columns[4])).toEqual([
      [1, 2],
      [Number.NaN, Number.NaN],
      [3, 4],
    ]);
  });

  it.each([
    [
      { a: [1], b: [1, 2] },
      'ERR_OUT_OF_RANGE',
      /columns\['b'\]: expected 1 entries as in the first column, received 2/,
    ],
    [{ a: 5 }, 'ERR_INVALID_ARG_TYPE', /columns\['a'\]: expected an array, received 5/],
    [{}, 'ERR_EMPTY', /columns: expected rows of data/],
    [{ a: [] }, 'ERR_EMPTY', /columns: expected rows of data/],
    [{ a: [1, 'x'] }, 'ERR_FORMAT', /arrays, row 2, column 'a': expected a number as in the rows before, received 'x'/],
    [{ a: [() => 1] }, 'ERR_FORMAT', /row 1, column 'a': expected a number, a string, .*, received a function/],
    [[1], 'ERR_INVALID_ARG_TYPE', /columns: expected an object with an array for each name/],
  ])('%j are refused', (columns, code, message) => {
    expect(() => tableOf(columns as never)).toThrow(codeAndMessage(code, message));
  });
});
