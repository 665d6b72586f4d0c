// What a computation may use while it runs: scratch memory, threads, an instruction set, and a job that may be
// cancelled.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>

#include "genmi/job.h"
#include "genmi/thread_pool.h"
#include "genmi/workspace.h"

namespace genmi {

namespace simd {
struct Kernels;
const Kernels& default_kernels();
}  // namespace simd

// With less work than this, a tenth of a millisecond for each of two threads, the second one costs more than it brings.
inline constexpr double kWorthThreads = 200'000;

struct Context {
  Workspace& workspace;
  ThreadPool* pool = nullptr;  // none: everything on the calling thread
  std::size_t threads = 1;
  Job* job = nullptr;
  // The vector kernels of one instruction set: that of the JavaScript environment that asks.
  const simd::Kernels& kernels = simd::default_kernels();

  bool cancelled() const { return is_cancelled(job); }

  // Calls task(index, slot) for every index in [0, count), slot < slots(); the same bits for any number of threads.
  void for_each(std::size_t count, const ThreadPool::Task& task) const {
    if (pool != nullptr && threads > 1 && count > 1) return pool->run(count, threads, task);
    for (std::size_t index = 0; index < count; ++index) task(index, 0);
  }
  // Calls block(first, count, slot) for `size` things, block_size at a time, which together take about so many
  // nanoseconds: the same blocks for any number of threads.
  template <class Block>
  void for_each_block(std::size_t size, std::size_t block_size, double nanoseconds, const Block& block) const {
    const std::size_t blocks = (size + block_size - 1) / block_size;
    const auto task = [&](std::size_t index, std::size_t slot) {
      const std::size_t first = index * block_size;
      block(first, std::min(block_size, size - first), slot);
    };
    if (nanoseconds >= kWorthThreads) return for_each(blocks, task);
    for (std::size_t index = 0; index < blocks; ++index) task(index, 0);
  }
  std::size_t slots() const { return pool != nullptr && threads > 1 ? threads : 1; }
};

}  // namespace genmi
