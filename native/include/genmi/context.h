// A Context is lent to a computation while it runs: scratch memory, threads, an instruction set, a backend, and a job
// that may be cancelled.
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

class Backend;
const Backend& cpu_backend();

// Nanoseconds of work below which a second thread costs more than it brings: a tenth of a millisecond for each of two.
inline constexpr double kWorthThreads = 200'000;

struct Context {
  Workspace& workspace;
  ThreadPool* pool = nullptr;  // null: all tasks run on the calling thread
  std::size_t threads = 1;
  Job* job = nullptr;
  // The vector kernels of one instruction set, which the JavaScript environment chooses.
  const simd::Kernels& kernels = simd::default_kernels();
  // Where affinities are made (backend.h), which the environment chooses too.
  const Backend& backend = cpu_backend();

  bool cancelled() const { return is_cancelled(job); }

  // Calls task(index, slot) for every index in [0, count), with slot < slots(). The indices do not depend on the number
  // of threads, so the results have the same bits.
  void for_each(std::size_t count, const ThreadPool::Task& task) const {
    if (pool != nullptr && threads > 1 && count > 1) return pool->run(count, threads, task);
    for (std::size_t index = 0; index < count; ++index) task(index, 0);
  }
  // Cuts [0, size) into ranges of range_size and calls visit(first, count, slot) for each. All ranges together take
  // about `nanoseconds`. The ranges are the same for any number of threads.
  template <class Visit>
  void for_each_range(std::size_t size, std::size_t range_size, double nanoseconds, const Visit& visit) const {
    const std::size_t ranges = (size + range_size - 1) / range_size;
    const auto task = [&](std::size_t index, std::size_t slot) {
      const std::size_t first = index * range_size;
      visit(first, std::min(range_size, size - first), slot);
    };
    if (nanoseconds >= kWorthThreads) return for_each(ranges, task);
    for (std::size_t index = 0; index < ranges; ++index) task(index, 0);
  }
  std::size_t slots() const { return pool != nullptr && threads > 1 ? threads : 1; }
};

}  // namespace genmi
