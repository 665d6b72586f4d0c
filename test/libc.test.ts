/** The C library of a process: from executables made here, as the ELF specification has them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { libcOf } from '../src/libc.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'genmi-libc-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a file whose second program header names a loader at `place`; returns its path. */
function executable(name: string, loader: string, place: number): string {
  const bytes = Buffer.alloc(place + loader.length + 1);
  bytes.write('\x7fELF', 'latin1');
  bytes.writeBigUInt64LE(64n, 32); // where the program headers begin
  bytes.writeUInt16LE(56, 54); // the size of each
  bytes.writeUInt16LE(2, 56); // how many there are
  bytes.writeUInt32LE(6, 64); // the first: PT_PHDR
  bytes.writeUInt32LE(3, 64 + 56); // the second: PT_INTERP
  bytes.writeBigUInt64LE(BigInt(place), 64 + 56 + 8);
  bytes.writeBigUInt64LE(BigInt(loader.length + 1), 64 + 56 + 32);
  bytes.write(loader, place);
  const file = path.join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

describe('the C library of an executable', () => {
  it.each([
    ['/lib/ld-musl-x86_64.so.1', 'musl'],
    ['/lib64/ld-linux-x86-64.so.2', 'glibc'],
    ['/lib/ld-linux-aarch64.so.1', 'glibc'],
  ])('whose loader is %s is %s, wherever the name stands', (loader, libc) => {
    expect(libcOf(executable('near', loader, 176))).toBe(libc);
    expect(libcOf(executable('far', loader, 5_000_000))).toBe(libc);
  });

  it('counts as glibc where the file cannot be read, is cut short, or names no loader', () => {
    expect(libcOf(path.join(folder, 'missing'))).toBe('glibc');
    writeFileSync(path.join(folder, 'short'), '\x7fELF');
    expect(libcOf(path.join(folder, 'short'))).toBe('glibc');
    expect(libcOf(executable('static', '', 176))).toBe('glibc');
  });

  it('is musl where the loader is started with Node as its argument', () => {
    expect(libcOf('/lib/ld-musl-x86_64.so.1')).toBe('musl');
  });
});
