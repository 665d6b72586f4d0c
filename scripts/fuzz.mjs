// Feeds the transport solver inputs of libFuzzer: `node scripts/fuzz.mjs [seconds]`. Inputs that reach new code are kept in
// out/fuzz/corpus; an input that fails is named and left in out/fuzz.
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
mkdirSync('out/fuzz/corpus', { recursive: true });
run('out/fuzz/transport_fuzz', [
  `-max_total_time=${seconds}`,
  '-max_len=4096',
  '-timeout=10', // a solve takes less than a millisecond: ten seconds are an endless loop
  '-verbosity=0',
  '-print_final_stats=1',
  '-artifact_prefix=out/fuzz/',
  'out/fuzz/corpus',
  'test/native/fuzz/corpus',
]);
