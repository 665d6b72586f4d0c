#include "node/task.h"

#include <exception>

#include "genmi/job.h"
#include "node/environment.h"
#include "node/errors.h"

namespace genmi::node {
namespace {

class JobHandle : public Napi::ObjectWrap<JobHandle> {
 public:
  explicit JobHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<JobHandle>(info) {}

  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "Job", {InstanceMethod("cancel", &JobHandle::cancel), InstanceAccessor<&JobHandle::progress>("progress")});
  }

  std::shared_ptr<Job> job() const { return job_; }

 private:
  void cancel(const Napi::CallbackInfo&) { job_->cancel(); }
  Napi::Value progress(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), job_->progress()); }

  std::shared_ptr<Job> job_ = std::make_shared<Job>();
};

// A task reports when this goes out of scope.
class Reporting {
 public:
  Reporting(Napi::BasicEnv env, Task& task) : env_(env), task_(task) {}
  ~Reporting() { task_.report(env_); }
  Reporting(const Reporting&) = delete;
  Reporting& operator=(const Reporting&) = delete;

 private:
  Napi::BasicEnv env_;
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
  }

 private:
  // Work that ended before it noticed has still been asked to stop: nothing is written.
  Napi::Value finish() {
    const Reporting reporting(Env(), *task_);
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

std::shared_ptr<Job> job_of(Napi::Env env, const Napi::Value& value) {
  if (!value.IsObject() || !value.As<Napi::Object>().InstanceOf(Environment::of(env).job.Value())) return nullptr;
  return JobHandle::Unwrap(value.As<Napi::Object>())->job();
}

}  // namespace

Napi::Value run_now(Napi::Env env, Task& task) {
  Environment& environment = Environment::of(env);
  const Workspace::Frame frame(environment.workspace);
  Context context{environment.workspace, environment.pool.get(), environment.threads, nullptr};
  const Reporting reporting(env, task);
  check(env, task.run(context));
  return task.finish(env);
}

Napi::Value run_async(Napi::Env env, std::unique_ptr<Task> task, const Napi::Value& job) {
  auto* worker = new Worker(env, std::move(task), job_of(env, job));
  const Napi::Promise promise = worker->promise();
  worker->Queue();
  return promise;
}

void define_job(Napi::Env env, Napi::Object exports) {
  const Napi::Function constructor = JobHandle::define(env);
  Environment::of(env).job = Napi::Persistent(constructor);
  exports.Set("Job", constructor);
}

}  // namespace genmi::node
