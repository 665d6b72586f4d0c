// Builds the plugin of native/cuda and checks it on the card of this machine: `npm run test:gpu`. Without a driver, it
// builds and opens the plugin, and says so.
import path from 'node:path';
import { nvcc } from './gpu/nvcc.mjs';
import { run } from './native-build.mjs';
import { root } from './tools.mjs';

run(path.join(root, 'scripts/gpu-check.sh'), [nvcc()]);
