/** The check of memory before every large allocation, and the allocation of large arrays. */
import { totalmem } from 'node:os';
import { type GenmiError, refused } from './errors.js';
import { native } from './native.js';
import { readSystemFile } from './system-files.js';

/** Requests of at most this many bytes are never refused: a system may grant more memory than it reports. */
export const NEVER_REFUSED = 64 * 2 ** 20;

/** Bytes that this process may still use, within its container. Reading system files takes about 0.1 ms. */
export function availableBytes(): number {
  // macOS reports only memory that was never used, but compresses used memory on demand: count all except this
  // process's own.
  if (process.platform === 'darwin') return totalmem() - process.memoryUsage.rss();
  const available = process.availableMemory?.() ?? totalmem();
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 && limit < totalmem() ? Math.min(limit, available + reclaimableBytes()) : available;
}

/** The bytes of a container's page cache. They count as used, but the kernel gives them up on demand. */
function reclaimableBytes(): number {
  const groups = readSystemFile('/proc/self/cgroup');
  const [, first] = /^\d+:memory:(.*)$/m.exec(groups) ?? [];
  const [, second] = /^0::(.*)$/m.exec(groups) ?? [];
  const folders = first === undefined ? [`${second}`] : [`/memory${first}`, '/memory'];
  for (const folder of folders) {
    const statistics = readSystemFile(`/sys/fs/cgroup${folder}/memory.stat`);
    // Version 1 of control groups has a line for the group itself, and a `total_` line for its whole hierarchy.
    const pages = /^total_inactive_file (\d+)$/m.exec(statistics) ?? /^inactive_file (\d+)$/m.exec(statistics);
    if (pages) return Number(pages[1]);
  }
  return 0;
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
 * @param what the object that needs the memory: the beginning of the message
 * @param remedy the advice at its end
 * @throws GenmiError ERR_OUT_OF_MEMORY with the bytes needed and available; never for 64 MiB or less
 */
export function checkFits(what: string, bytes: number, remedy: string): void {
  if (bytes <= NEVER_REFUSED) return;
  if (bytes <= availableBytes()) return;
  // Dropped objects hold their native memory until garbage is collected.
  native.reclaim();
  const available = availableBytes();
  if (bytes > available) throw tooLarge(what, `at most the ${formatBytes(available)} available`, bytes, remedy);
}

/**
 * Makes a typed array of zeros, after `checkFits`.
 *
 * @param what as for `checkFits`; a function, because the text is not needed for the small arrays of every call
 * @throws GenmiError ERR_OUT_OF_MEMORY also for more numbers than an array can hold, and where the engine gets none
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

/** Runs work that allocates arrays: a RangeError of the engine, without a code, becomes ERR_OUT_OF_MEMORY. */
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
