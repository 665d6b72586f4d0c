// Builds and runs the native tests with sanitizers: `node scripts/native-tests.mjs [address,undefined | thread] [test filter]`.
import { build, run } from './native-build.mjs';

const [sanitizers = 'address,undefined', filter = '*'] = process.argv.slice(2);
const folder = `out/native-${sanitizers.replace(',', '-')}`;

build(folder, 'CMAKE_BUILD_TYPE=RelWithDebInfo', `GENMI_SANITIZE=${sanitizers}`);
run(`${folder}/native_tests`, ['--gtest_brief=1', `--gtest_filter=${filter}`]);
