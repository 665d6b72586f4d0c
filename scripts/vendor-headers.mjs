// Before packing: puts node-addon-api's headers into the tarball, so that compiling it needs no further package.
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const source = path.dirname(createRequire(import.meta.url).resolve('node-addon-api/package.json'));
const target = 'vendor/node-addon-api';
rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
for (const file of ['napi.h', 'napi-inl.h', 'napi-inl.deprecated.h', 'LICENSE.md']) {
  cpSync(path.join(source, file), path.join(target, file));
}
