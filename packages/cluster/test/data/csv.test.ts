/** CSV and TSV files: how they are written is found and said; broken ones are refused with the line. */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { missingCells, numberOf } from '../../src/data/cells.js';
import { readCsv } from '../../src/data/csv.js';
import { columnOf } from '../../src/data/table.js';
import { entriesOf, temporaryFiles } from '../support/files.js';

const fileOf = temporaryFiles();
const readText = (text: string | Uint8Array, options = {}, name = 'data.csv') => readCsv(fileOf(name, text), options);
const codeAndMessage = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe('the dialect', () => {
  it.each([
    ['a,b\n1.5,x\n2,y\n', { separator: ',', decimal: '.', header: true }],
    ['a;b\n1,5;x\n2;y\n', { separator: ';', decimal: ',', header: true }],
    ['1,5;2,5\n3,5;4\n', { separator: ';', decimal: ',', header: false }],
    ['a\tb\n1,5\t2\n', { separator: '\t', decimal: ',', header: true }],
    ['a|b\n1|x,y\n2|z,u\n', { separator: '|', decimal: '.', header: true }],
    ['1,2\n3,4\n', { separator: ',', decimal: '.', header: false }],
    ['"a","b"\n"1,5","2,25"\n', { separator: ',', decimal: ',', quoted: true }],
    ['"a","b"\n"1,500","2,250"\n', { separator: ',', decimal: '.', quoted: true }],
    ['x\n1.5\n2.5\n', { separator: ',', decimal: '.', header: true }],
    ['a,"b;c;d"\n1,"e;f;g"\n2,h\n', { separator: ',', header: true }],
    ['a;b\r\n1;2\r\n', { separator: ';', header: true }],
    ['NA,2\n3,4\n', { header: false }],
    ['"",a\n"r1",2\n"r2",3\n', { header: true }],
    ['\ufeffa,b\n1,2\n', { byteOrderMark: true, header: true }],
    ['sep=;\na|b;c\n1;2\n', { separator: ';', header: true }],
    ['a,b,\n1,2,\n', { separator: ',', header: true }],
    [',,x\n,,y\n', { separator: ',', header: false }],
    ['a,b\r1,2\r', { separator: ',', header: true }],
  ])('of %j is found', async (text, expected) => {
    expect((await readText(text)).report).toMatchObject(expected);
  });

  it('is said in words', async () => {
    const { notes } = (await readText('a;b\n1,5;x\n2;y\n')).report;
    expect(notes).toEqual([
      "cells are separated by ';'; the decimal sign is a comma",
      'the first line names the columns',
    ]);
  });

  it('is taken as given', async () => {
    const options = { separator: ' ', decimal: ',' as const, header: false };
    const { columns } = await readText('1,5 2\n2,5 4\n', options);
    expect(columns.map(({ name }) => name)).toEqual(['column1', 'column2']);
    expect(columns.map(entriesOf)).toEqual([
      [1.5, 2.5],
      [2, 4],
    ]);
  });

  it('of a .tsv file has tabs, although commas would fit', async () => {
    const { report, columns } = await readText('a,b\tc\n1,5\t2\n', {}, 'data.tsv');
    expect(report).toMatchObject({ separator: '\t', decimal: ',' });
    expect(columns.map(({ name }) => name)).toEqual(['a,b', 'c']);
  });

  it('leaves out spaces around cells, except within quotes', async () => {
    const table = await readText('a, b\n1 , x\n 2," y "\n');
    expect(entriesOf(columnOf(table, 'a', 'a'))).toEqual([1, 2]);
    expect(entriesOf(columnOf(table, 'b', 'b'))).toEqual(['x', ' y ']);
  });
});

describe('types', () => {
  it.each([
    ['number', ['1', '2.5', '-3e2', '+.5', 'inf', '-0']],
    ['number', ['3', '1', '2', 'NA', '', '?']],
    ['number', ['NA', 'NA', 'NA', 'NA']],
    ['category', ['x', 'y', 'x', 'x']],
    ['category', ['007', '008', '007', '008']],
    ['boolean', ['true', 'FALSE', 'True', 'NA']],
    ['date', ['2020-01-31', '2020-02-29', '2020-02-29', 'NA']],
    ['date', ['2020-01-31 12:30', '2020-01-31T12:30:01.5Z', '2020-01-31 12:30:00+01:00']],
    ['category', ['2020-02-30', '2020-02-30', '2020-02-30']],
    ['id', ['5', '6', '7', '8']],
    ['id', ['N1', 'N2', 'N3', 'N4']],
    ['text', ['a'.repeat(65), 'b', 'c', 'd']],
    ['id', ['1234567890123456789', '1234567890123456788', '1234567890123456785']],
    ['number', ['100000000000000000000', '1234567890123456.5', '5']],
  ])('%s is found for %j', async (type, cells) => {
    expect((await readText(`x,y\n${cells.map((cell) => `${cell},1\n`).join('')}`)).columns[0]).toMatchObject({ type });
  });

  it.each(['id', 'ID', 'customer_id', 'customerId', 'Individual ID', 'index', 'Unnamed: 0'])(
    'id is found by the name %s',
    async (name) => {
      expect((await readText(`${name},y\n7,1\n3,1\n9,2\n`)).columns[0]).toMatchObject({ type: 'id' });
    },
  );

  it.each(['width', 'humid', 'paid', 'grid'])('number is found for the name %s', async (name) => {
    expect((await readText(`${name},y\n7,1\n3,1\n9,2\n`)).columns[0]).toMatchObject({ type: 'number' });
  });

  it('takes numbers among many texts for texts, and a few texts among numbers for mistakes', async () => {
    const lines = (texts: number) =>
      Array.from({ length: 100 }, (_, i) => `${i * 7},${i < texts ? `A/${i % 8}` : i * 37}\n`).join('');
    expect((await readText(`x,ticket\n${lines(11)}`)).columns[1]).toMatchObject({ type: 'text' });
    const message = /line 2, column 'ticket': expected a number, received 'A\/0' \(and 9 more such cells\)/;
    await expect(readText(`x,ticket\n${lines(10)}`)).rejects.toEqual(codeAndMessage('ERR_FORMAT', message));
  });

  it('counts many different texts as text', async () => {
    const lines = Array.from({ length: 300 }, (_, i) => `word ${i % 150},1\n`);
    const { columns } = await readText(`x,y\n${lines.join('')}`);
    expect(columns[0]).toMatchObject({ type: 'text', reason: '150 different texts in 300 rows' });
  });

  it('are those that were asked for', async () => {
    const types = { a: 'category', b: 'text', c: 'number' } as const;
    const { columns } = await readText('a,b,c\n1,x,3\n2,x,4\n1,x,5\n', { types });
    expect(columns.map(({ type }) => type)).toEqual(['category', 'text', 'number']);
    expect(columns.map(entriesOf)).toEqual([
      ['1', '2', '1'],
      ['x', 'x', 'x'],
      [3, 4, 5],
    ]);
  });

  it.each(['number', 'category', 'text', 'id', 'date', 'boolean'] as const)(
    '%s may have no values where it was asked for',
    async (type) => {
      const { columns } = await readText('a,b\nNA,1\nNA,2\n', { types: { a: type } });
      expect(columns[0]).toMatchObject({ type, missing: 2 });
    },
  );

  it('mark missing values, and know each line', async () => {
    const table = await readText('a,b\n1,x\n\n,\nNA,"y\nz"\n4,x\n');
    expect(table.columns).toMatchObject([
      { name: 'a', missing: 2 },
      { name: 'b', missing: 1 },
    ]);
    expect(entriesOf(table.columns[1])).toEqual(['x', undefined, 'y\nz', 'x']);
    expect(table.rows).toBe(4);
    expect([...(table.lines as Int32Array)]).toEqual([2, 4, 6, 7]);
  });

  it('take the cells that are said to be missing', async () => {
    const { columns } = await readText('a,b\n-999,NA\n1,u\n', { missing: ['-999'], types: { b: 'category' } });
    expect(columns.map(entriesOf)).toEqual([
      [undefined, 1],
      ['NA', 'u'],
    ]);
  });
});

describe('a CSV file is refused', () => {
  it.each([
    ['a,b\n1,2\n3\n4,5\n', 'ERR_FORMAT', /data\.csv, line 3: expected 2 cells, separated by ',', received 1; correct/],
    ['a;b\n1;2;3\n4;5\n', 'ERR_FORMAT', /line 2: expected 2 cells, separated by ';', received 3/],
    ['a,b,a\n1,2,3\n', 'ERR_FORMAT', /line 1: expected different column names, received 'a' twice/],
    ['# of 2024\na,b\n1,2\n', 'ERR_FORMAT', /line 2: expected 1 cell as in the first line, received 2; remove lines/],
    ['', 'ERR_EMPTY', /data\.csv: expected rows of data, received an empty file/],
    ['\ufeff', 'ERR_EMPTY', /expected rows of data, received none/],
    ['\n\n', 'ERR_EMPTY', /expected rows of data, received none/],
    ['a,b\n', 'ERR_EMPTY', /received column names alone \(a, b\)/],
    [
      'a,b\n1,2\n3,x\n5,6\n',
      'ERR_FORMAT',
      /line 3, column 'b': expected a number, received 'x'; correct the cell, leave it empty, name it in/,
    ],
    ['a;b\n1,5;1\n2,5;1.5\n1;3\n2;4\n', 'ERR_FORMAT', /line 3, column 'b': expected a number, received '1.5'/],
    ['a,b\n1,"2\n3,4\n', 'ERR_FORMAT', /line \d: expected a closing quote, received the end of the file/],
    ['a,b\n1,"2"3\n', 'ERR_FORMAT', /line 2: expected a separator after the closing quote/],
    ['a,b\n1,5" pipe\n', 'ERR_FORMAT', /line 2: expected quotes around a whole cell/],
  ])('%j', async (text, code, message) => {
    await expect(readText(text)).rejects.toEqual(codeAndMessage(code, message));
  });

  it('with a text after many numbers', async () => {
    const lines = Array.from({ length: 5000 }, (_, i) => (i === 4000 || i === 4500 ? '1,oops' : `1,${i * 7}`));
    const message = /line 4002, column 'b': expected a number, received 'oops' \(and 1 more such cells\)/;
    await expect(readText(`a,b\n${lines.join('\n')}`)).rejects.toEqual(codeAndMessage('ERR_FORMAT', message));
  });

  it('with a line that is too long, wherever it is, with bounded memory', async () => {
    const long = `a,b\n1,2\n3,${'x'.repeat(1 << 20)}`;
    const message = /line 3: expected a line of at most 100000 bytes, received a longer one; look for a quote/;
    const refusal = codeAndMessage('ERR_FORMAT', message);
    await expect(readText(long, { longestLine: 100_000 })).rejects.toEqual(refusal);
    await expect(readText(long.replace('x', '"'), { longestLine: 100_000 })).rejects.toEqual(refusal);
  });

  it('in another encoding, with the line', async () => {
    const latin = Buffer.from('a,b\n1,x\n2,é\n', 'latin1');
    const message = /line 3: expected text in UTF-8, received bytes of another encoding; convert it/;
    await expect(readText(latin)).rejects.toEqual(codeAndMessage('ERR_FORMAT', message));
    await expect(readText('a,b\n1,x\0\n')).rejects.toEqual(codeAndMessage('ERR_FORMAT', /line 2: .* a zero byte/));
  });

  it('with columns or types that it does not have', async () => {
    const message = /columns: expected one of the columns a, b, received 'c'/;
    await expect(readText('a,b\n1,2\n', { columns: ['c'] })).rejects.toEqual(codeAndMessage('ERR_COLUMN', message));
    await expect(readText('a,b\n1,2\n', { types: { c: 'number' } })).rejects.toMatchObject({ code: 'ERR_COLUMN' });
    const vector = /types\['a'\]: expected a type that a column of texts can have, received 'vector'/;
    await expect(readText('a,b\nx,2\n', { types: { a: 'vector' } })).rejects.toEqual(
      codeAndMessage('ERR_COLUMN', vector),
    );
  });
});

describe('reading', () => {
  it('takes the chosen columns alone', async () => {
    const { columns } = await readText('a,b,c\n1,oops,3\n2,5,4\n3,5,4\n', { columns: ['c', 'a'] });
    expect(columns.map(({ name }) => name)).toEqual(['a', 'c']);
  });

  it('ends lines by breaks of any kind, whichever the first one is', async () => {
    for (const text of ['a,b\r\n1,x\n2,"y\r\nz"\n', 'a,b\n1,x\r\n2,"y\r\nz"\r', 'a,b\r1,x\n2,"y\r\nz"\r\n']) {
      const table = await readText(text);
      expect(table.columns.map(entriesOf), text).toEqual([
        [1, 2],
        ['x', 'y\r\nz'],
      ]);
      expect([...(table.lines as Int32Array)]).toEqual([2, 4]);
    }
    const marked = 'a,b\r\n1,"x\r\n\r\ny"\r\n2,"z\r\n"\r\n3,oops,4\r\n';
    await expect(readText(marked)).rejects.toEqual(codeAndMessage('ERR_FORMAT', /line 7: expected 2 cells/));
    await expect(readText(marked.replace('oops', '"').replace(',4', ''))).rejects.toEqual(
      codeAndMessage('ERR_FORMAT', /line \d: expected a closing quote/),
    );
    // A break across two chunks.
    const long = await readText(`a,b\r\n${'1,2\n'.repeat(3)}${'12,3456\r\n'.repeat(60_000)}`);
    expect(long.rows).toBe(60_003);
  });

  it('leaves out lines of spaces, and columns without a name get a number', async () => {
    const { rows, columns } = await readText('a,b,\n1,2,\n  \n3,4,\n \n');
    expect([rows, columns.map(({ name }) => name)]).toEqual([2, ['a', 'b', 'column3']]);
  });

  it('takes 20,000 columns', async () => {
    const names = Array.from({ length: 20_000 }, (_, j) => `a|column;${j}`);
    const { columns } = await readText(`${names}\n${names.map((_, j) => j % 7)}\n`);
    expect(columns).toHaveLength(20_000);
  });

  it('unpacks gzip, and refuses half of one', async () => {
    const packed = gzipSync(`a,b\n${'1,2\n'.repeat(1000)}`);
    const table = await readText(packed, {}, 'data.csv.gz');
    expect(table).toMatchObject({ rows: 1000, report: { gzip: true } });
    const message = /data\.csv\.gz: expected a whole gzip file, received broken content/;
    await expect(readText(packed.subarray(0, 30), {}, 'data.csv.gz')).rejects.toEqual(
      codeAndMessage('ERR_FORMAT', message),
    );
  });

  it('keeps characters of several bytes that lie across chunks', async () => {
    const table = await readText(`a,b\n${'é€😀,1\n'.repeat(60_000)}`);
    expect(table.columns[0]).toMatchObject({ type: 'category', levels: ['é€😀'] });
  });

  it('ends with the reason of a signal', async () => {
    const reason = new Error('enough');
    await expect(readText('a,b\n1,2\n', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe('a table that was written', () => {
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const written = (value: number) => (Object.is(value, -0) ? '-0' : String(value));
  const isText = (text: string) => Number.isNaN(numberOf(text, '.')) && !missingCells.includes(text);
  const texts = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => isText(text) && !text.includes('\0'));
  const row = fc.tuple(fc.option(fc.double({ noNaN: true })), fc.option(texts), fc.double({ noNaN: true }));

  it('is read back', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1 }),
        fc.constantFrom(',', ';', '\t', '|'),
        async (rows, separator) => {
          const lines = rows.map(([a, b, c]) =>
            [a === null ? 'NA' : written(a), b === null ? '' : quote(b), written(c)].join(separator),
          );
          const types = { a: 'number', b: 'text', c: 'number' } as const;
          const text = [['a', 'b', 'c'].join(separator), ...lines].join('\n');
          const table = await readText(text, { types, separator, header: true, decimal: '.' });
          expect(table.columns.map(entriesOf)).toEqual(
            [0, 1, 2].map((j) => rows.map((cells) => (cells[j] === null ? undefined : cells[j]))),
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});
