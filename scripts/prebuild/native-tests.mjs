// The native tests, compiled as a target's binary is, and run by the target's loader, by an emulator or by Wine.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { compile, headerFlags, sources } from './addon.mjs';
import { wine } from './nodes.mjs';
import { targets } from './targets.mjs';
import { root, zig } from './tools.mjs';

const GOOGLETEST = '/usr/src/googletest/googletest';
/** An emulator of Arm: fewer random transport problems than the 100,000 elsewhere, and no kernels for x86-64. */
const ARM = { flags: ['-DGENMI_EMULATED'], env: { GENMI_PROBLEMS: '1000' }, without: '*/avx*' };

/** The targets whose programs run here: the command before the program's name, and the form of the program. */
const machines = {
  'linux-x64-glibc': { command: () => [] },
  'linux-x64-musl': { command: () => [], link: ['-static'] },
  'linux-arm64-glibc': { command: () => ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu'], ...ARM },
  'linux-arm64-musl': { command: () => ['qemu-aarch64'], link: ['-static'], ...ARM },
  'win32-x64': { command: wine, program: 'native_tests.exe' },
};

/** Compiles the tests for a target and runs those of a filter; throws where one fails. Other targets run nothing. */
export async function runNativeTests(name, filter) {
  if (!(name in machines)) return;
  if (!existsSync(GOOGLETEST)) throw new Error(`${GOOGLETEST} was not found: apt-get install googletest`);
  const { command, program = 'native_tests', link = [], flags = [], env = {}, without = '' } = machines[name];
  const target = targets[name];
  const folder = `out/prebuild/${target.triple}`;
  const core = sources.filter((source) => !source.startsWith('native/node/')); // the objects of the addon
  const tests = readdirSync(path.join(root, 'test/native')).filter((file) => file.endsWith('.cpp'));
  const testFlags = ['-isystem', `${GOOGLETEST}/include`, '-DGENMI_FIXTURES="test/fixtures"', ...flags];
  const objects = await Promise.all([
    compile(target, folder, core, headerFlags()),
    compile(
      target,
      folder,
      tests.map((file) => `test/native/${file}`),
      testFlags,
    ),
    compileGoogleTest(target, folder),
  ]);
  const file = path.join(folder, program);
  await zig(['c++', '-target', target.triple, '-s', ...link, ...objects.flat(), '-o', file]);
  const [first, ...rest] = [...command(), file, '--gtest_brief=1', `--gtest_filter=${filter}-${without}`];
  const { status, error } = spawnSync(first, rest, { cwd: root, stdio: 'inherit', env: { ...env, ...process.env } });
  if (status !== 0) throw new Error(`${name}: native tests ended with ${error?.message ?? status}`);
}

function compileGoogleTest(target, folder) {
  return Promise.all(
    ['gtest-all', 'gtest_main'].map(async (name) => {
      const object = path.join(folder, `${name}.o`);
      const options = ['-std=c++20', '-O2', '-g0', '-w', '-I', GOOGLETEST, '-I', `${GOOGLETEST}/include`];
      await zig(['c++', '-target', target.triple, ...options, '-c', `${GOOGLETEST}/src/${name}.cc`, '-o', object]);
      return object;
    }),
  );
}
