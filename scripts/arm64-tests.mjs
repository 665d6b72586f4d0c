// Compiles the native tests for 64-bit Arm and runs them in an emulator: `node scripts/arm64-tests.mjs [test filter]`.
// Random transport problems take longest: it solves a thousand of them (GENMI_PROBLEMS).
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { build, run } from './native-build.mjs';

const FOLDER = 'out/arm64';
const GOOGLETEST = '/usr/src/googletest';
const COMPILER = 'aarch64-linux-gnu-g++';
const EMULATOR = 'qemu-aarch64';
const LIBRARIES = '/usr/aarch64-linux-gnu';
const [asked = '*'] = process.argv.slice(2);
const filter = `${asked}${asked.includes('-') ? ':' : '-'}*/avx*`;

const runs = (command) => spawnSync(command, ['--version']).status === 0;
const missing = [
  ...[COMPILER, EMULATOR].filter((command) => !runs(command)),
  ...[GOOGLETEST].filter((folder) => !existsSync(folder)),
];
if (missing.length > 0) {
  console.error(
    `${missing.join(', ')}: not found. Debian and Ubuntu: apt-get install g++-aarch64-linux-gnu qemu-user googletest`,
  );
  process.exit(1);
}

build(
  FOLDER,
  'CMAKE_BUILD_TYPE=Release',
  'CMAKE_TOOLCHAIN_FILE=scripts/aarch64-linux-gnu.cmake',
  `GENMI_GOOGLETEST=${GOOGLETEST}`,
);
run(EMULATOR, ['-L', LIBRARIES, `${FOLDER}/native_tests`, '--gtest_brief=1', `--gtest_filter=${filter}`], {
  GENMI_PROBLEMS: process.env.GENMI_PROBLEMS ?? '1000',
});
