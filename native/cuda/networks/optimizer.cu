#include <cmath>

#include "../elements.h"
#include "optimizer.h"

namespace genmi::cuda {
namespace {

constexpr unsigned kMostBlocks = kSquaresScratch - 1;

template <class T>
__global__ void update_numbers(Update<T> step, const T* gradient, T* first, T* second, std::size_t count, T* values) {
  const std::size_t at = own_number();
  if (at >= count) return;
  double scale = step.largest_norm > 0 ? step.largest_norm / std::sqrt(*step.squares) : 1;
  scale = scale < 1 ? scale : 1;
  const T w = values[at], g = static_cast<T>(scale) * gradient[at] + step.decay * w;
  if (step.rule == Rule::kSgd) {
    const T u = step.first * first[at] - step.rate * g;
    first[at] = u;
    values[at] = w + (step.first * u - step.rate * g);
    return;
  }
  const T v = step.second * second[at] + (T{1} - step.second) * (g * g);
  second[at] = v;
  T direction = g;
  if (step.rule == Rule::kAdam) first[at] = direction = step.first * first[at] + (T{1} - step.first) * g;
  values[at] = w - step.rate * direction / (std::sqrt(v) + step.epsilon);
}

// The first thread gets the sum over the block.
__device__ double sum_of_block(double own, double* of_warps) {
  own = sum_of_warp(own);
  if (threadIdx.x % kWarp == 0) of_warps[threadIdx.x / kWarp] = own;
  __syncthreads();
  double sum = 0;
  for (unsigned warp = 0; warp < kRowWarps && threadIdx.x == 0; ++warp) sum += of_warps[warp];
  return sum;
}

template <class T>
__global__ void add_squares_of_blocks(const T* numbers, std::size_t count, double* of_blocks) {
  GENMI_SHARED(double, of_warps, kRowWarps);
  double own = 0;
  for (std::size_t at = own_number(); at < count; at += std::size_t{gridDim.x} * kBlock)
    own += static_cast<double>(numbers[at]) * static_cast<double>(numbers[at]);
  const double sum = sum_of_block(own, of_warps);
  if (threadIdx.x == 0) of_blocks[blockIdx.x] = sum;
}

__global__ void add_blocks(const double* of_blocks, unsigned blocks, double* out) {
  GENMI_SHARED(double, of_warps, kRowWarps);
  const double sum = sum_of_block(threadIdx.x < blocks ? of_blocks[threadIdx.x] : 0, of_warps);
  if (threadIdx.x == 0) *out = sum;
}

}  // namespace

template <class T>
cudaError_t update(const Update<T>& step, const T* gradient, T* first, T* second, std::size_t count, T* values,
                   cudaStream_t stream) {
  if (count == 0) return cudaSuccess;
  return GENMI_LAUNCH(update_numbers<T>, blocks_for(count), dim3{kBlock}, stream, step, gradient, first, second, count,
                      values);
}

template <class T>
cudaError_t add_squares(const T* numbers, std::size_t count, double* scratch, cudaStream_t stream) {
  const unsigned wanted = blocks_for(count).x, blocks = wanted < kMostBlocks ? (wanted > 0 ? wanted : 1) : kMostBlocks;
  const cudaError_t error =
      GENMI_LAUNCH(add_squares_of_blocks<T>, (dim3{blocks, 1, 1}), dim3{kBlock}, stream, numbers, count, scratch + 1);
  if (error != cudaSuccess) return error;
  return GENMI_LAUNCH(add_blocks, dim3{}, dim3{kBlock}, stream, scratch + 1, blocks, scratch);
}

template cudaError_t update(const Update<float>&, const float*, float*, float*, std::size_t, float*, cudaStream_t);
template cudaError_t update(const Update<double>&, const double*, double*, double*, std::size_t, double*, cudaStream_t);
template cudaError_t add_squares(const float*, std::size_t, double*, cudaStream_t);
template cudaError_t add_squares(const double*, std::size_t, double*, cudaStream_t);

}  // namespace genmi::cuda
