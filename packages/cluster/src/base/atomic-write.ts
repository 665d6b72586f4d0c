/** Writes files that are whole or not there: a reader, a crash or a full disk never sees a part of one. */
import { existsSync, type Stats } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { ClusterError, failed } from '../errors.js';

type Content = string | Uint8Array;

let written = 0;

/** A file that is written, and not yet in its place: a file that was there stays until then. */
export interface WrittenFile {
  /** Puts it in its place. @throws ClusterError ERR_FILE; nothing is left then */
  put(): Promise<void>;
  /** Removes it. */
  drop(): Promise<void>;
}

/**
 * Writes a file under another name beside its place.
 *
 * @param content the parts of the file in their order
 * @throws ClusterError ERR_FILE, and whatever `content` throws; nothing is left in both cases
 */
export async function writeBeside(
  file: string,
  content: Iterable<Content> | AsyncIterable<Content>,
): Promise<WrittenFile> {
  const temporary = `${file}.${process.pid}-${++written}.tmp`;
  const drop = () => rm(temporary, { force: true });
  let handle: FileHandle | undefined;
  try {
    await stat(file)
      .then(refuseDirectory, () => {})
      .catch(cannotWrite(file));
    handle = await open(temporary, 'wx').catch(cannotWrite(file));
    for await (const part of content) await handle.writeFile(part).catch(cannotWrite(file));
    await handle.sync().catch(cannotWrite(file));
    await handle.close().catch(cannotWrite(file));
  } catch (error) {
    await handle?.close().catch(() => {}); // the first error says more
    await drop();
    throw error;
  }
  const put = () =>
    rename(temporary, file).catch(async (error) => {
      await drop();
      cannotWrite(file)(error);
    });
  return { put, drop };
}

function refuseDirectory(place: Stats): void {
  if (place.isDirectory()) throw Object.assign(new Error('a directory'), { code: 'EISDIR' });
}

/** Writes a file as `writeBeside` does, and puts it in its place. */
export async function writeAtomically(...file: Parameters<typeof writeBeside>): Promise<void> {
  await (await writeBeside(...file)).put();
}

/**
 * Makes a folder where it is not there, and acts in it; again where another run that failed removed it in between.
 *
 * @returns the outermost folder that was made; undefined where all were there
 * @throws ClusterError ERR_FILE, and whatever `act` throws in a folder that is there
 */
export async function inFolder(folder: string, act: () => Promise<unknown>): Promise<string | undefined> {
  let made: string | undefined;
  for (let triesLeft = 10; ; --triesLeft) {
    try {
      const madeNow = await mkdir(folder, { recursive: true }).catch(cannotWrite(folder));
      made ??= madeNow;
      await act();
      return made;
    } catch (error) {
      if (triesLeft === 0 || existsSync(folder)) throw error;
    }
  }
}

const causes: Readonly<Record<string, readonly [received: string, remedy: string]>> = {
  ENOENT: ['no folder of this name', 'make the folder first'],
  ENOTDIR: ['a file where a folder should be', 'choose another name'],
  EEXIST: ['a file of this name', 'choose another name'],
  EISDIR: ['a directory of this name', 'choose another name'],
  ENOTEMPTY: ['a directory of this name', 'choose another name'],
  EACCES: ['no permission to write it', 'choose a folder of yours'],
  EPERM: ['no permission to write it', 'choose a folder of yours'],
  EROFS: ['a disk that is read-only', 'choose another disk'],
  ENOSPC: ['a full disk', 'make room, or choose another disk'],
};

/** Makes the handler that turns an error of the system into one of ours. */
export function cannotWrite(file: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof ClusterError) throw error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    const [received, remedy] = causes[code] ?? [`an error of the system (${message})`, 'check the disk and the name'];
    throw failed('ERR_FILE', file, 'a place that can be written', received, remedy, error);
  };
}
