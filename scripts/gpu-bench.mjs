// Times the kernels of native/cuda on the card of this machine: `npm run bench:gpu`. Without a driver, it builds the
// program, and says so.
import path from 'node:path';
import { nvcc } from './gpu/nvcc.mjs';
import { run } from './native-build.mjs';
import { root } from './tools.mjs';

run(path.join(root, 'scripts/gpu-bench.sh'), [nvcc()]);
