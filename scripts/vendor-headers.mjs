// Puts the headers of Node-API and node-addon-api into vendor/, from where every build and the tarball take them.
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);
const headers = {
  'node-addon-api': ['napi.h', 'napi-inl.h', 'napi-inl.deprecated.h', 'LICENSE.md'],
  'node-api-headers': [
    ...['node_api.h', 'node_api_types.h', 'js_native_api.h', 'js_native_api_types.h'].map((file) => `include/${file}`),
    'LICENSE',
  ],
};

rmSync('vendor', { recursive: true, force: true });
for (const [name, files] of Object.entries(headers)) {
  const source = path.dirname(require.resolve(`${name}/package.json`));
  mkdirSync(`vendor/${name}`, { recursive: true });
  for (const file of files) cpSync(path.join(source, file), `vendor/${name}/${path.basename(file)}`);
}
