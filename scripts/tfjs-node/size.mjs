import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Bytes in a folder that other programs are writing to; 0 when it is not there.
 * @param {string} folder
 * @returns {number}
 */
export function sizeOf(folder) {
  try {
    const entries = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
    return entries.reduce((bytes, entry) => bytes + statSync(join(entry.parentPath, entry.name)).size, 0);
  } catch {
    return 0; // A file went between the listing and the look at it.
  }
}
