/** The examples do what they say. They need `npm run build:cluster`. */
import { existsSync, statSync } from 'node:fs';
import { afterEach, expect, it, vi } from 'vitest';

afterEach(() => vi.restoreAllMocks());

it('definitions of WordNet become clusters of one category each', async () => {
  const lines: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => lines.push(line));
  await import('../examples/embeddings.js');
  expect(lines.filter((line) => /^cluster \d: \d+ texts$/.test(line)).length).toBe(8);
  expect(lines.length).toBe(8 * 4 + 1);
  const agreement = Number(lines.at(-1)?.match(/^agreement with the categories of WordNet: ([\d.]+)$/)?.[1]);
  expect(agreement).toBeGreaterThan(0.75);
  const folder = new URL('../examples/embeddings/', import.meta.url);
  expect(statSync(new URL('vectors.i8', folder)).size).toBe(600 * 384);
  expect(existsSync(new URL('LICENSE', folder))).toBe(true);
});
