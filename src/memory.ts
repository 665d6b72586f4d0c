/** The check before every large allocation, and the allocation of large arrays. */
import { existsSync, readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { type GenmiError, refused } from './errors.js';
import { native } from './native.js';

/** Requests up to this many bytes are never refused: a system may give more than it says it has. */
export const NEVER_REFUSED = 64 * 2 ** 20;

/** Bytes this process may still use, within the limit of its container. Reads files of the system: some 0.1 ms. */
export function availableBytes(): number {
  // macOS calls memory free that nothing has used yet; memory in use is compressed where more is needed.
  if (process.platform === 'darwin') return totalmem() - process.memoryUsage.rss();
  const available = process.availableMemory?.() ?? totalmem();
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 && limit < totalmem() ? Math.min(limit, available + reclaimableBytes()) : available;
}

/** The page cache of a container: counted as used, but given up by the kernel when memory is asked for. */
function reclaimableBytes(): number {
  const groups = readIfThere('/proc/self/cgroup');
  const [, first] = /^\d+:memory:(.*)$/m.exec(groups) ?? [];
  const [, second] = /^0::(.*)$/m.exec(groups) ?? [];
  const folders = first === undefined ? [`${second}`] : [`/memory${first}`, '/memory'];
  for (const folder of folders) {
    const statistics = readIfThere(`/sys/fs/cgroup${folder}/memory.stat`);
    // The first version of control groups has two lines: its own pages, and all of its hierarchy.
    const pages = /^total_inactive_file (\d+)$/m.exec(statistics) ?? /^inactive_file (\d+)$/m.exec(statistics);
    if (pages) return Number(pages[1]);
  }
  return 0;
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

const units = ['bytes', 'KB', 'MB', 'GB', 'TB'];

export function formatBytes(bytes: number): string {
  const power = Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  if (power <= 0) return `${bytes} bytes`;
  return `${(bytes / 1000 ** power).toPrecision(3)} ${units[power]}`;
}

/**
 * Refuses a request of more memory than is available, before the system swaps or kills the process.
 *
 * @param what names what needs the memory, at the beginning of the message
 * @param remedy what helps
 * @throws GenmiError ERR_OUT_OF_MEMORY with the bytes needed and available; never for 64 MB or less
 */
export function checkFits(what: string, bytes: number, remedy: string): void {
  if (bytes <= NEVER_REFUSED) return;
  if (bytes <= availableBytes()) return;
  // Native memory of objects that were dropped is still in use until garbage is collected.
  native.reclaim();
  const available = availableBytes();
  if (bytes > available) throw tooLarge(what, `at most the ${formatBytes(available)} available`, bytes, remedy);
}

/**
 * A typed array of zeros, after `checkFits`.
 *
 * @param what as there, made only for an error: small arrays are allocated at every call
 * @throws GenmiError ERR_OUT_OF_MEMORY also for more numbers than an array can have, and where the engine gets no memory
 */
export function allocate<T extends ArrayBufferView>(
  type: { new (length: number): T; readonly BYTES_PER_ELEMENT: number },
  length: number,
  what: () => string,
  remedy: string,
): T {
  const bytes = length * type.BYTES_PER_ELEMENT;
  if (bytes > NEVER_REFUSED) checkFits(what(), bytes, remedy);
  return allocating(what, bytes, remedy, () => new type(length));
}

/** Runs work that allocates arrays: a RangeError of the engine, which has no code, becomes GenmiError ERR_OUT_OF_MEMORY. */
export function allocating<T>(what: () => string, bytes: number, remedy: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { name, code } = error as { name?: unknown; code?: unknown };
    if (name !== 'RangeError' || code !== undefined) throw error;
    throw tooLarge(what(), 'arrays that the engine can allocate', bytes, remedy);
  }
}

function tooLarge(what: string, expected: string, bytes: number, remedy: string): GenmiError {
  return refused('ERR_OUT_OF_MEMORY', what, expected, formatBytes(bytes), remedy);
}
