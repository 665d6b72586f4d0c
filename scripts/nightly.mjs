// Solves a million random transport problems and checks their proofs, other problems every day:
// `node scripts/nightly.mjs [problems] [first seed]`.
import { build, RELEASE, run } from './native-build.mjs';

const MILLISECONDS_PER_DAY = 86_400_000;
const [problems = '1000000', seed] = process.argv.slice(2);
const today = Math.floor(Date.now() / MILLISECONDS_PER_DAY);
const firstSeed = seed ?? String(today * Number(problems));

build(RELEASE.folder, ...RELEASE.definitions);
console.log(`GENMI_SEED=${firstSeed} GENMI_PROBLEMS=${problems}`);
run(`${RELEASE.folder}/native_tests`, ['--gtest_filter=RandomProblems.*'], {
  GENMI_PROBLEMS: problems,
  GENMI_SEED: firstSeed,
});
// Of the addon and the library that are built.
run(process.execPath, ['scripts/out-of-memory.mjs']);
