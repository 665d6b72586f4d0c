// An executor has threads that run whole computations in the background. A computation divides its own work into tasks
// of the ThreadPool.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "genmi/status.h"

namespace genmi {

class Executor {
 public:
  // One computation. The submitter owns it and keeps it alive until finished() is called or withdraw() returns true.
  class Work {
   public:
    virtual ~Work() = default;
    virtual void run() noexcept = 0;
    virtual void cancel() noexcept = 0;    // asks run() to return soon; called on any thread
    virtual void finished() noexcept = 0;  // the executor's last use of this object, after run()

   private:
    friend class Executor;
    std::list<Work*>::iterator place_;  // in the queue
    bool queued_ = false;
  };

  // The executor of this process, alive as long as somebody holds it. At process exit it cancels all computations.
  static std::shared_ptr<Executor> shared();

  // limit: the largest number of computations that run at once; the others wait in order. Threads start when needed.
  explicit Executor(std::size_t limit) : limit_(limit > 0 ? limit : 1) {}
  ~Executor() { stop(); }
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Queues a computation. kOutOfMemory if there is no thread and the system allows none.
  Status submit(Work& work);

  // Takes a computation out of the queue: true if it had not begun and never will.
  bool withdraw(Work& work);

  // Forgets waiting computations, cancels running ones, and joins the threads. Nothing may be submitted afterwards.
  void stop();

  // The number of hardware threads, at least two: a short computation need not wait for a long one.
  static std::size_t default_limit();

 private:
  void serve();
  void add_thread();

  const std::size_t limit_;
  std::mutex mutex_;  // guards all members below
  std::condition_variable wake_;
  std::vector<std::thread> threads_;
  std::list<Work*> queue_, running_;
  std::size_t idle_ = 0;  // threads that wait for work
  bool stopping_ = false;
};

}  // namespace genmi
