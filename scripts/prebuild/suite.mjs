// The tests of vitest with a binary of prebuilds/ in the place of the addon that was compiled here, on any Node for this machine.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { execute, root } from './tools.mjs';

/** The oldest Node that genmi admits, and the newest of each later line; from npm. */
const NODES = ['20.19.0', '22.23.5', '24.22.3', '26.12.1'];

/** The Node of this version, in .cache. */
function nodeOfVersion(version) {
  const folder = path.join(root, '.cache/nodes', version);
  const executable = path.join(folder, `node_modules/node-linux-${process.arch}/bin/node`);
  if (!existsSync(executable)) {
    const quiet = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
    execute('npm', ['install', ...quiet, '--prefix', folder, `node-linux-${process.arch}@${version}`]);
  }
  return executable;
}

/** The versions that are asked for: one, 'here' or 'all'. */
export function versionsOf(asked) {
  if (asked === undefined) return [];
  return asked === 'all' ? NODES : [asked];
}

/** Runs the tests; throws where one fails. */
export function runSuite(file, version) {
  const addon = path.join(root, 'build/Release/genmi.node');
  const own = `${addon}.own`;
  if (!existsSync(own)) renameSync(addon, own); // it is there where an earlier run was ended
  try {
    copyFileSync(path.join(root, file), addon);
    const node = version === 'here' ? process.execPath : nodeOfVersion(version);
    const env = { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}` };
    const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
    const { status } = spawnSync(node, [vitest, 'run'], { cwd: root, env, stdio: 'inherit' });
    if (status !== 0) throw new Error(`vitest failed on Node ${version}`);
  } finally {
    rmSync(addon, { force: true });
    renameSync(own, addon);
  }
}
