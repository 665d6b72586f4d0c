#include <cmath>

#include "../warp.h"
#include "predictions.h"

namespace genmi::cuda {
namespace {

constexpr unsigned kWarps = 8, kThreads = kWarps * kWarp;

// A warp takes a row.
template <class T>
__global__ void softmax_of_rows(const T* logits, std::size_t n, std::size_t k, T* tau) {
  const std::size_t row = std::size_t{blockIdx.x} * kWarps + threadIdx.x / kWarp;
  if (row >= n) return;  // all lanes of the warp
  const T* const own = logits + row * k;
  T largest = own[0];
  for (std::size_t c = threadIdx.x % kWarp; c < k; c += kWarp) largest = own[c] > largest ? own[c] : largest;
  largest = largest_of_warp(largest);
  double sum = 0;
  for (std::size_t c = threadIdx.x % kWarp; c < k; c += kWarp) sum += static_cast<double>(std::exp(own[c] - largest));
  sum = sum_of_warp(sum);
  for (std::size_t c = threadIdx.x % kWarp; c < k; c += kWarp)
    tau[row * k + c] = static_cast<T>(static_cast<double>(std::exp(own[c] - largest)) / sum);
}

// Block (b, t) adds rows [b count, (b + 1) count) up, in columns 32 t to 32 t + 31: each warp takes every eighth row,
// each lane a column.
template <class T>
__global__ void add_rows(const T* matrix, std::size_t n, std::size_t k, std::size_t count, double scale, double* sums) {
  GENMI_SHARED(double, of_warps, kThreads);
  const std::size_t first = blockIdx.x * count, end = first + count < n ? first + count : n;
  const std::size_t column = std::size_t{blockIdx.y} * kWarp + threadIdx.x % kWarp;
  double sum = 0;
  if (column < k)
    for (std::size_t i = first + threadIdx.x / kWarp; i < end; i += kWarps)
      sum += static_cast<double>(matrix[i * k + column]);
  of_warps[threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.x >= kWarp || column >= k) return;
  for (unsigned warp = 1; warp < kWarps; ++warp) sum += of_warps[warp * kWarp + threadIdx.x];
  sums[blockIdx.x * k + column] = scale * sum;
}

constexpr std::size_t kRows = 2048;  // to a block
std::size_t blocks_of(std::size_t n) { return (n + kRows - 1) / kRows; }

}  // namespace

template <class T>
cudaError_t softmax(const T* logits, std::size_t n, std::size_t k, T* tau, cudaStream_t stream) {
  if (n == 0 || k == 0) return cudaSuccess;
  const dim3 grid{static_cast<unsigned>((n + kWarps - 1) / kWarps), 1, 1};
  return GENMI_LAUNCH(softmax_of_rows<T>, grid, dim3{kThreads}, stream, logits, n, k, tau);
}

std::size_t proportions_scratch(std::size_t n, std::size_t k) { return blocks_of(n) * k; }

template <class T>
cudaError_t proportions(const T* tau, std::size_t n, std::size_t k, double* scratch, double* pi, cudaStream_t stream) {
  if (n == 0 || k == 0) return cudaSuccess;
  const std::size_t blocks = blocks_of(n);
  const double share = 1 / static_cast<double>(n);
  const dim3 grid{static_cast<unsigned>(blocks), static_cast<unsigned>((k + kWarp - 1) / kWarp), 1};
  const cudaError_t error =
      GENMI_LAUNCH(add_rows<T>, grid, dim3{kThreads}, stream, tau, n, k, kRows, share, blocks == 1 ? pi : scratch);
  if (error != cudaSuccess || blocks == 1) return error;
  const dim3 one{1, grid.y, 1};
  return GENMI_LAUNCH(add_rows<double>, one, dim3{kThreads}, stream, scratch, blocks, k, blocks, 1.0, pi);
}

template cudaError_t softmax(const float*, std::size_t, std::size_t, float*, cudaStream_t);
template cudaError_t softmax(const double*, std::size_t, std::size_t, double*, cudaStream_t);
template cudaError_t proportions(const float*, std::size_t, std::size_t, double*, double*, cudaStream_t);
template cudaError_t proportions(const double*, std::size_t, std::size_t, double*, double*, cudaStream_t);

}  // namespace genmi::cuda
