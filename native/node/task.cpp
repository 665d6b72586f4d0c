#include "node/task.h"

#include <exception>

#include "genmi/job.h"
#include "node/calls.h"
#include "node/entry.h"
#include "node/environment.h"
#include "node/errors.h"
#include "node/handle.h"

namespace genmi::node {
namespace {

class TaskCall;

// A job that is shared by the JavaScript object and the call that the object may cancel.
struct SharedJob : Job {
  TaskCall* call = nullptr;  // while its promise is pending; for JavaScript's thread only
};

class JobHandle final : public Handle {
 public:
  static constexpr HandleClass kClass = HandleClass::kJob;
  static constexpr const char* kName = "Job";
  static constexpr const char* kExpected = "a Job";

  explicit JobHandle(const Napi::CallbackInfo&) {}

  std::shared_ptr<SharedJob> job() const { return job_; }
  void cancel(const Napi::CallbackInfo& info);
  Napi::Value progress(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), job_->progress()); }
  Napi::Value steps(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(job_->steps()));
  }

 private:
  std::shared_ptr<SharedJob> job_ = std::make_shared<SharedJob>();
};

// A guard: at its end, the task charges the memory that is kept.
class Charging {
 public:
  explicit Charging(Task& task) : task_(task) {}
  ~Charging() { task_.charge(); }
  Charging(const Charging&) = delete;
  Charging& operator=(const Charging&) = delete;

 private:
  Task& task_;
};

// A task that runs in the background.
class TaskCall final : public Call {
 public:
  TaskCall(Napi::Env env, std::unique_ptr<Task> task, std::shared_ptr<SharedJob> job)
      : deferred_(Napi::Promise::Deferred::New(env)),
        task_(std::move(task)),
        job_(std::move(job)),
        pool_(Environment::of(env).pool),
        threads_(Environment::of(env).threads),
        kernels_(simd::kernels(Environment::of(env).isa)),
        backend_(Environment::of(env).choice.backend()),
        client_(client_of(env)) {
    job_->call = this;
  }
  ~TaskCall() override {
    if (job_->call == this) job_->call = nullptr;
  }

  Napi::Promise promise() const { return deferred_.Promise(); }

  void cancel() noexcept override { job_->cancel(); }

  void run() noexcept override {
    if (job_->cancelled()) return;
    try {
      Workspace workspace;
      Context context{workspace, pool_.get(), threads_, job_.get(), kernels_, backend_};
      status_ = task_->run(context);
      task_->drop_inputs();
    } catch (...) {
      failure_ = std::current_exception();
    }
  }

  void settle(Napi::Env env) noexcept override {
    const Serving serving(env, client_);
    try {
      try {
        deferred_.Resolve(guarded(env, [&] { return finish(env); }));
      } catch (const Napi::Error& error) {
        deferred_.Reject(error.Value());
      }
    } catch (...) {  // the environment is ending: nobody waits for the promise
    }
    task_.reset();  // frees the task's memory before V8 is told
    Environment::of(env).tell_memory(env);
  }

 private:
  // A cancelled task writes nothing, even if it has run to its end.
  Napi::Value finish(Napi::Env env) {
    const Charging charging(*task_);
    if (failure_) std::rethrow_exception(failure_);
    check(env, job_->cancelled() ? aborted() : status_);
    return task_->finish(env);
  }

  Napi::Promise::Deferred deferred_;
  std::unique_ptr<Task> task_;
  std::shared_ptr<SharedJob> job_;
  std::shared_ptr<ThreadPool> pool_;
  std::size_t threads_;
  const simd::Kernels& kernels_;
  const Backend& backend_;
  Client* client_;
  Status status_;
  std::exception_ptr failure_;
};

void JobHandle::cancel(const Napi::CallbackInfo& info) {
  job_->cancel();
  if (job_->call != nullptr) Environment::of(info.Env()).calls->cancel(*job_->call);
}

// The job of an argument; without one, a job that only the environment's end cancels.
std::shared_ptr<SharedJob> job_of(const Napi::Value& value) {
  if (value.IsNull() || value.IsUndefined()) return std::make_shared<SharedJob>();
  return unwrap<JobHandle>(value, "job").job();
}

}  // namespace

Napi::Value run_now(Napi::Env env, Task& task) {
  Environment& environment = Environment::of(env);
  const Workspace::Frame frame(environment.workspace);
  Context context{environment.workspace,          environment.pool.get(),      environment.threads, nullptr,
                  simd::kernels(environment.isa), environment.choice.backend()};
  const Charging charging(task);
  check(env, task.run(context));
  return task.finish(env);
}

Napi::Value run_async(Napi::Env env, std::unique_ptr<Task> task, const Napi::Value& job) {
  Environment& environment = Environment::of(env);
  if (!environment.calls) environment.calls = Calls::open(env, *environment.executor);
  auto call = std::make_unique<TaskCall>(env, std::move(task), job_of(job));
  const Napi::Promise promise = call->promise();
  check(env, environment.calls->start(env, std::move(call)));
  return promise;
}

void define_job(Napi::Env env, Napi::Object exports) {
  exports.Set("Job", define_class<JobHandle>(env, {method<JobHandle, &JobHandle::cancel>("cancel"),
                                                   getter<JobHandle, &JobHandle::progress>("progress"),
                                                   getter<JobHandle, &JobHandle::steps>("steps")}));
}

}  // namespace genmi::node
