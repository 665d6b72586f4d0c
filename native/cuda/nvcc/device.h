// The two macros of emulated/device.h, for a GPU.
#pragma once

#include <cuda_runtime.h>

// T name[count] in the shared memory of a block.
#define GENMI_SHARED(T, name, count) __shared__ T name[count]
// Runs a kernel for a grid of blocks; an error of the launch.
#define GENMI_LAUNCH(kernel, grid, block, stream, ...) \
  (kernel<<<grid, block, 0, stream>>>(__VA_ARGS__), cudaGetLastError())
