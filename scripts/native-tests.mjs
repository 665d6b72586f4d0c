// Builds and runs the native tests, with sanitizers or as they are released:
// `node scripts/native-tests.mjs [address,undefined | thread | release] [test filter]`.
import { build, RELEASE, run, sanitized } from './native-build.mjs';

const [kind = 'address,undefined', filter = '*'] = process.argv.slice(2);
const { folder, definitions } = kind === 'release' ? RELEASE : sanitized(kind);

build(folder, ...definitions);
run(`${folder}/native_tests`, ['--gtest_brief=1', `--gtest_filter=${filter}`]);
