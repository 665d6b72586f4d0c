// What must hold of a working tree before it is released: each check returns a line for each fault.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { prebuildFaults } from './prebuilds.mjs';

const readJson = (root, file) => JSON.parse(readFileSync(path.join(root, file), 'utf8'));
const git = (root, ...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();

function version(root) {
  const { version: released } = readJson(root, 'package.json');
  const faults = /^\d+\.\d+\.\d+(-[\w.]+)?$/.test(released) ? [] : [`package.json has the version '${released}'`];
  const locked = readJson(root, 'package-lock.json').version;
  if (locked !== released)
    faults.push(`package-lock.json has version ${locked}, package.json ${released}: npm install`);
  const [, written] = /'(.*)'/.exec(readFileSync(path.join(root, 'src/version.ts'), 'utf8'));
  if (written !== released) faults.push(`src/version.ts has version ${written}, package.json ${released}`);
  const tagged = git(root, 'tag', '--list', `v${released}`) && git(root, 'rev-list', '-n1', `v${released}`);
  if (tagged && tagged !== git(root, 'rev-parse', 'HEAD')) faults.push(`v${released} is the tag of another commit`);
  return faults;
}

function changelog(root) {
  const { version: released } = readJson(root, 'package.json');
  const [, newest, date] = /^## (\S+) \((.+)\)$/m.exec(readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8')) ?? [];
  if (newest !== released) return [`CHANGELOG.md begins with ${newest}, package.json has version ${released}`];
  return /^\d{4}-\d\d-\d\d$/.test(date) ? [] : [`CHANGELOG.md has '${date}' for the date of ${released}`];
}

function cleanTree(root) {
  const changed = git(root, 'status', '--porcelain');
  return changed ? changed.split('\n').map((line) => `not committed: ${line.trim()}`) : [];
}

function placeholders(root) {
  const found = readFileSync(path.join(root, 'package.json'), 'utf8').match(/"[^"]*\bOWNER\b[^"]*"/g) ?? [];
  return found.map((text) => `package.json has a placeholder: ${text}`);
}

/** The checks by their names, in order. None of them runs longer than a second. */
export const checks = {
  version,
  changelog,
  'clean tree': cleanTree,
  placeholders,
  prebuilds: prebuildFaults,
};
