// How nvcc compiles native/cuda.
import path from 'node:path';
import { root } from '../tools.mjs';

export const ARCHITECTURES = [75, 80, 86, 90, 100, 120];
export const kernels = path.join(root, 'native/cuda');

export const FLAGS = [
  ...['-O3', '-std=c++20', '-Werror=all-warnings', '-Xcompiler=-Wall,-Wextra,-Werror,-fPIC,-fvisibility=hidden'],
  ...ARCHITECTURES.flatMap((number) => ['-gencode', `arch=compute_${number},code=sm_${number}`]),
  ...[path.join(kernels, 'nvcc'), path.join(root, 'native'), path.join(root, 'native/include')].map(
    (folder) => `-I${folder}`,
  ),
];
