// Threads that run whole computations in the background. (A computation shares its own tasks by way of ThreadPool.)
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
  // One computation. Whoever submits it owns it, until finished() is called or withdraw() answers true.
  class Work {
   public:
    virtual ~Work() = default;
    virtual void run() noexcept = 0;
    virtual void cancel() noexcept = 0;    // run() is to return soon; called on any thread
    virtual void finished() noexcept = 0;  // the executor's last use of this object, after run()

   private:
    friend class Executor;
    std::list<Work*>::iterator place_;  // in the queue
    bool queued_ = false;
  };

  // The executor of this process, alive as long as somebody holds it. When the process exits, it cancels what runs.
  static std::shared_ptr<Executor> shared();

  // limit: the most computations that run at once; the others wait in order. Threads are started as they are needed.
  explicit Executor(std::size_t limit) : limit_(limit > 0 ? limit : 1) {}
  ~Executor() { stop(); }
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Queues a computation; kOutOfMemory if the system allows not even one thread.
  Status submit(Work& work);

  // Takes a computation out of the queue: true if it had not begun and never will.
  bool withdraw(Work& work);

  // Forgets what waits, cancels what runs, and joins the threads. Nothing may be submitted afterwards.
  void stop();

  // As many as the hardware has threads, and two at least: a short computation need not wait for a long one.
  static std::size_t default_limit();

 private:
  void serve();
  void add_thread();

  const std::size_t limit_;
  std::mutex mutex_;  // guards all that follows
  std::condition_variable wake_;
  std::vector<std::thread> threads_;
  std::list<Work*> queue_, running_;
  std::size_t idle_ = 0;  // threads that wait for work
  bool stopping_ = false;
};

}  // namespace genmi
