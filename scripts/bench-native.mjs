// Builds the native part of the benchmarks, out/native-release/kernels_bench, beside the native tests of the same build.
import { configure, make, RELEASE } from './native-build.mjs';

configure(RELEASE.folder, ...RELEASE.definitions);
make(RELEASE.folder, 'kernels_bench');
