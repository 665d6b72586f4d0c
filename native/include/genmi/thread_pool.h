// Work on several threads with the same bits for any number of them: the caller cuts its work into tasks that do not
// depend on the thread count, and every task writes its own part of the result.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace genmi {

class ThreadPool {
 public:
  // The pool of this process, alive as long as somebody holds it (so that an unloaded addon leaves no thread behind).
  static std::shared_ptr<ThreadPool> shared();

  // limit: how many threads run tasks at once, whoever calls. Callers always do; workers make room for them after the
  // task that they are at.
  explicit ThreadPool(std::size_t limit = hardware_threads()) : limit_(limit > 0 ? limit : 1) {}
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Calls task(index, slot) for every index in [0, count), on the calling thread and at most threads - 1 others: as
  // many as the limit leaves beside those of other callers. slot < threads is the same for all calls of one thread: an
  // index into scratch space. When a task throws, the others that have begun are waited for, the rest is left undone,
  // and the first exception is thrown again here.
  using Task = std::function<void(std::size_t index, std::size_t slot)>;
  void run(std::size_t count, std::size_t threads, const Task& task);

  static std::size_t hardware_threads();

 private:
  struct Batch;
  void work();
  void ensure_workers(std::size_t count);
  std::shared_ptr<Batch> find_work() const;

  const std::size_t limit_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::vector<std::thread> workers_;
  std::vector<std::shared_ptr<Batch>> queue_;
  std::atomic<std::size_t> running_{0};  // callers and workers that are about a batch's tasks; read without the mutex
  bool stopping_ = false;
};

}  // namespace genmi
