// The most multiply-adds that a device does in a second.
#pragma once

#include <cstddef>

#include "device.h"

namespace genmi::cuda::bench {

// The chains of multiply-adds in each thread, which do not wait for each other; threads of a block.
inline constexpr unsigned kChains = 8, kThreads = 256;

// Runs `blocks` x kThreads threads with kChains chains of `length` multiply-adds of float32; out: a number of each.
cudaError_t multiply_and_add(unsigned blocks, unsigned length, float* out, cudaStream_t stream);

}  // namespace genmi::cuda::bench
