// The long runs, other ones every day: `node scripts/nightly.mjs [run] [seed]`; without a run, all of them.
import { programs } from '../test/stress/programs.mjs';
import { build, RELEASE, run } from './native-build.mjs';

const MILLISECONDS_PER_DAY = 86_400_000;
const PROBLEMS = 1_000_000;
const [only, seed = String(Math.floor(Date.now() / MILLISECONDS_PER_DAY))] = process.argv.slice(2);

/** A million random transport problems, with proof. */
function transport() {
  build(RELEASE.folder, ...RELEASE.definitions);
  const environment = { GENMI_PROBLEMS: String(PROBLEMS), GENMI_SEED: String(Number(seed) * PROBLEMS) };
  run(`${RELEASE.folder}/native_tests`, ['--gtest_filter=RandomProblems.*'], environment);
}

const stress = (name) => () => run(process.execPath, ['test/stress/programs.mjs', 'large', name, seed]);

/** Every allocation of the addon fails once. */
const outOfMemory = () => run(process.execPath, ['scripts/out-of-memory.mjs']);

/** The binaries of all targets, three of them twice; the native tests of each that runs here; all tests on four lines of Node. */
function prebuilds() {
  run(process.execPath, ['scripts/prebuild.mjs']);
  const twice = ['linux-arm64-musl', 'darwin-arm64', 'win32-arm64'].flatMap((name) => ['--twice', name]);
  run(process.execPath, ['scripts/prebuild-tests.mjs', '--native', '*', '--suite', 'all', ...twice]);
}

/** The kernels for CUDA, emulated: their tests with each sanitizer, and every planted bug. */
function gpuEmulated() {
  run(process.execPath, ['scripts/gpu-emulated-tests.mjs', 'all']);
  run(process.execPath, ['scripts/gpu-mutants.mjs']);
}

/** Each case of memory that another thread writes takes this long; .3 s at every change. */
const HAMMER_MS = 5000;
function hammer() {
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', 'test/walls/shared-memory.test.ts', '--testTimeout=120000'];
  run(process.execPath, vitest, { GENMI_HAMMER_MS: String(HAMMER_MS) });
}

/** Elementary functions over all numbers of float32, and sums against a longer format. */
const exhaustive = () => run(process.execPath, ['scripts/native-tests.mjs', 'release', '*Math*:FDivergences.*:*Mmd*']);

/** All test files, with an addon that has AddressSanitizer and UndefinedBehaviorSanitizer. */
const sanitized = () => run(process.execPath, ['scripts/addon-sanitized.mjs']);

/** The packed package, installed by nine installers. */
const installers = () => run(process.execPath, ['scripts/installers.mjs', 'all']);

const runs = [
  { name: 'transport', does: transport },
  { name: 'out-of-memory', does: outOfMemory },
  { name: 'hammer', does: hammer },
  { name: 'exhaustive', does: exhaustive },
  { name: 'gpu-emulated', does: gpuEmulated },
  { name: 'sanitized', does: sanitized },
  { name: 'prebuilds', does: prebuilds },
  { name: 'installers', does: installers }, // after prebuilds, which makes the binaries
  ...programs.map(({ name }) => ({ name, does: stress(name) })),
];

if (only !== undefined && !runs.some(({ name }) => name === only)) {
  console.error(`nightly: expected one of ${runs.map(({ name }) => name).join(', ')}, received ${only}`);
  process.exit(2);
}
for (const { name, does } of runs) {
  if (only !== undefined && only !== name) continue;
  console.log(`=== ${name}, seed ${seed}`);
  does();
}
