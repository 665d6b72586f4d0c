/** Reads files as streams of bytes, unpacked where they are gzip; says what is wrong with a file in one form. */
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { ClusterError, failed } from '../errors.js';

const CHUNK = 1 << 18;
/** Enough for the magic numbers of all formats, and for the dialect of a CSV file. */
const BEGINNING = 1 << 20;

const causes: Readonly<Record<string, readonly [received: string, remedy: string]>> = {
  ENOENT: ['no file of this name', 'check the name and the folder'],
  EACCES: ['no permission to read it', 'allow reading it, such as by chmod'],
  EPERM: ['no permission to read it', 'allow reading it'],
  EISDIR: ['a directory', 'name a file in it'],
};

/** The error for a file that the system does not let us read. */
export function fileError(file: string, error: unknown): Error {
  if (error instanceof ClusterError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code.startsWith('Z_')) {
    const received = `broken content (${message})`;
    return failed('ERR_FORMAT', file, 'a whole gzip file', received, 'copy or download the file again', error);
  }
  const [received, remedy] = causes[code] ?? [`an error of the system (${message})`, 'check the disk and the name'];
  return failed('ERR_FILE', file, 'a file that can be read', received, remedy, error);
}

/** The first bytes of a file, unpacked; and whether these are all. */
export interface Beginning {
  readonly bytes: Buffer;
  readonly whole: boolean;
  readonly gzip: boolean;
}

/** @throws ClusterError ERR_FILE, ERR_EMPTY, ERR_FORMAT */
export async function readBeginning(file: string): Promise<Beginning> {
  const gzip = await isGzip(file);
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunksOf(file, gzip)) {
    parts.push(chunk);
    length += chunk.length;
    if (length > BEGINNING) break;
  }
  if (length === 0) throw failed('ERR_EMPTY', file, 'rows of data', 'an empty file', 'check the program that wrote it');
  return { bytes: Buffer.concat(parts).subarray(0, BEGINNING), whole: length <= BEGINNING, gzip };
}

async function isGzip(file: string): Promise<boolean> {
  try {
    const status = await stat(file);
    if (status.isDirectory()) throw Object.assign(new Error('a directory'), { code: 'EISDIR' });
    if (!status.isFile()) {
      const remedy = 'write its content to a file first: it is read more than once';
      throw failed('ERR_FILE', file, 'a file on a disk', 'a pipe or a device', remedy);
    }
    const handle = await open(file);
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
      return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError(file, error);
  }
}

/** The bytes of a file from its start, unpacked if it is gzip. @throws ClusterError ERR_FILE, ERR_FORMAT */
export async function* chunksOf(file: string, gzip: boolean, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const source = createReadStream(file, { highWaterMark: CHUNK });
  const stream = gzip ? source.pipe(createGunzip({ chunkSize: CHUNK })) : source;
  if (gzip) source.on('error', (error) => stream.destroy(error));
  try {
    for await (const chunk of stream) {
      signal?.throwIfAborted();
      yield chunk as Buffer;
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw fileError(file, error);
  } finally {
    source.destroy();
  }
}

/** Reads a file of numbers from its start to its end. */
export class ByteReader {
  readonly #chunks: AsyncGenerator<Buffer>;
  #chunk: Buffer = Buffer.alloc(0);
  /** The bytes that were read. */
  position = 0;

  constructor(
    readonly file: string,
    gzip: boolean,
    signal?: AbortSignal,
  ) {
    this.#chunks = chunksOf(file, gzip, signal);
  }

  async read(length: number, of: string): Promise<Buffer> {
    const bytes = Buffer.alloc(length);
    await this.readInto(bytes, of);
    return bytes;
  }

  /** Fills `target`. @throws ClusterError ERR_FORMAT where the file ends before */
  async readInto(target: Uint8Array, of: string): Promise<void> {
    let filled = 0;
    while (filled < target.length) {
      if (this.#chunk.length === 0 && !(await this.#next()))
        throw failed(
          'ERR_FORMAT',
          this.file,
          `${target.length} bytes of ${of} after byte ${this.position}`,
          `${filled}, then the end of the file`,
          'copy or download the file again',
        );
      const count = Math.min(this.#chunk.length, target.length - filled);
      target.set(this.#chunk.subarray(0, count), filled);
      this.#chunk = this.#chunk.subarray(count);
      filled += count;
    }
    this.position += filled;
  }

  /** @throws ClusterError ERR_FORMAT where bytes are left */
  async end(): Promise<void> {
    if (this.#chunk.length > 0 || (await this.#next()))
      throw failed(
        'ERR_FORMAT',
        this.file,
        `an end after ${this.position} bytes`,
        'more bytes',
        'write the file again',
      );
  }

  async close(): Promise<void> {
    await this.#chunks.return(undefined);
  }

  async #next(): Promise<boolean> {
    const { value, done } = await this.#chunks.next();
    if (done !== true) this.#chunk = value;
    return done !== true;
  }
}
