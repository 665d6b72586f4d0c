// Builds the kernels of native/cuda for the CPU and runs their tests, emulated: `npm run test:gpu-emulated [test filter]`.
import { configure, make, RELEASE, run } from './native-build.mjs';

const [filter = '*'] = process.argv.slice(2);
configure(RELEASE.folder, ...RELEASE.definitions);
make(RELEASE.folder, 'gpu_emulated_tests');
run(`${RELEASE.folder}/gpu_emulated_tests`, ['--gtest_brief=1', `--gtest_filter=${filter}`]);
console.log('emulated: no GPU has run these kernels');
