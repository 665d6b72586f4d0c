// Makes a clone ready, at the end of `npm install`: compiles TypeScript, and the addon where it is missing or older than its
// sources; with --rebuild, in any case.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

// npm runs this twice, since the root depends on itself by a link: first for the link, where nobody sees it.
if (process.env.npm_package_resolved === 'null') process.exit(0);

const ADDON = 'build/Release/genmi.node';

function node(...args) {
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

const changed = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const sources = readdirSync('native', { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !entry.name.endsWith('.md'))
  .map((entry) => path.join(entry.parentPath, entry.name));
const isCurrent = () => sources.every((file) => changed(file) < changed(ADDON));

node('scripts/vendor-headers.mjs');
node('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json');
if (process.argv.includes('--rebuild') || !isCurrent()) node('dist/cli/main.js', 'build');
