#include <algorithm>
#include <atomic>
#include <exception>
#include <system_error>

#include "genmi/parallel.h"

namespace genmi {

// One call of run(): its threads, the caller among them, draw indices until none is left.
struct ThreadPool::Batch {
  const Task* task;
  std::size_t count;
  std::size_t threads;
  std::atomic<std::size_t> next_index{0};
  std::size_t joined = 0;  // slots handed out; guarded by the pool's mutex
  std::size_t active = 0;  // workers inside drain(); guarded by the pool's mutex
  std::condition_variable idle;
  std::atomic<bool> failed{false};
  std::exception_ptr failure;  // of the task that set failed

  bool has_room() const { return joined < threads && next_index.load(std::memory_order_relaxed) < count; }

  void drain(std::size_t slot) {
    try {
      for (std::size_t index; (index = next_index.fetch_add(1, std::memory_order_relaxed)) < count;)
        (*task)(index, slot);
    } catch (...) {
      if (!failed.exchange(true)) failure = std::current_exception();
      next_index.store(count);
    }
  }
};

std::shared_ptr<ThreadPool> ThreadPool::shared() {
  static std::mutex mutex;
  static std::weak_ptr<ThreadPool> current;
  const std::lock_guard<std::mutex> lock(mutex);
  std::shared_ptr<ThreadPool> pool = current.lock();
  if (!pool) current = pool = std::make_shared<ThreadPool>();
  return pool;
}

std::size_t ThreadPool::hardware_threads() { return std::max(1u, std::thread::hardware_concurrency()); }

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run(std::size_t count, std::size_t threads, const Task& task) {
  const auto batch = std::make_shared<Batch>();
  batch->task = &task;
  batch->count = count;
  batch->threads = std::min(threads, count);
  batch->joined = 1;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ensure_workers(batch->threads - 1);
    queue_.push_back(batch);
  }
  wake_.notify_all();
  batch->drain(0);

  std::unique_lock<std::mutex> lock(mutex_);
  queue_.erase(std::find(queue_.begin(), queue_.end(), batch));
  batch->idle.wait(lock, [&] { return batch->active == 0; });
  if (batch->failure) std::rethrow_exception(batch->failure);
}

void ThreadPool::work() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    const auto found = std::find_if(queue_.begin(), queue_.end(), [](const auto& batch) { return batch->has_room(); });
    if (found == queue_.end()) {
      if (stopping_) return;
      wake_.wait(lock);
      continue;
    }
    const std::shared_ptr<Batch> batch = *found;
    const std::size_t slot = batch->joined++;
    ++batch->active;
    lock.unlock();
    batch->drain(slot);
    lock.lock();
    --batch->active;
    batch->idle.notify_one();
  }
}

// Workers are made once and shared by everybody, however many callers there are: the machine is never oversubscribed by
// more than its callers. Where the system allows no further thread, those there are must do; the results are the same.
void ThreadPool::ensure_workers(std::size_t count) {
  try {
    while (workers_.size() < count) workers_.emplace_back([this] { work(); });
  } catch (const std::system_error&) {
  }
}

}  // namespace genmi
