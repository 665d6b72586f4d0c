// Feeds the transport solver, and then the training loop, inputs of libFuzzer: `node scripts/fuzz.mjs [seconds]`. Inputs
// that reach new code are kept in out/fuzz/corpus; an input that fails is named and left in out/fuzz.
import { mkdirSync } from 'node:fs';
import { build, run } from './native-build.mjs';

const [seconds = '60'] = process.argv.slice(2);

build(
  'out/fuzz',
  'CMAKE_CXX_COMPILER=clang++',
  'CMAKE_BUILD_TYPE=RelWithDebInfo',
  'GENMI_SANITIZE=address,undefined',
  'GENMI_FUZZ=ON',
);
// The folders of the first inputs.
const targets = { transport_fuzz: ['test/native/fuzz/corpus'], training_fuzz: [] };
for (const [target, inputs] of Object.entries(targets)) {
  const found = `out/fuzz/corpus/${target}`;
  mkdirSync(found, { recursive: true });
  run(`out/fuzz/${target}`, [
    `-max_total_time=${Math.ceil(Number(seconds) / Object.keys(targets).length)}`,
    '-max_len=4096',
    '-timeout=10', // an input takes milliseconds: ten seconds are an endless loop
    '-verbosity=0',
    '-print_final_stats=1',
    '-print_funcs=0',
    '-artifact_prefix=out/fuzz/',
    found,
    ...inputs,
  ]);
}
