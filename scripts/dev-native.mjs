// Builds after a change of the native code: compiles only the files that the change touches, puts the addon where Node finds
// it, and runs the native tests of a filter: `node scripts/dev-native.mjs [test filter]`. Uses Ninja and ccache if installed.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { configure, make, RELEASE, run } from './native-build.mjs';

const FOLDER = 'out/dev';
const ADDON = 'build/Release/genmi.node';
const [filter] = process.argv.slice(2);

const isInstalled = (command) => spawnSync(command, ['--version']).status === 0;

// A folder keeps the generator that it was made with.
if (!existsSync(FOLDER) && isInstalled('ninja')) process.env.CMAKE_GENERATOR = 'Ninja';
const definitions = [
  ...RELEASE.definitions,
  `CMAKE_JS_INC=${path.resolve('node_modules/node-api-headers/include')}`,
  'GENMI_TESTS=ON',
];
if (isInstalled('ccache')) definitions.push('CMAKE_CXX_COMPILER_LAUNCHER=ccache');
configure(FOLDER, ...definitions);
make(FOLDER);

// Renamed into place: a process that has the old addon loaded keeps it.
mkdirSync(path.dirname(ADDON), { recursive: true });
copyFileSync(path.join(FOLDER, 'genmi.node'), `${ADDON}.new`);
renameSync(`${ADDON}.new`, ADDON);
if (filter) run(`${FOLDER}/native_tests`, ['--gtest_brief=1', `--gtest_filter=${filter}`]);
