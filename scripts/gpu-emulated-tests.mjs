// Builds native/cuda for the CPU and runs its tests, emulated: plain, with AddressSanitizer, with ThreadSanitizer, or all
// three: `npm run test:gpu-emulated [-- plain | address | thread | all] [test filter]`.
import { BACKEND_TESTS, BENCH, buildEmulated, CHECK, EMULATED, KERNEL_TESTS } from './gpu/emulated.mjs';
import { run } from './native-build.mjs';

/** On a card the check takes a thousand. */
const CHECKED_SAMPLES = '67';
const [wanted = 'plain', filter = '*'] = process.argv.slice(2);
const runs = EMULATED.filter(({ name }) => wanted === name || wanted === 'all');
if (runs.length === 0) {
  console.error(`expected plain, address, thread or all, received ${wanted}`);
  process.exit(2);
}
for (const each of runs) {
  buildEmulated(each, KERNEL_TESTS, BACKEND_TESTS, CHECK, BENCH);
  for (const tests of [KERNEL_TESTS, BACKEND_TESTS])
    run(`${each.folder}/${tests}`, ['--gtest_brief=1', `--gtest_filter=${filter}`]);
  run(`${each.folder}/${CHECK}`, [CHECKED_SAMPLES]);
  if (each.name === 'plain') run(`${each.folder}/${BENCH}`, ['tiny']);
  console.log(`emulated, ${each.title}: no GPU has run these kernels`);
}
