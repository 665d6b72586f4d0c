// Builds and runs the native tests, with sanitizers or as they are released:
// `node scripts/native-tests.mjs [address,undefined | thread | release] [test filter]`.
import { build, run } from './native-build.mjs';

const [kind = 'address,undefined', filter = '*'] = process.argv.slice(2);
const folder = `out/native-${kind.replace(',', '-')}`;

if (kind === 'release') build(folder, 'CMAKE_BUILD_TYPE=Release', 'GENMI_SANITIZE=');
else build(folder, 'CMAKE_BUILD_TYPE=RelWithDebInfo', `GENMI_SANITIZE=${kind}`);
run(`${folder}/native_tests`, ['--gtest_brief=1', `--gtest_filter=${filter}`]);
