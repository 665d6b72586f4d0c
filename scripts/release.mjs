#!/usr/bin/env node
// Checks a release, packs it as it would be published, and shows what `npm publish` would do:
//   node scripts/release.mjs             all checks, the tests of the tarball, npm publish --dry-run
//   node scripts/release.mjs --checks    the quick checks alone
//   node scripts/release.mjs --publish   all of that, then the real npm publish
// It ends with 1 at the first group of faults. npm 12 or later must run it, which needs Node 22 or later.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checks } from './release/checks.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Warnings of npm about this machine, not about the package: a dry run needs no account. */
const ofMachine = /This command requires you to be logged in|Unknown \w+ config/;

const { values: options } = parseArgs({ options: { checks: { type: 'boolean' }, publish: { type: 'boolean' } } });
if (options.checks && options.publish) fail(['--checks and --publish exclude each other']);

const faults = Object.entries(checks).flatMap(([name, check]) => {
  const found = check(root);
  console.log(`${name}: ${found.length === 0 ? 'right' : `${found.length} faults`}`);
  return found;
});
if (faults.length > 0) fail(faults);
if (options.checks) process.exit(0);

const npm = run('npm', ['--version']).stdout.trim();
if (Number.parseInt(npm, 10) < 12) fail([`npm ${npm}: a release needs npm 12, which warns of what older ones accept`]);

// As in a fresh clone: the tests of the tarball need the library, and npm warns of a command that is not there.
if (run('npm', ['run', '--silent', 'build'], { stdio: 'inherit' }).status !== 0) fail(['the library does not compile']);

const tests = run('npx', ['vitest', 'run', 'test/package.test.ts'], { stdio: 'inherit' });
if (tests.status !== 0) fail(['the tests of the tarball failed']);

publish('--dry-run');
if (options.publish) publish();

/** Publishes; fails at any warning about the package. */
function publish(...flags) {
  const { status, stdout, stderr } = run('npm', ['publish', '--access', 'public', ...flags]);
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  const warnings = stderr.split('\n').filter((line) => /\bwarn\b/i.test(line) && !ofMachine.test(line));
  if (status !== 0 || warnings.length > 0) fail(['npm publish failed or warned', ...warnings]);
}

function run(command, args, settings) {
  return spawnSync(command, args, { cwd: root, encoding: 'utf8', shell: process.platform === 'win32', ...settings });
}

function fail(lines) {
  for (const line of lines) console.error(line);
  process.exit(1);
}
