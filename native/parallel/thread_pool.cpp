#include "genmi/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <system_error>

namespace genmi {

// One call of run(): its threads, the caller among them, draw indices until none is left.
struct ThreadPool::Call {
  const Task* task;
  std::size_t count;
  std::vector<std::size_t> free_slots;  // slots that no worker holds; guarded by the pool's mutex
  std::atomic<std::size_t> next_index{0};
  std::condition_variable idle;  // notified when a worker leaves
  std::atomic<bool> failed{false};
  std::exception_ptr failure;  // the exception of the task that set `failed`

  bool has_room() const { return !free_slots.empty() && next_index.load(std::memory_order_relaxed) < count; }

  // Runs tasks until none is left or must_leave(), which is asked between tasks, answers true.
  template <class MustLeave>
  void drain(std::size_t slot, const MustLeave& must_leave) {
    try {
      for (std::size_t index; !must_leave() && (index = next_index.fetch_add(1, std::memory_order_relaxed)) < count;)
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
  if (count == 0) return;
  const std::size_t workers = std::min({threads, count, limit_}) - 1;
  const auto call = std::make_shared<Call>();
  call->task = &task;
  call->count = count;
  for (std::size_t slot = workers; slot > 0; --slot) call->free_slots.push_back(slot);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ensure_workers(workers);
    queue_.push_back(call);
    ++running_;
  }
  for (std::size_t worker = 0; worker < workers; ++worker) wake_.notify_one();
  call->drain(0, [] { return false; });

  std::unique_lock<std::mutex> lock(mutex_);
  queue_.erase(std::find(queue_.begin(), queue_.end(), call));
  --running_;
  if (find_work()) wake_.notify_one();  // another caller's call may now have a worker
  call->idle.wait(lock, [&] { return call->free_slots.size() == workers; });
  if (call->failure) std::rethrow_exception(call->failure);
}

// A call that one more worker may join.
std::shared_ptr<ThreadPool::Call> ThreadPool::find_work() const {
  if (running_ >= limit_) return nullptr;
  const auto found = std::find_if(queue_.begin(), queue_.end(), [](const auto& call) { return call->has_room(); });
  return found == queue_.end() ? nullptr : *found;
}

void ThreadPool::work() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    const std::shared_ptr<Call> call = find_work();
    if (!call) {
      wake_.wait(lock);
      continue;
    }
    const std::size_t slot = call->free_slots.back();
    call->free_slots.pop_back();
    ++running_;
    lock.unlock();
    call->drain(slot, [this] { return running_.load(std::memory_order_relaxed) > limit_; });
    lock.lock();
    --running_;
    call->free_slots.push_back(slot);
    call->idle.notify_one();
  }
}

// Workers are made once and shared by all callers. Where the system allows no further thread, fewer workers give the
// same results.
void ThreadPool::ensure_workers(std::size_t count) {
  try {
    while (workers_.size() < count) workers_.emplace_back([this] { work(); });
  } catch (const std::system_error&) {
  }
}

}  // namespace genmi
