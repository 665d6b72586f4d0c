// The part of CUDA that the kernels use, for a CPU: they are compiled by an ordinary C++ compiler and run on fibres,
// one for each thread of a block, the blocks in turn. It finds mistakes; it measures no speed. nvcc/device.h has the
// same two macros for a GPU.
//
// Stricter than a GPU: all threads of a block must meet at the same barrier, none may have returned before, and fresh
// shared memory is NaN. Between two barriers threads run one after the other; tests run them in several orders, and
// where the order shows in the results, a barrier is missing.
#pragma once

#include <cstddef>
#include <functional>
#include <stdexcept>
#include <utility>

#define __global__
#define __device__
#define __forceinline__ inline

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
};
using cudaStream_t = void*;

namespace genmi::cuda::emulated {

// A mistake of a kernel, or of its launch.
class Mistake : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

struct Place {
  dim3 thread, block, block_size, grid_size;
};
// Of the thread that runs.
const Place& place();

// line: tells one barrier from another.
void wait_for_block(int line);

// The next array of shared memory that a thread of this block asks for: the same one for all threads.
void* shared_bytes(std::size_t bytes);
template <class T>
T* shared(std::size_t count) {
  return static_cast<T*>(shared_bytes(count * sizeof(T)));
}

// Orders of the threads of a block between two barriers: first to last, last to first, and shuffled by a seed.
enum class Order { kForward, kBackward, kShuffled };
// While it lives, launches run their threads in this order.
class WithOrder {
 public:
  explicit WithOrder(Order order);
  ~WithOrder();
  WithOrder(const WithOrder&) = delete;
  WithOrder& operator=(const WithOrder&) = delete;

 private:
  Order before_;
};

// Throws Mistake.
void launch(dim3 grid, dim3 block, const std::function<void()>& kernel);

}  // namespace genmi::cuda::emulated

#define threadIdx (::genmi::cuda::emulated::place().thread)
#define blockIdx (::genmi::cuda::emulated::place().block)
#define blockDim (::genmi::cuda::emulated::place().block_size)
#define gridDim (::genmi::cuda::emulated::place().grid_size)
#define __syncthreads() ::genmi::cuda::emulated::wait_for_block(__LINE__)

// T name[count] in the shared memory of a block.
#define GENMI_SHARED(T, name, count) T* const name = ::genmi::cuda::emulated::shared<T>(count)
// Runs a kernel for a grid of blocks.
#define GENMI_LAUNCH(kernel, grid, block, stream, ...) \
  (static_cast<void>(stream), ::genmi::cuda::emulated::launch(grid, block, [&] { kernel(__VA_ARGS__); }))
