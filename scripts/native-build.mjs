// What the scripts for native tests share: commands that end the script when they fail, and builds with CMake.
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

export function run(command, args, environment = {}) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...environment } });
  if (error?.code === 'ENOENT') {
    console.error(
      `${command} was not found; the native tests need CMake 3.24, a C++20 compiler and GoogleTest (Debian: cmake, g++, libgtest-dev), the fuzz target Clang (clang).`,
    );
  }
  if (status !== 0) process.exit(status ?? 1);
}

export function build(folder, ...definitions) {
  run('cmake', ['-S', '.', '-B', folder, ...definitions.map((definition) => `-D${definition}`)]);
  run('cmake', ['--build', folder, '--parallel', String(availableParallelism())]);
}
