/** The folder of a sweep: one file for each fit, named by its key. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { inFolder, writeAtomically } from '../base/atomic-write.js';
import type { Choice } from './grid.js';
import type { Job } from './job.js';
import type { Outcome } from './threads.js';

/** The content of KEY.json. */
export type StoredFit = Outcome & {
  readonly key: string;
  readonly version: string;
  readonly fit: Choice;
};

const fileOf = (folder: string, key: string) => path.join(folder, `${key}.json`);

/** Writes KEY.json: whole, or not at all. The folder is made where another task removed it. @throws ClusterError ERR_FILE */
export async function store(folder: string, version: string, { key, choice }: Job, outcome: Outcome): Promise<void> {
  const stored: StoredFit = { key, version, fit: choice, ...outcome };
  const content = `${JSON.stringify(stored)}\n`;
  await inFolder(folder, () => writeAtomically(fileOf(folder, key), [content]));
}

/** Reads KEY.json; undefined where it is not there, or is no such file. */
export async function readStored(folder: string, key: string): Promise<StoredFit | undefined> {
  try {
    const stored = JSON.parse(await readFile(fileOf(folder, key), 'utf8')) as StoredFit;
    return stored.key === key ? stored : undefined;
  } catch {
    return undefined; // the fit is made once more
  }
}
