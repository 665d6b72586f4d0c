// A Task is one computation that JavaScript asked for. The same code runs at once or on a thread of the executor.
#pragma once

#include <napi.h>

#include <memory>

#include "genmi/context.h"
#include "genmi/status.h"
#include "node/arguments.h"

namespace genmi::node {

class Task {
 public:
  virtual ~Task() = default;
  // Computes without JavaScript, possibly on another thread.
  virtual Status run(Context& context) = 0;
  // After run(), on its thread: frees copies of the inputs. Later JavaScript's thread would pay for that.
  virtual void drop_inputs() {}
  // On JavaScript's thread: returns the result.
  virtual Napi::Value finish(Napi::Env env) = 0;
  // On JavaScript's thread, at the end, even after an error: charges the memory that is kept from now on.
  virtual void charge() {}
};

Napi::Value run_now(Napi::Env env, Task& task);

// Returns the promise of the task's result. job: a Job that may cancel the task, or null. The task must own its data
// (Access::kCopy).
Napi::Value run_async(Napi::Env env, std::unique_ptr<Task> task, const Napi::Value& job);

// Makes T(info, access) and runs it. For the asynchronous form, the job is the argument after the task's own.
template <class T>
Napi::Value perform(const Napi::CallbackInfo& info) {
  T task(info, Access::kView);
  return run_now(info.Env(), task);
}

template <class T>
Napi::Value perform_async(const Napi::CallbackInfo& info) {
  return run_async(info.Env(), std::make_unique<T>(info, Access::kCopy), info[T::kArguments]);
}

// Registers the class Job { cancel(), progress, steps }.
void define_job(Napi::Env env, Napi::Object exports);

}  // namespace genmi::node
