/** One fit of a sweep: its key, and the form of its result. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { fileError } from '../data/files.js';
import type { Agreement, Judged } from '../run/index.js';
import { type Choice, formOf } from './grid.js';
import type { DataChoice } from './sweep-file.js';

/** A fit and its key. */
export interface Job {
  readonly key: string;
  readonly choice: Choice;
}

/** The result of a fit that succeeded, as plain data. */
export interface FitResult extends Judged {
  /** Where a label is named. */
  readonly agreement?: Agreement;
  /** `[N]` the cluster of each row. */
  readonly labels: readonly number[];
}

/** The SHA-256 of the bytes of a file, in hexadecimal digits. @throws ClusterError ERR_FILE */
export async function hashOfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash).catch((error) => {
    throw fileError(file, error);
  });
  return hash.digest('hex');
}

/**
 * Makes the jobs of a sweep, in the order of their keys.
 *
 * A key is the SHA-256 of the version of the package, the content of the data, and all options that a result depends on: equal
 * for equal fits, whatever the order of options, and the name and place of the data.
 */
export function jobsOf(version: string, content: string, data: DataChoice, choices: readonly Choice[]): Job[] {
  const { columns, ...features } = data.features;
  const common = [version, content, sorted(data.reading), sorted(features), columns && [...columns].sort()];
  const keyOf = (choice: Choice) => digest(JSON.stringify([...common, formOf(choice)]));
  const jobs = choices.map((choice) => ({ key: keyOf(choice), choice }));
  return jobs.sort((a, b) => (a.key < b.key ? -1 : 1));
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex');

/** The entries of an object, and of objects in it, in the order of their names. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, each]) => [name, sorted(each)]);
}
