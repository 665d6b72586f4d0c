/** Which rooms of the repository read which: relative imports between its folders. */
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

describe('the rooms', () => {
  it.each(Object.keys(allowed))('%s imports only from the rooms that it may', (room) => {
    const imports = importsOf(room);
    expect(imports.length).toBeGreaterThan(0);
    const rooms = [room, ...(allowed[room] as readonly string[])];
    for (const { file, target } of imports) expect(rooms, `${file}: ${target}`).toContain(target.split(path.sep)[0]);
  });
});
