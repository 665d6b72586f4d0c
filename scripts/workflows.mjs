#!/usr/bin/env node
// Checks the workflow files of public CI by actionlint, which Go compiles once: `node scripts/workflows.mjs [file …]`.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { root } from './tools.mjs';

const VERSION = 'v1.7.12';
const folder = path.join(root, `.cache/actionlint-${VERSION}`);
const program = path.join(folder, process.platform === 'win32' ? 'actionlint.exe' : 'actionlint');

function run(command, args, env) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  if (error?.code === 'ENOENT')
    console.error(`${command} is not installed; Debian and Ubuntu: apt-get install golang-go`);
  return status ?? 1;
}

if (!existsSync(program)) {
  const status = run('go', ['install', `github.com/rhysd/actionlint/cmd/actionlint@${VERSION}`], { GOBIN: folder });
  if (status !== 0) process.exit(status);
}
const workflows = path.join(root, '.github/workflows');
const asked = process.argv.slice(2);
const files = asked.length > 0 ? asked : readdirSync(workflows).map((name) => path.join(workflows, name));
// No shellcheck, no pyflakes: found or not on a machine, they would decide what passes.
const status = run(program, ['-shellcheck=', '-pyflakes=', ...files]);
if (status === 0) console.log(`${files.length} workflow files are right`);
process.exit(status);
