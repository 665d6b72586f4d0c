// The part of CUDA that the kernels use, for a CPU: they are compiled by an ordinary C++ compiler and run on fibres,
// one for each thread of a block, the blocks in turn. It finds mistakes; it measures no speed. nvcc/device.h has the
// same two macros for a GPU.
//
// Stricter than a GPU: all threads of a block must meet at the same barrier, and all lanes of a mask at the same
// exchange; none may have returned before. Fresh shared memory is NaN. Threads run one after the other, from one
// barrier or exchange to the next; tests run them in several orders, and where the order shows in the results, a
// barrier is missing. Atomics are places to switch threads, too, in all orders except the first.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <type_traits>

#include "runtime.h"

#define __global__
#define __device__
#define __forceinline__ inline

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
unsigned lane();

// line: tells one barrier from another.
void wait_for_block(int line);
void wait_for_warp(unsigned mask, int line);
// The values that the lanes of the mask have given to this exchange.
using Values = std::array<std::uint64_t, 32>;
const Values& exchange(unsigned mask, std::uint64_t own, int line);
// The value of a lane, which must be in the mask.
std::uint64_t value_of(const Values& values, unsigned mask, unsigned lane);
// A bit for each lane of the mask whose value is not 0.
unsigned ballot_of(const Values& values, unsigned mask);
// Lets other threads run, except in the first order.
void may_switch();

// The next array of shared memory that a thread of this block asks for: the same one for all threads.
void* shared_bytes(std::size_t bytes);
template <class T>
T* shared(std::size_t count) {
  return static_cast<T*>(shared_bytes(count * sizeof(T)));
}

template <class T>
std::uint64_t bits_of(T value) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8);
  return std::bit_cast<std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>(value);
}
template <class T>
T value_from(std::uint64_t bits) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  return std::bit_cast<T>(static_cast<Bits>(bits));
}

// Orders of the threads of a block: first to last, last to first, and shuffled by a seed.
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

// Runs a kernel for a grid of blocks. Throws Mistake.
void run_grid(dim3 grid, dim3 block, const std::function<void()>& kernel);

}  // namespace genmi::cuda::emulated

#define threadIdx (::genmi::cuda::emulated::place().thread)
#define blockIdx (::genmi::cuda::emulated::place().block)
#define blockDim (::genmi::cuda::emulated::place().block_size)
#define gridDim (::genmi::cuda::emulated::place().grid_size)

inline void __syncthreads(int line = __builtin_LINE()) { genmi::cuda::emulated::wait_for_block(line); }
inline void __syncwarp(unsigned mask = 0xffffffff, int line = __builtin_LINE()) {
  genmi::cuda::emulated::wait_for_warp(mask, line);
}

template <class T>
T __shfl_sync(unsigned mask, T value, int from, int width = 32, int line = __builtin_LINE()) {
  namespace emulated = genmi::cuda::emulated;
  const unsigned own = emulated::lane(), group = own & ~(static_cast<unsigned>(width) - 1);
  const auto& values = emulated::exchange(mask, emulated::bits_of(value), line);
  return emulated::value_from<T>(
      emulated::value_of(values, mask, group | (static_cast<unsigned>(from) & (static_cast<unsigned>(width) - 1))));
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32, int line = __builtin_LINE()) {
  namespace emulated = genmi::cuda::emulated;
  const unsigned own = emulated::lane(), other = own ^ static_cast<unsigned>(bits);
  const bool inside = other < (own & ~(static_cast<unsigned>(width) - 1)) + static_cast<unsigned>(width);
  const auto& values = emulated::exchange(mask, emulated::bits_of(value), line);
  return inside ? emulated::value_from<T>(emulated::value_of(values, mask, other)) : value;
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned step, int width = 32, int line = __builtin_LINE()) {
  namespace emulated = genmi::cuda::emulated;
  const unsigned own = emulated::lane(), w = static_cast<unsigned>(width);
  const auto& values = emulated::exchange(mask, emulated::bits_of(value), line);
  return own % w + step < w ? emulated::value_from<T>(emulated::value_of(values, mask, own + step)) : value;
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned step, int width = 32, int line = __builtin_LINE()) {
  namespace emulated = genmi::cuda::emulated;
  const unsigned own = emulated::lane(), w = static_cast<unsigned>(width);
  const auto& values = emulated::exchange(mask, emulated::bits_of(value), line);
  return own % w >= step ? emulated::value_from<T>(emulated::value_of(values, mask, own - step)) : value;
}
inline unsigned __ballot_sync(unsigned mask, int predicate, int line = __builtin_LINE()) {
  namespace emulated = genmi::cuda::emulated;
  return emulated::ballot_of(emulated::exchange(mask, predicate != 0, line), mask);
}
inline int __any_sync(unsigned mask, int predicate, int line = __builtin_LINE()) {
  return __ballot_sync(mask, predicate, line) != 0;
}
inline int __all_sync(unsigned mask, int predicate, int line = __builtin_LINE()) {
  return __ballot_sync(mask, predicate, line) == mask;
}

template <class T>
T atomicAdd(T* address, std::type_identity_t<T> value) {
  genmi::cuda::emulated::may_switch();
  return std::atomic_ref<T>(*address).fetch_add(value, std::memory_order_relaxed);
}
template <class T>
T atomicOr(T* address, std::type_identity_t<T> value) {
  genmi::cuda::emulated::may_switch();
  return std::atomic_ref<T>(*address).fetch_or(value, std::memory_order_relaxed);
}
template <class T>
T atomicCAS(T* address, std::type_identity_t<T> expected, std::type_identity_t<T> value) {
  genmi::cuda::emulated::may_switch();
  std::atomic_ref<T>(*address).compare_exchange_strong(expected, value, std::memory_order_relaxed);
  return expected;
}

inline int __popc(unsigned bits) { return std::popcount(bits); }
inline int __ffs(int bits) { return bits == 0 ? 0 : std::countr_zero(static_cast<unsigned>(bits)) + 1; }

// T name[count] in the shared memory of a block.
#define GENMI_SHARED(T, name, count) T* const name = ::genmi::cuda::emulated::shared<T>(count)
// Runs a kernel for a grid of blocks; an error of the launch.
#define GENMI_LAUNCH(kernel, grid, block, stream, ...)                                        \
  ::genmi::cuda::emulated::launch(stream, [=, genmi_grid = grid, genmi_block = block] {       \
    ::genmi::cuda::emulated::run_grid(genmi_grid, genmi_block, [&] { kernel(__VA_ARGS__); }); \
  })
