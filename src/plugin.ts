/** The plugin for CUDA: a package of its own, which may be installed beside this one. */
import nodeModule from 'node:module';
import path from 'node:path';
import { here, libc } from './loader.js';

/** The plugin's file, which need not open; '' where there is none, and why. */
export function findPlugin(): [file: string, absence: string] {
  if (process.env.GENMI_DEVICE === 'cpu') return ['', "the environment variable GENMI_DEVICE is 'cpu'"];
  if (process.arch !== 'x64' || libc !== 'glibc') return ['', 'CUDA needs Linux on x86-64 with glibc'];
  try {
    return [String(nodeModule.createRequire(path.join(here, 'index.js'))('genmi-cuda')), ''];
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return ['', code === 'MODULE_NOT_FOUND' ? 'the package genmi-cuda is not installed' : `genmi-cuda: ${message}`];
  }
}
