#include "peak.h"

namespace genmi::cuda::bench {
namespace {

__global__ void chains(unsigned length, float* out) {
  const std::size_t at = std::size_t{blockIdx.x} * kThreads + threadIdx.x;
  float sums[kChains];
  for (unsigned c = 0; c < kChains; ++c) sums[c] = static_cast<float>(threadIdx.x + c);
  const float factor = 0.999f + 1e-9f * static_cast<float>(threadIdx.x);
  for (unsigned i = 0; i < length; ++i)
    for (unsigned c = 0; c < kChains; ++c) sums[c] = sums[c] * factor + 0.5f;
  float sum = 0;
  for (unsigned c = 0; c < kChains; ++c) sum += sums[c];
  out[at] = sum;
}

}  // namespace

cudaError_t multiply_and_add(unsigned blocks, unsigned length, float* out, cudaStream_t stream) {
  return GENMI_LAUNCH(chains, (dim3{blocks, 1, 1}), dim3{kThreads}, stream, length, out);
}

}  // namespace genmi::cuda::bench
