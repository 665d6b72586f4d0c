// The one nvcc that compiles the kernels of native/cuda: from Python's wheels, installed on first use. It needs no GPU and
// no driver. Registers depend on its version, so that an nvcc of the machine is not taken.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { root } from '../tools.mjs';

export const VERSION = '13.0.88';
const PACKAGES = [
  `nvidia-cuda-nvcc==${VERSION}`,
  `nvidia-nvvm==${VERSION}`,
  `nvidia-cuda-crt==${VERSION}`,
  'nvidia-cuda-runtime==13.0.96',
  'nvidia-cuda-cccl==13.0.85',
];

/** The path of nvcc. Installs it, 271 MB in .cache, unless it is there. */
export function nvcc() {
  const folder = path.join(root, `.cache/nvcc-${VERSION}`);
  if (!existsSync(folder)) install(folder);
  return path.join(folder, 'nvidia/cu13/bin/nvcc');
}

function install(folder) {
  const part = `${folder}.${process.pid}`;
  const environment = path.join(part, 'python');
  run('python3', ['-m', 'venv', environment]);
  const flags = ['--quiet', '--disable-pip-version-check', '--no-deps', '--no-compile', '--only-binary=:all:'];
  run(path.join(environment, 'bin/pip'), ['install', ...flags, '--target', part, ...PACKAGES]);
  rmSync(environment, { recursive: true });
  // Wheels lose the permission to run.
  for (const bin of ['bin', 'nvvm/bin'].map((name) => path.join(part, 'nvidia/cu13', name)))
    for (const entry of readdirSync(bin, { withFileTypes: true }))
      if (entry.isFile()) chmodSync(path.join(bin, entry.name), 0o755);
  renameSync(part, folder);
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ended with ${status}`);
}
