/** The folder of a run: its files are whole or not there. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { cannotWrite, writeAtomically } from '../src/base/atomic-write.js';
import { tableOf } from '../src/data/arrays.js';
import { rowIdsOf } from '../src/data/labels.js';
import { readTable } from '../src/data/read-table.js';
import { RunFolder } from '../src/run/index.js';
import { entriesOf } from './support/files.js';

const folder = mkdtempSync(path.join(tmpdir(), 'genmi-cluster-run-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
const fresh = () => path.join(folder, `run${++count}`);
const codeAndMessage = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe('a file that is written', () => {
  it('replaces another one at once', async () => {
    const file = path.join(folder, 'a.txt');
    writeFileSync(file, 'old');
    const seen: string[] = [];
    function* parts() {
      yield 'new ';
      seen.push(readFileSync(file, 'utf8'));
      yield Buffer.from('text');
    }
    await writeAtomically(file, parts());
    expect(seen).toEqual(['old']);
    expect(readFileSync(file, 'utf8')).toBe('new text');
  });

  it('stays as it was where its content fails', async () => {
    const inside = fresh();
    mkdirSync(inside);
    const file = path.join(inside, 'a.txt');
    writeFileSync(file, 'old');
    const reason = new Error('no more');
    async function* parts() {
      yield 'new';
      throw reason;
    }
    await expect(writeAtomically(file, parts())).rejects.toBe(reason);
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(readdirSync(inside)).toEqual(['a.txt']);
  });

  it('is refused where its place cannot be written', async () => {
    const none = path.join(folder, 'none', 'a.txt');
    const message =
      /a\.txt: expected a place that can be written, received no folder of this name; make the folder first/;
    await expect(writeAtomically(none, ['x'])).rejects.toEqual(codeAndMessage('ERR_FILE', message));
    const inside = fresh();
    mkdirSync(path.join(inside, 'directory'), { recursive: true });
    const directory = /received a directory of this name; choose another name/;
    await expect(writeAtomically(path.join(inside, 'directory'), ['x'])).rejects.toEqual(
      codeAndMessage('ERR_FILE', directory),
    );
    expect(readdirSync(inside)).toEqual(['directory']);
    expect(() => cannotWrite('b')({ code: 'ENOSPC', message: '' })).toThrow(
      codeAndMessage('ERR_FILE', /b: .*received a full disk; make room/),
    );
  });
});

describe('the folder of a run', () => {
  it('has labels.csv and results.json', async () => {
    const run = await RunFolder.open(path.join(fresh(), 'deep'));
    const clusters = Int32Array.of(1, 0, 1);
    const probabilities = Float32Array.of(0.9, 1, 0.123456789);
    await run.writeLabels({ clusters, probabilities });
    await run.writeLabels(
      { ids: { name: 'who, where', values: ['a', 'b "x"', ''] }, clusters, probabilities },
      'ids.csv',
    );
    await run.writeResults({ clusters: 2 });
    expect(readdirSync(run.path).every((name) => name.endsWith('.tmp'))).toBe(true);
    await run.keep();
    const read = (name: string) => readFileSync(path.join(run.path, name), 'utf8');
    expect(read('labels.csv')).toBe('row,cluster,probability\n1,1,0.9\n2,0,1\n3,1,0.123457\n');
    expect(read('ids.csv')).toBe('"who, where",cluster,probability\na,1,0.9\n"b ""x""",0,1\n"",1,0.123457\n');
    expect(JSON.parse(read('results.json'))).toEqual({ clusters: 2 });
    expect(readdirSync(run.path)).toHaveLength(3);
  });

  it('leaves nothing behind where the run failed', async () => {
    const outer = fresh();
    const run = await RunFolder.open(path.join(outer, 'deep'));
    await run.writeResults({});
    const wrong = { clusters: [1, 2], probabilities: [1] };
    const message = /probabilities: expected one for each of the 2 rows, received 1/;
    await expect(run.writeLabels(wrong)).rejects.toEqual(codeAndMessage('ERR_OUT_OF_RANGE', message));
    await run.discard();
    expect(existsSync(outer)).toBe(false);
  });

  it('is as it was where the run failed: with files of others, and of a run before', async () => {
    const inside = fresh();
    mkdirSync(path.join(inside, 'report.html'), { recursive: true });
    writeFileSync(path.join(inside, 'notes.txt'), 'mine');
    const before = await RunFolder.open(inside);
    await before.writeResults({ run: 1 });
    await before.keep();
    const run = await RunFolder.open(inside);
    await run.writeResults({ run: 2 });
    await expect(run.write('report.html', ['page'])).rejects.toEqual(
      codeAndMessage('ERR_FILE', /report\.html: .*received a directory of this name/),
    );
    await run.discard();
    expect(readdirSync(inside)).toEqual(['notes.txt', 'report.html', 'results.json']);
    expect(JSON.parse(readFileSync(path.join(inside, 'results.json'), 'utf8'))).toEqual({ run: 1 });
  });

  it('stays that of a run where another run with it fails', async () => {
    const outer = fresh();
    const failing = await RunFolder.open(path.join(outer, 'deep'));
    const run = await RunFolder.open(failing.path);
    await failing.discard();
    await run.writeResults({ run: 2 });
    await run.keep();
    expect(readdirSync(run.path)).toEqual(['results.json']);
  });

  it('is opened while others with it, and around it, fail', async () => {
    const outer = fresh();
    const opensAndFails = async (name: string) => await (await RunFolder.open(path.join(outer, name))).discard();
    for (let round = 0; round < 50; ++round)
      await Promise.all(['deep', 'deep', 'deep', 'deep/er', 'deep/er', 'other'].map(opensAndFails));
  });

  it('is refused where it is a file', async () => {
    const file = fresh();
    writeFileSync(file, '');
    await expect(RunFolder.open(file)).rejects.toEqual(
      codeAndMessage('ERR_FILE', /expected a place that can be written, received a file of this name/),
    );
    await expect(RunFolder.open(path.join(file, 'run'))).rejects.toEqual(
      codeAndMessage('ERR_FILE', /received a file where a folder should be/),
    );
  });

  it('has labels that are read back', async () => {
    const run = await RunFolder.open(fresh());
    const row = fc.tuple(fc.string({ unit: 'grapheme' }), fc.nat(20), fc.double({ min: 0, max: 1, noNaN: true }));
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1 }), async (rows) => {
        const ids = { name: 'id', values: rows.map(([id]) => id) };
        const probabilities = rows.map(([, , probability]) => Number(probability.toPrecision(6)) + 0);
        await run.writeLabels({ ids, clusters: rows.map(([, cluster]) => cluster), probabilities });
        await run.keep();
        const types = { id: 'text', cluster: 'number', probability: 'number' } as const;
        const options = { types, missing: [], separator: ',', header: true };
        const table = await readTable(path.join(run.path, 'labels.csv'), options);
        expect(table.columns.map(entriesOf)).toEqual([ids.values, rows.map(([, cluster]) => cluster), probabilities]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the names of rows', () => {
  it('are those of the first column of ids that are all different', () => {
    const table = tableOf({
      x: [1, 5, 2],
      a_id: [3, 3, 9],
      b_id: ['u', null, 'v'],
      c: ['p', 'q', 'r'],
      d_id: [1, 2, 3],
    });
    expect(rowIdsOf(table)).toEqual({ name: 'c', values: ['p', 'q', 'r'] });
    expect(rowIdsOf(tableOf({ x: [1, 5, 2] }))).toBeUndefined();
  });

  it('are those of the column that is named', () => {
    const table = tableOf({ kind: ['a', null, 'a'], v: [[1], [2], [3]] });
    expect(rowIdsOf(table, 'kind')).toEqual({ name: 'kind', values: ['a', '', 'a'] });
    expect(() => rowIdsOf(table, 'id')).toThrow(
      codeAndMessage('ERR_COLUMN', /id: expected one of the columns kind, v/),
    );
    expect(() => rowIdsOf(table, 'v')).toThrow(
      codeAndMessage('ERR_COLUMN', /id, 'v': expected a column of ids, received v/),
    );
  });
});
