/** Which rooms read which: imports between the folders of TypeScript, includes between those of the native core. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './support/dist.js';

/** The rooms that each room may import from, besides itself; everybody may import genmi by its name. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  src: [],
  support: [],
  examples: ['support'],
  bench: ['support'],
};

function importsOf(room: string): { file: string; target: string }[] {
  const files = readdirSync(path.join(root, room), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((name) => {
      const file = path.join(room, name);
      const text = readFileSync(path.join(root, file), 'utf8');
      const found = text.matchAll(/(?:from|import\(|import) *'(\.[^']+)'/g);
      return [...found].map(([, target]) => ({ file, target: path.join(path.dirname(file), target as string) }));
    });
}

/** The rows of the table in native/README.md: each room with the rooms whose headers it may include. */
function nativeRooms(): [room: string, others: string[]][] {
  const text = readFileSync(path.join(root, 'native/README.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `([\w/]+)\/` \|.*\| ([^|]*)\|$/gm)];
  return rows.map(([, room, others]) => [
    room as string,
    [...(others as string).matchAll(/\w+/g)].map(([name]) => name),
  ]);
}

describe('the rooms of the native core', () => {
  it('are those of the table in native/README.md', () => {
    const folders = readdirSync(path.join(root, 'native'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => (name === 'include' ? 'include/genmi' : name));
    expect(nativeRooms().map(([room]) => room)).toEqual(expect.arrayContaining(folders));
    expect(nativeRooms()).toHaveLength(folders.length);
  });

  it.each(nativeRooms())('native/%s includes only headers of rooms that it may', (room, others) => {
    const allowedRooms = ['genmi', room, ...others];
    const folder = path.join('native', room);
    for (const name of readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!/\.(cpp|cu|h|inl)$/.test(name)) continue;
      const text = readFileSync(path.join(root, folder, name), 'utf8');
      for (const [, target] of text.matchAll(/^#include "(\w+)\/[^"]+"/gm))
        expect(allowedRooms, `${folder}/${name}: ${target}`).toContain(target);
    }
  });
});

describe('the rooms of TypeScript', () => {
  it.each(Object.keys(allowed))('%s imports only from the rooms that it may', (room) => {
    const imports = importsOf(room);
    expect(imports.length).toBeGreaterThan(0);
    const rooms = [room, ...(allowed[room] as readonly string[])];
    for (const { file, target } of imports) expect(rooms, `${file}: ${target}`).toContain(target.split(path.sep)[0]);
  });
});
