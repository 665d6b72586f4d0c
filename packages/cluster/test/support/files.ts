/** Files for one test file, in a folder that is removed afterwards. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import type { Column } from '../../src/data/table.js';

/** Makes a folder, and gives the function that writes a file into it and returns its path. */
export function temporaryFiles(): (name: string, content: string | Uint8Array) => string {
  const folder = mkdtempSync(path.join(tmpdir(), 'genmi-cluster-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return (name, content) => {
    const file = path.join(folder, name);
    writeFileSync(file, content);
    return file;
  };
}

/** Entries of a column as JavaScript values: undefined where one is missing. */
export function entriesOf(column: Column | undefined): unknown[] {
  if (column === undefined) throw new Error('no such column');
  if (column.type === 'vector') {
    const { length, values } = column;
    return Array.from({ length: values.length / length }, (_, i) => [...values.subarray(i * length, (i + 1) * length)]);
  }
  if ('codes' in column) return Array.from(column.codes, (code) => column.levels[code]);
  return Array.from(column.values, (value) => (Number.isNaN(value) ? undefined : value));
}
