/** How much memory there is, for decisions that are made before it is asked for. */
import { totalmem } from 'node:os';
import { refused } from './errors.js';

/** Bytes this process may still use, within its container's limit. */
export function availableBytes(): number {
  return process.availableMemory?.() ?? totalmem();
}

const units = ['bytes', 'KB', 'MB', 'GB', 'TB'];

export function formatBytes(bytes: number): string {
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(bytes) / 3)));
  return `${(bytes / 1000 ** power).toPrecision(3)} ${units[power]}`;
}

/** Refuses, with the size, what would not fit; better than a machine that swaps or a process that is killed. */
export function checkFits(what: string, bytes: number, remedy: string): void {
  const available = availableBytes();
  if (bytes <= available) return;
  const limit = `at most the ${formatBytes(available)} available`;
  throw refused('ERR_OUT_OF_MEMORY', what, limit, formatBytes(bytes), remedy);
}
