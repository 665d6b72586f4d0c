// A thread pool runs tasks on several threads, with the same bits for any number of threads. The caller cuts its work
// into tasks that do not depend on the thread count, and every task writes its own part of the result.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace genmi {

class ThreadPool {
 public:
  // The pool of this process, alive as long as somebody holds it (so that an unloaded addon leaves no thread behind).
  static std::shared_ptr<ThreadPool> shared();

  // limit: how many threads run tasks at once, over all callers. A caller always runs; workers make room for callers
  // when they have finished their current task.
  explicit ThreadPool(std::size_t limit = hardware_threads()) : limit_(limit > 0 ? limit : 1) {}
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Calls task(index, slot) for every index in [0, count), on the calling thread and on at most threads - 1 workers:
  // as many as the limit leaves beside other callers. slot < threads is the same for all calls of one thread, so that
  // it can index scratch space. When a task throws, run() waits for the tasks that have begun, skips the others, and
  // throws the first exception again.
  class Task;
  void run(std::size_t count, std::size_t threads, const Task& task);

  static std::size_t hardware_threads();

 private:
  struct Call;
  void work();
  void ensure_workers(std::size_t count);
  std::shared_ptr<Call> find_work() const;

  const std::size_t limit_;
  std::mutex mutex_;  // guards all members below
  std::condition_variable wake_;
  std::vector<std::thread> workers_;
  std::vector<std::shared_ptr<Call>> queue_;
  std::atomic<std::size_t> running_{0};  // callers and workers that run tasks; read without the mutex
  bool stopping_ = false;
};

// A reference to the caller's function, which outlives run(). A std::function would own a copy, for 500 bytes of code
// at each of some 150 places.
class ThreadPool::Task {
 public:
  template <class Function>
  Task(const Function& function)
      : function_(&function), call_([](const void* own, std::size_t index, std::size_t slot) {
          (*static_cast<const Function*>(own))(index, slot);
        }) {}
  void operator()(std::size_t index, std::size_t slot) const { call_(function_, index, slot); }

 private:
  const void* function_;
  void (*call_)(const void* function, std::size_t index, std::size_t slot);
};

}  // namespace genmi
