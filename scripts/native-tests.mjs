// Builds and runs the native tests, with sanitizers or as they are released:
// `node scripts/native-tests.mjs [address,undefined | thread | release] [test filter]`.
import { build, RELEASE, runTests, sanitized } from './native-build.mjs';

const [kind = 'address,undefined', filter = '*'] = process.argv.slice(2);
const { folder, definitions } = kind === 'release' ? RELEASE : sanitized(kind);

build(folder, ...definitions);
await runTests(folder, filter);
