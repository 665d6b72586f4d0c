// Writes the tables of all results into bench/results/*.md.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../peers.js';
import { renderTables } from './render.js';

const folder = join(root, 'bench/results');
for (const { name, text } of renderTables(folder)) writeFileSync(join(folder, name), text);
