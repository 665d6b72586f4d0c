// The three builds of the tests of native/cuda, emulated.
import { configure, make, RELEASE, SANITIZED, sanitized } from '../native-build.mjs';

export const EMULATED = [
  { ...RELEASE, name: 'plain', title: 'plain', link: '' },
  { ...SANITIZED, name: 'address', title: 'AddressSanitizer', link: '-fsanitize=address,undefined' },
  { ...sanitized('thread'), name: 'thread', title: 'ThreadSanitizer', link: '-fsanitize=thread' },
];
/** The tests of kernels and plugin; the tests of all backends, over the plugin. */
export const KERNEL_TESTS = 'gpu_emulated_tests';
export const BACKEND_TESTS = 'gpu_backend_tests';
/** The check that `npm run test:gpu` runs on a card. */
export const CHECK = 'gpu_emulated_check';
/** The benchmark that `npm run bench:gpu` runs on a card. */
export const BENCH = 'gpu_emulated_bench';
/** The plugin, as the addon opens it. */
export const PLUGIN = 'gpu_emulated_plugin';

export function buildEmulated({ folder, definitions }, ...targets) {
  configure(folder, ...definitions);
  for (const target of targets) make(folder, target);
}
