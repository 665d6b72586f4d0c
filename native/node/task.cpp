#include "node/task.h"

#include <exception>

#include "genmi/job.h"
#include "node/entry.h"
#include "node/environment.h"
#include "node/errors.h"
#include "node/handle.h"

namespace genmi::node {
namespace {

class JobHandle final : public Handle {
 public:
  static constexpr HandleClass kClass = HandleClass::kJob;
  static constexpr const char* kName = "Job";
  static constexpr const char* kExpected = "a Job";

  explicit JobHandle(const Napi::CallbackInfo&) {}

  std::shared_ptr<Job> job() const { return job_; }
  void cancel(const Napi::CallbackInfo&) { job_->cancel(); }
  Napi::Value progress(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), job_->progress()); }

 private:
  std::shared_ptr<Job> job_ = std::make_shared<Job>();
};

// A task charges what it keeps when this goes out of scope.
class Charging {
 public:
  explicit Charging(Task& task) : task_(task) {}
  ~Charging() { task_.charge(); }
  Charging(const Charging&) = delete;
  Charging& operator=(const Charging&) = delete;

 private:
  Task& task_;
};

class Worker : public Napi::AsyncWorker {
 public:
  Worker(Napi::Env env, std::unique_ptr<Task> task, std::shared_ptr<Job> job)
      : Napi::AsyncWorker(env, "genmi"),
        deferred_(Napi::Promise::Deferred::New(env)),
        task_(std::move(task)),
        job_(std::move(job)),
        pool_(Environment::of(env).pool),
        threads_(Environment::of(env).threads) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override {
    Workspace workspace;
    Context context{workspace, pool_.get(), threads_, job_.get()};
    try {
      status_ = task_->run(context);
    } catch (...) {
      failure_ = std::current_exception();
    }
  }

  void OnOK() override {
    const Napi::HandleScope scope(Env());
    try {
      deferred_.Resolve(guarded(Env(), [&] { return finish(); }));
    } catch (const Napi::Error& error) {
      deferred_.Reject(error.Value());
    }
    task_.reset();  // and what it holds, so that V8 is told
    tell_memory(Env());
  }

 private:
  // Work that ended before it noticed has still been asked to stop: nothing is written.
  Napi::Value finish() {
    const Charging charging(*task_);
    if (failure_) std::rethrow_exception(failure_);
    check(Env(), is_cancelled(job_.get()) ? aborted() : status_);
    return task_->finish(Env());
  }

  Napi::Promise::Deferred deferred_;
  std::unique_ptr<Task> task_;
  std::shared_ptr<Job> job_;
  std::shared_ptr<ThreadPool> pool_;
  std::size_t threads_;
  Status status_;
  std::exception_ptr failure_;
};

std::shared_ptr<Job> job_of(const Napi::Value& value) {
  if (value.IsNull() || value.IsUndefined()) return nullptr;
  return unwrap<JobHandle>(value, "job").job();
}

}  // namespace

Napi::Value run_now(Napi::Env env, Task& task) {
  Environment& environment = Environment::of(env);
  const Workspace::Frame frame(environment.workspace);
  Context context{environment.workspace, environment.pool.get(), environment.threads, nullptr};
  const Charging charging(task);
  check(env, task.run(context));
  return task.finish(env);
}

Napi::Value run_async(Napi::Env env, std::unique_ptr<Task> task, const Napi::Value& job) {
  auto* worker = new Worker(env, std::move(task), job_of(job));
  const Napi::Promise promise = worker->promise();
  worker->Queue();
  return promise;
}

void define_job(Napi::Env env, Napi::Object exports) {
  exports.Set("Job", define_class<JobHandle>(env, {method<JobHandle, &JobHandle::cancel>("cancel"),
                                                   getter<JobHandle, &JobHandle::progress>("progress")}));
}

}  // namespace genmi::node
