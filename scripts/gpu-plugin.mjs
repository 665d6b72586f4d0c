// Builds the plugin of native/cuda by nvcc, out/gpu/genmi_cuda.so, and opens it: `npm run build:gpu-plugin`. Without a
// driver it must say so; with one, it may multiply.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { ARCHITECTURES, FLAGS, kernels } from './gpu/flags.mjs';
import { nvcc } from './gpu/nvcc.mjs';
import { run } from './native-build.mjs';
import { root } from './tools.mjs';

/** Architectures after the newest are compiled by the driver, from PTX. */
const newest = ARCHITECTURES.at(-1);
const folder = path.join(root, 'out/gpu');
const plugin = path.join(folder, 'genmi_cuda.so');
const prober = path.join(folder, 'probe');

mkdirSync(folder, { recursive: true });
const sources = ['affinity', 'objectives', 'plugin'].flatMap((room) =>
  readdirSync(path.join(kernels, room))
    .filter((name) => /\.(cu|cpp)$/.test(name))
    .map((name) => path.join(kernels, room, name)),
);
// Wheels have the libraries beside bin/, where nvcc does not look.
const libraries = path.join(path.dirname(nvcc()), '../lib');
const ptx = ['-gencode', `arch=compute_${newest},code=compute_${newest}`];
run(nvcc(), [
  '-shared',
  '-cudart',
  'static',
  '-cudadevrt',
  'none',
  ...FLAGS,
  ...ptx,
  `-L${libraries}`,
  '-Xlinker=-z,defs',
  '-o',
  plugin,
  ...sources,
]);
run('cc', ['-std=c11', '-Wall', '-Wextra', '-Inative/include', 'test/cuda/probe.c', '-o', prober, '-ldl']);
const { status, stdout, stderr } = spawnSync(prober, [plugin], { encoding: 'utf8' });
process.stderr.write(stderr);
if (status !== 0) process.exit(1);
console.log(`genmi_cuda.so, ${statSync(plugin).size} bytes: ${stdout.trim()}`);
