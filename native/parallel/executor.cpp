#include "genmi/executor.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "genmi/thread_pool.h"

namespace genmi {
namespace {

// The process's executor. It ends before the other static objects, because its computations may use them.
struct Shared {
  std::mutex mutex;
  std::weak_ptr<Executor> current;

  ~Shared() {
    if (const std::shared_ptr<Executor> executor = current.lock()) executor->stop();
  }
};

Status no_thread() {
  return {Code::kOutOfMemory, explain("threads", "room for a background thread", "a failed start",
                                      "use the synchronous call, or end other threads")};
}

}  // namespace

std::shared_ptr<Executor> Executor::shared() {
  static Shared shared;
  const std::lock_guard<std::mutex> lock(shared.mutex);
  std::shared_ptr<Executor> executor = shared.current.lock();
  if (!executor) shared.current = executor = std::make_shared<Executor>(default_limit());
  return executor;
}

std::size_t Executor::default_limit() { return std::max<std::size_t>(2, ThreadPool::hardware_threads()); }

Status Executor::submit(Work& work) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (queue_.size() >= idle_) add_thread();
  if (threads_.empty()) return no_thread();
  work.place_ = queue_.insert(queue_.end(), &work);
  work.queued_ = true;
  wake_.notify_one();
  return Status::ok();
}

// Where the system allows no further thread, computations wait for the threads that exist.
void Executor::add_thread() {
  if (threads_.size() >= limit_ || stopping_) return;
  try {
    threads_.reserve(threads_.size() + 1);
    threads_.emplace_back([this] { serve(); });
  } catch (const std::exception&) {
  }
}

bool Executor::withdraw(Work& work) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!std::exchange(work.queued_, false)) return false;
  queue_.erase(work.place_);
  return true;
}

void Executor::serve() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    if (queue_.empty()) {
      ++idle_;
      wake_.wait(lock);
      --idle_;
      continue;
    }
    Work& work = *queue_.front();
    work.queued_ = false;
    running_.splice(running_.end(), queue_, work.place_);
    lock.unlock();
    work.run();
    lock.lock();
    running_.erase(work.place_);
    lock.unlock();
    work.finished();
    lock.lock();
  }
}

void Executor::stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    queue_.clear();
    for (Work* work : running_) work->cancel();
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace genmi
