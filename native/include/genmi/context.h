// What a computation may use while it runs: threads, scratch memory, and somebody who may ask it to stop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "genmi/job.h"
#include "genmi/parallel.h"
#include "genmi/workspace.h"

namespace genmi {

struct Context {
  Workspace& workspace;
  ThreadPool* pool = nullptr;  // none: everything on the calling thread
  std::size_t threads = 1;
  Job* job = nullptr;
  std::uint64_t draw = 0;  // which of its sequence of random choices an objective is to make
  bool rehearsal = false;  // the trial run of an estimate: nothing is drawn at random

  bool cancelled() const { return is_cancelled(job); }

  // Calls task(index, slot) for every index in [0, count), slot < slots(); the same bits for any number of threads.
  void for_each(std::size_t count, const ThreadPool::Task& task) const {
    if (pool != nullptr && threads > 1 && count > 1) return pool->run(count, threads, task);
    for (std::size_t index = 0; index < count; ++index) task(index, 0);
  }
  std::size_t slots() const { return pool != nullptr && threads > 1 ? threads : 1; }
};

}  // namespace genmi
