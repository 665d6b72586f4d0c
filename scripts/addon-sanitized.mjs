// Runs vitest over the addon with AddressSanitizer and UndefinedBehaviorSanitizer, for Linux:
// `node scripts/addon-sanitized.mjs [vitest's arguments]`, such as `test/walls/handles`; without, over all test files that
// can run so. Shares a build with the native tests.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { configure, make, run, SANITIZED, SANITIZING_COMPILER } from './native-build.mjs';

/** Tests that cannot run with sanitizers. */
const EXCLUDED = {
  'test/tfjs-node.test.ts': 'the sanitizers stop in the native library of TensorFlow',
  'test/package.test.ts': 'loads the addon of a packed tarball, without sanitizers',
  'test/build.test.ts': 'compiles the addon, without sanitizers',
  'test/workspace.test.ts': 'tries npm, not the addon',
  'test/bench.test.ts': 'compiles benchmarks, and tries no addon',
  'test/walls/out-of-memory.test.ts': 'replaces the same allocator as the sanitizers',
  'test/walls/held-memory.test.ts': 'replaces the same allocator as the sanitizers',
  'test/errors/device.test.ts': 'replaces the same allocator as the sanitizers',
  'test/memory.test.ts': 'measures resident memory, which sanitizers hold back',
  'test/stress.test.ts': 'its leaks and limits measure memory; the others run below',
};
/** The stress programs that do not measure memory. */
const STRESS = ['fuzz', 'aborts', 'workers', 'endings', 'values'];

const { include_dir: headers } = createRequire(import.meta.url)('node-api-headers');
configure(SANITIZED.folder, ...SANITIZED.definitions, `CMAKE_JS_INC=${headers}`, 'GENMI_TESTS=ON');
make(SANITIZED.folder, 'genmi');

const library = (name) => execFileSync(SANITIZING_COMPILER, [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();
const RUNTIMES = {
  'clang++': ['libclang_rt.asan-x86_64.so'],
  'g++': ['libasan.so', 'libubsan.so'],
};
const environment = {
  GENMI_BINARY: path.resolve(SANITIZED.folder, 'genmi.node'),
  LD_PRELOAD: RUNTIMES[SANITIZING_COMPILER].map(library).join(' '),
  // V8 frees little at the end of a process. Requests that are too large are tested: they must fail as usual.
  ASAN_OPTIONS: 'detect_leaks=0:allocator_may_return_null=1',
  UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
};

const chosen = process.argv.slice(2);
const excluded = Object.entries(EXCLUDED);
for (const [file, reason] of excluded) console.log(`without ${file}: ${reason}`);
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--testTimeout=600000'];
run(process.execPath, [...vitest, ...chosen, ...excluded.map(([file]) => `--exclude=${file}`)], environment);
if (chosen.length === 0)
  for (const name of STRESS) run(process.execPath, ['test/stress/programs.mjs', 'small', name], environment);
