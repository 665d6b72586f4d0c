// Kernels that take a thread for each number, and sums over the rows of a matrix.
#pragma once

#include <cstddef>

#include "device.h"
#include "warp.h"

namespace genmi::cuda {

constexpr unsigned kRowWarps = 8, kBlock = kRowWarps * kWarp;

// The number of a thread, which may be beyond the last.
__device__ inline std::size_t own_number() { return std::size_t{blockIdx.x} * kBlock + threadIdx.x; }
inline dim3 blocks_for(std::size_t count) { return {static_cast<unsigned>((count + kBlock - 1) / kBlock), 1, 1}; }

// A block has kWarp columns, one for each lane, and its warps share the rows. Each thread gives a part of its column's
// sum, and gets the whole. All threads must call this. of_warps: shared memory for kBlock numbers.
__device__ inline double sum_of_column(double own, double* of_warps) {
  of_warps[threadIdx.x] = own;
  __syncthreads();
  double sum = 0;
  for (unsigned warp = 0; warp < kRowWarps; ++warp) sum += of_warps[warp * kWarp + threadIdx.x % kWarp];
  __syncthreads();
  return sum;
}
__device__ inline std::size_t own_column() { return std::size_t{blockIdx.x} * kWarp + threadIdx.x % kWarp; }
inline dim3 blocks_for_columns(std::size_t columns) {
  return {static_cast<unsigned>((columns + kWarp - 1) / kWarp), 1, 1};
}

}  // namespace genmi::cuda
