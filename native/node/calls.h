// The asynchronous calls of one JavaScript environment. A call starts, runs on a thread of the executor, and settles
// its promise on JavaScript's thread.
#pragma once

#include <napi.h>

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>

#include "genmi/executor.h"
#include "genmi/job.h"

namespace genmi::node {

class Calls;

// One asynchronous call. It holds references, so it is made, settled and destroyed on JavaScript's thread.
class Call : public Executor::Work {
 public:
  // Resolves or rejects the promise. Nothing is thrown.
  virtual void settle(Napi::Env env) noexcept = 0;
  void finished() noexcept final;

 private:
  friend class Calls;
  std::shared_ptr<Calls> calls_;
  std::list<std::unique_ptr<Call>>::iterator place_;
};

class Calls : public std::enable_shared_from_this<Calls> {
 public:
  // The Calls of an environment. At the environment's end, waiting calls are dropped; running calls are cancelled and
  // waited for.
  static std::shared_ptr<Calls> open(Napi::Env env, Executor& executor);

  // Runs the call in the background, then settles it. The environment lives on meanwhile.
  Status start(Napi::Env env, std::unique_ptr<Call> call);
  // Ends a waiting call at once, a running call soon.
  void cancel(Call& call);

 private:
  friend class Call;
  explicit Calls(Executor& executor) : executor_(executor) {}
  void finish(Call& call) noexcept;
  void settle_finished(Napi::Env env) noexcept;
  void close() noexcept;

  Executor& executor_;
  napi_threadsafe_function wake_ = nullptr;  // calls settle_finished() on JavaScript's thread
  std::size_t pending_ = 0;                  // calls not settled; for JavaScript's thread only
  std::mutex mutex_;                         // guards all members below
  std::condition_variable all_finished_;
  std::list<std::unique_ptr<Call>> unfinished_, finished_;
  bool woken_ = false;
  bool closed_ = false;
};

}  // namespace genmi::node
