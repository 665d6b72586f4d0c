#!/usr/bin/env node
// Makes the site: out/docs, from docstrings and Markdown. Ends with 1 for a public name without a docstring, and for a dead link.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { checkLinks } from './links.mjs';
import { install, root } from './tools.mjs';

const modules = await install('tools');
const typedoc = path.join(modules, 'typedoc/bin/typedoc');
const { status } = spawnSync(process.execPath, [typedoc, '--options', path.join(root, 'tools/typedoc.json')], {
  stdio: 'inherit',
});
if (status !== 0) process.exit(status ?? 1);
const { links, dead } = checkLinks(path.join(root, 'out/docs'));
for (const line of dead) console.error(line);
console.log(`out/docs/index.html: ${links} links, ${dead.length} dead`);
process.exit(dead.length > 0 ? 1 : 0);
