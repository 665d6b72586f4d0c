// Shared by the scripts for native code: commands that end the script when they fail, and builds with CMake.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** The native code as it is released. Native tests and the benchmarks' native part share the folder, and so its objects. */
export const RELEASE = {
  folder: 'out/native-release',
  definitions: ['CMAKE_BUILD_TYPE=Release', 'GENMI_SANITIZE='],
};

/** Clang compiles with sanitizers in half of GCC's time. */
export const SANITIZING_COMPILER = spawnSync('clang++', ['--version']).status === 0 ? 'clang++' : 'g++';

/** The native code with AddressSanitizer and UndefinedBehaviorSanitizer, for the native tests and for the addon. */
export const SANITIZED = sanitized('address,undefined');

export function sanitized(sanitizers) {
  return {
    folder: `out/native-${sanitizers.replace(',', '-')}`,
    definitions: [
      `CMAKE_CXX_COMPILER=${SANITIZING_COMPILER}`,
      'CMAKE_BUILD_TYPE=RelWithDebInfo',
      `GENMI_SANITIZE=${sanitizers}`,
    ],
  };
}

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
  configure(folder, ...definitions);
  make(folder);
}

/** CMake forgets definitions, such as sanitizers, where the compiler is another than the last time. */
export function configure(folder, ...definitions) {
  const cmake = () => run('cmake', ['-S', '.', '-B', folder, ...definitions.map((definition) => `-D${definition}`)]);
  const kept = () => {
    const lines = readFileSync(`${folder}/CMakeCache.txt`, 'utf8').split('\n');
    return definitions.every((definition) => {
      const [name] = definition.split('=', 1);
      const ends = (line) => line.startsWith(`${name}:`) && line.endsWith(definition.slice(name.length));
      return name === 'CMAKE_CXX_COMPILER' || lines.some(ends);
    });
  };
  cmake();
  if (kept()) return;
  rmSync(folder, { recursive: true });
  cmake();
}

/** Builds one target of a configured folder; without a name, those that are built by default. */
export function make(folder, target = 'all') {
  run('cmake', ['--build', folder, '--target', target, '--parallel', String(availableParallelism())]);
}

/** Runs the native tests of a folder, shared by as many processes as there are processors, four at most. */
export async function runTests(folder, filter) {
  const shards = Math.min(4, availableParallelism());
  const ends = Array.from({ length: shards }, (_, shard) => {
    const env = { ...process.env, GTEST_TOTAL_SHARDS: String(shards), GTEST_SHARD_INDEX: String(shard) };
    const args = ['--gtest_brief=1', `--gtest_filter=${filter}`];
    return once(spawn(`${folder}/native_tests`, args, { stdio: 'inherit', env }), 'close');
  });
  for (const [status] of await Promise.all(ends)) if (status !== 0) process.exitCode = 1;
}
