// Installs packages that `npm install` does without into folders of their own, as their lock files say, and once only.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { lock } from './tfjs-node/lock.mjs';
import { run } from './tfjs-node/run.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Installs the packages of a folder, without their install scripts, unless they are there.
 * @param {string} name the folder, relative to the repository
 * @returns {Promise<string>} its node_modules
 */
export async function install(name) {
  const folder = path.join(root, name);
  const modules = path.join(folder, 'node_modules');
  const marker = path.join(modules, '.genmi-lock');
  const wanted = createHash('sha256')
    .update(readFileSync(path.join(folder, 'package-lock.json')))
    .digest('hex');
  const ready = () => existsSync(marker) && readFileSync(marker, 'utf8') === wanted;
  if (ready()) return modules;
  await lock(path.join(root, '.cache', `${name.replaceAll('/', '-')}.lock`), () => {});
  if (ready()) return modules;
  // Not `npm ci`: it refuses a lock file where a registry lacks an optional package of another system, as of pnpm 12.
  const flags = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { ok, reason } = await run('npm', ['install', ...flags], { cwd: folder, seconds: 300 });
  if (!ok) throw new Error(`npm could not install the packages of ${name}: ${reason}`);
  writeFileSync(marker, wanted);
  return modules;
}
