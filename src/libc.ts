/** The C library of this process on Linux, from the file of Node: an ELF file that names its dynamic loader. */
import { closeSync, openSync, readSync } from 'node:fs';

/** The type of the program header that points to the loader's name: PT_INTERP of the ELF specification. */
const INTERPRETER = 3;

/** The C library that an executable is linked with. A file that cannot be read counts as one of glibc. */
export function libcOf(executable: string): 'glibc' | 'musl' {
  // Where the loader is started with Node as its argument, it is the executable itself.
  if (executable.includes('/ld-musl-')) return 'musl';
  try {
    return loaderOf(executable).includes('/ld-musl-') ? 'musl' : 'glibc';
  } catch {
    return 'glibc';
  }
}

function loaderOf(executable: string): string {
  const file = openSync(executable, 'r');
  try {
    const read = (position: number, length: number) => {
      const bytes = Buffer.alloc(length);
      readSync(file, bytes, 0, length, position);
      return bytes;
    };
    const header = read(0, 64);
    const [first, size, count] = [Number(header.readBigUInt64LE(32)), header.readUInt16LE(54), header.readUInt16LE(56)];
    for (let i = 0; i < count; i++) {
      const entry = read(first + i * size, size);
      if (entry.readUInt32LE(0) !== INTERPRETER) continue;
      return read(Number(entry.readBigUInt64LE(8)), Number(entry.readBigUInt64LE(32))).toString();
    }
    return '';
  } finally {
    closeSync(file);
  }
}
