/** Rows of results that pages of `docs/` show: a comment in the page names the file and the rows. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const marker = /^<!-- rows of bench\/results\/([\w-]+\.md): (.+) -->\n\n?(?:\|.*\n)*/gm;

/** Returns each page of `docs/` that shows results, with the rows as the results have them now. */
export function renderExcerpts(root: string): { name: string; text: string }[] {
  const names = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  return names.flatMap((file) => {
    const name = `docs/${file}`;
    const before = readFileSync(join(root, name), 'utf8');
    const text = before.replaceAll(marker, (found, results: string, rows: string) => {
      const [comment] = found.split('\n');
      return `${comment}\n\n${excerpt(readFileSync(join(root, 'bench/results', results), 'utf8'), rows)}`;
    });
    return before.search(marker) === -1 ? [] : [{ name, text }];
  });
}

/** The rows that begin with a pattern, below the head of their table. */
function excerpt(results: string, rows: string): string {
  const pattern = new RegExp(`^\\| ${rows} \\|`);
  const lines = results.split('\n');
  const found = lines.findIndex((line) => pattern.test(line));
  if (found === -1) throw new Error(`no row ${rows} in the results`);
  const head = lines.slice(0, found).findLastIndex((line) => /^\| --- /.test(line));
  const table = [...lines.slice(head - 1, head + 1), ...lines.filter((line) => pattern.test(line))];
  return `${table.join('\n')}\n`;
}
