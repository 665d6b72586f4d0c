// Builds and runs the native tests with sanitizers: `node scripts/native-tests.mjs [address,undefined | thread] [test filter]`.
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const [sanitizers = 'address,undefined', filter = '*'] = process.argv.slice(2);
const folder = `out/native-${sanitizers.replace(',', '-')}`;

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (error?.code === 'ENOENT') {
    console.error(
      `${command} was not found; the native tests need CMake 3.24, a C++20 compiler and GoogleTest (Debian: cmake, g++, libgtest-dev).`,
    );
  }
  if (status !== 0) process.exit(status ?? 1);
}

run('cmake', ['-S', '.', '-B', folder, '-DCMAKE_BUILD_TYPE=RelWithDebInfo', `-DGENMI_SANITIZE=${sanitizers}`]);
run('cmake', ['--build', folder, '--parallel', String(availableParallelism())]);
run(`${folder}/native_tests`, ['--gtest_brief=1', `--gtest_filter=${filter}`]);
