/** The processor's name, for `info()`. */
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Its name, cores, and (where Linux tells them) family and model: vendors sell several generations under one name. */
export function processor(): string {
  const name = `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores`;
  const file = '/proc/cpuinfo';
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const field = (key: string) => text.match(new RegExp(`^${key}\\s*: (\\d+)$`, 'm'))?.[1];
  const family = field('cpu family');
  return family === undefined ? name : `${name} (family ${family}, model ${field('model')})`;
}
