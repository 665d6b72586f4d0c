// Writes the tables of all results into bench/results/*.md, and the rows of them that pages of docs/ show.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../peers.js';
import { renderExcerpts } from './excerpts.js';
import { renderTables } from './render.js';

const folder = join(root, 'bench/results');
for (const { name, text } of renderTables(folder)) writeFileSync(join(folder, name), text);
for (const { name, text } of renderExcerpts(root)) writeFileSync(join(root, name), text);
