// Builds a target once more, from another folder and with empty caches, to see whether the bytes are the same.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileOf } from './targets.mjs';
import { execute, root } from './tools.mjs';

/** Builds a target, and records nothing: the copy of the sources is no git repository. */
const program = (name) => `
import { buildAddon } from './scripts/prebuild/addon.mjs';
import { fileOf, targets } from './scripts/prebuild/targets.mjs';
await buildAddon(targets['${name}'], fileOf('${name}'));`;

/** Throws where the binary in prebuilds/ has other bytes than the one built now. */
export function buildTwice(name) {
  const folder = mkdtempSync(path.join(tmpdir(), 'genmi-twice-'));
  try {
    const listed = execute('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
    for (const file of listed.split('\0').filter((each) => each !== '' && existsSync(path.join(root, each))))
      cpSync(path.join(root, file), path.join(folder, file), { recursive: true });
    mkdirSync(path.join(folder, '.cache'));
    for (const shared of ['node_modules', '.cache/prebuild'])
      symlinkSync(path.join(root, shared), path.join(folder, shared));
    execute(process.execPath, ['--input-type=module', '--eval', program(name)], { cwd: folder });
    const [first, second] = [root, folder].map((each) => readFileSync(path.join(each, fileOf(name))));
    if (!first.equals(second)) throw new Error(`${name}: other bytes when it is built in another folder`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
