// Writes the tables of all results into bench/results/*.md, and the figures that pages of docs/ and README show.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../peers.js';
import { renderExcerpts } from './excerpts.js';
import { renderTables } from './render.js';
import { renderWarmStarts } from './warm-starts.js';

const folder = join(root, 'bench/results');
for (const { name, text } of renderTables(folder)) writeFileSync(join(folder, name), text);
for (const { name, text } of [...renderExcerpts(root), renderWarmStarts(root)]) writeFileSync(join(root, name), text);
