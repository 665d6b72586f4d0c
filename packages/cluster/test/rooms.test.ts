/** Which rooms of the package read which, as the table in README.md says. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The libraries that one room alone may import; other rooms reach them through that room. */
const libraries: Readonly<Record<string, readonly string[]>> = {
  cli: ['cli-progress', 'commander'],
  page: ['echarts'],
  data: ['apache-arrow', 'csv-parse', 'hyparquet', 'hyparquet-compressors'],
  export: ['protobufjs'],
  sweep: ['bullmq', 'ioredis', 'yaml'],
  tfjs: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-layers'], // their types
};

/** The rows of the table: each room with the rooms, or files of rooms, that it may import from. */
const rooms = [
  ...readFileSync(path.join(root, 'README.md'), 'utf8').matchAll(/^\| `src\/(\w+)\/` \|.*\| ([^|]*)\|$/gm),
].map(([, room, others]): [room: string, others: string[]] => [
  room as string,
  [...(others as string).matchAll(/[\w/]+/g)].map(([name]) => name),
]);

const filesOf = (room: string) =>
  existsSync(path.join(root, 'src', room))
    ? readdirSync(path.join(root, 'src', room), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => path.join(room, name))
    : [];

const importsOf = (file: string) =>
  [...readFileSync(path.join(root, 'src', file), 'utf8').matchAll(/(?:from|import\(|import) *'([^']+)'/g)].map(
    ([, target]) => target as string,
  );

/** `csv-parse` of `csv-parse/sync`, `@a/b` of `@a/b/c`. */
const nameOfPackage = (target: string) => target.split('/', target.startsWith('@') ? 2 : 1).join('/');

describe('the rooms of genmi-cluster', () => {
  it('are those of the table in README.md', () => {
    const folders = readdirSync(path.join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(rooms.length).toBeGreaterThan(0);
    expect(rooms.map(([room]) => room)).toEqual(expect.arrayContaining(folders.map(({ name }) => name)));
  });

  it.each(rooms)('%s imports only from the rooms that it may', (room, others) => {
    for (const file of filesOf(room))
      for (const target of importsOf(file)) {
        if (!target.startsWith('.')) continue;
        const name = path.join(path.dirname(file), target).replace(/\.js$/, '');
        const known = [room, ...others].some((other) => name === other || name.startsWith(`${other}/`));
        expect(known || name === 'errors' || name === 'messages', `${file}: ${target}`).toBe(true);
      }
  });

  it.each(rooms)('%s imports only libraries that are its own', (room) => {
    for (const file of filesOf(room))
      for (const target of importsOf(file)) {
        if (target.startsWith('.') || target.startsWith('node:') || /^genmi(\/|$)/.test(target)) continue;
        expect(libraries[room] ?? [], `${file}: ${target}`).toContain(nameOfPackage(target));
      }
  });
});
