// Runs at `npm install`: compiles the addon unless a binary fits; with --rebuild, in any case.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const nodeGypBuild = createRequire(import.meta.url).resolve('node-gyp-build/bin.js');

// Node's headers, if they were installed with it: the compilation then needs no network.
const prefix = path.resolve(process.execPath, '../..');
const hasHeaders = existsSync(path.join(prefix, 'include/node/node_api.h'));
const env = { JOBS: 'max', ...process.env };
if (hasHeaders) env.npm_config_nodedir = prefix;
if (process.argv.includes('--rebuild')) env.npm_config_build_from_source = 'true';

const { status } = spawnSync(process.execPath, [nodeGypBuild], { stdio: 'inherit', env });
process.exit(status ?? 1);
