// Checks (or, with --write, mends) the format of all C++ files with one pinned clang-format, installed on first use.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const VERSION = '23.1.5';
const environment = `.cache/clang-format-${VERSION}`;
const clangFormat = path.join(environment, 'bin/clang-format');

function run(command, args, options = { stdio: 'inherit' }) {
  const result = spawnSync(command, args, options);
  if (result.error) throw result.error;
  if (result.status !== 0) process.exit(result.status ?? 1);
  return result;
}

if (!existsSync(clangFormat)) {
  run('python3', ['-m', 'venv', environment]);
  run(path.join(environment, 'bin/pip'), [
    'install',
    '--quiet',
    '--disable-pip-version-check',
    `clang-format==${VERSION}`,
  ]);
}
const listed = run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.cpp', '*.cu', '*.h', '*.inl'], {
  encoding: 'utf8',
});
const files = listed.stdout.split('\n').filter((file) => file !== '' && existsSync(file));
run(clangFormat, process.argv.includes('--write') ? ['-i', ...files] : ['--dry-run', '--Werror', ...files]);
