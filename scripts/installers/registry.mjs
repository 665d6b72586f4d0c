// A registry on this machine, in a folder of its own, and the environment of a user who has no other.
import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';

/**
 * @param {string} modules the node_modules that verdaccio is in
 * @param {string} folder
 */
export async function startRegistry(modules, folder) {
  const port = await new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
  const config = path.join(folder, 'registry.yaml');
  const packages = "packages:\n  '**':\n    access: $all\n    publish: $anonymous\n";
  writeFileSync(
    config,
    `storage: ${folder}/storage\nmax_body_size: 50mb\nlog: { type: stdout, level: fatal }\n${packages}`,
  );
  const program = path.join(modules, 'verdaccio/bin/verdaccio');
  const args = ['--no-warnings', program, '--config', config, '--listen', `127.0.0.1:${port}`];
  const child = spawn(process.execPath, args, { stdio: 'inherit', cwd: folder });
  const url = `http://127.0.0.1:${port}/`;
  for (const deadline = Date.now() + 120_000; ; ) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer) return { process: child, newUser: () => environmentOf(folder, url) };
    if (Date.now() > deadline) throw new Error('the registry does not answer');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** The environment of a user whose home is empty, and whose registry is this one. */
function environmentOf(folder, url) {
  const home = mkdtempSync(path.join(folder, 'home-'));
  writeFileSync(
    path.join(home, '.npmrc'),
    `registry=${url}\n${url.replace('http:', '')}:_authToken=nobody\nupdate-notifier=false\n`,
  );
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|node_options|ci$)/i.test(name));
  const own = { HOME: home, XDG_CACHE_HOME: path.join(home, 'cache'), XDG_DATA_HOME: path.join(home, 'data') };
  const yarn = {
    YARN_NPM_REGISTRY_SERVER: url,
    YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
    YARN_ENABLE_TELEMETRY: '0',
    YARN_NPM_MINIMAL_AGE_GATE: '0',
  };
  const npm = { NPM_CONFIG_REGISTRY: url, NPM_CONFIG_PREFIX: path.join(home, 'global') };
  const others = { BUN_CONFIG_REGISTRY: url, DENO_NO_UPDATE_CHECK: '1' };
  return { ...Object.fromEntries(inherited), ...own, ...yarn, ...npm, ...others };
}
