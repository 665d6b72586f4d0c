/** The processor's name, for `info()`. */
import { cpus } from 'node:os';
import { readSystemFile } from './system-files.js';

/** Its name, cores, and (where Linux tells them) family and model: vendors sell several generations under one name. */
export function processor(): string {
  const name = `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores`;
  const text = readSystemFile('/proc/cpuinfo');
  const field = (key: string) => text.match(new RegExp(`^${key}\\s*: (\\d+)$`, 'm'))?.[1];
  const family = field('cpu family');
  return family === undefined ? name : `${name} (family ${family}, model ${field('model')})`;
}
