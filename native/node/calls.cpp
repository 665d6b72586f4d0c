#include "node/calls.h"

#include <utility>

namespace genmi::node {

void Call::finished() noexcept {
  // Once finish() has this call, the environment's end may destroy it: keep calls_ alive.
  const std::shared_ptr<Calls> calls = calls_;
  calls->finish(*this);
}

std::shared_ptr<Calls> Calls::open(Napi::Env env, Executor& executor) {
  const std::shared_ptr<Calls> calls(new Calls(executor));
  const auto settle = [](napi_env environment, napi_value, void* self, void*) {
    // A null environment is ending: close() does the rest.
    if (environment != nullptr) static_cast<Calls*>(self)->settle_finished(environment);
  };
  const Napi::String name = Napi::String::New(env, "genmi");
  NAPI_THROW_IF_FAILED(env,
                       napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, calls.get(),
                                                       settle, &calls->wake_),
                       nullptr);
  // An idle threadsafe function must not keep the process alive.
  NAPI_THROW_IF_FAILED(env, napi_unref_threadsafe_function(env, calls->wake_), nullptr);
  // Hooks are called last in, first out: this hook runs before Node's own, which closes the function above.
  const auto end = [](void* self) { static_cast<Calls*>(self)->close(); };
  NAPI_THROW_IF_FAILED(env, napi_add_env_cleanup_hook(env, end, calls.get()), nullptr);
  return calls;
}

Status Calls::start(Napi::Env env, std::unique_ptr<Call> call) {
  Call& started = *call;
  started.calls_ = shared_from_this();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    started.place_ = unfinished_.insert(unfinished_.end(), std::move(call));
  }
  const auto forget = [&] {
    const std::lock_guard<std::mutex> lock(mutex_);
    unfinished_.erase(started.place_);
  };
  try {
    if (Status status = executor_.submit(started); !status) {
      forget();
      return status;
    }
  } catch (...) {
    forget();
    throw;
  }
  if (pending_++ == 0) napi_ref_threadsafe_function(env, wake_);
  return Status::ok();
}

void Calls::cancel(Call& call) {
  call.cancel();
  if (executor_.withdraw(call)) finish(call);
}

// Allocates nothing and cannot fail.
void Calls::finish(Call& call) noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  finished_.splice(finished_.end(), unfinished_, call.place_);
  if (closed_) all_finished_.notify_one();
  else if (!std::exchange(woken_, true)) napi_call_threadsafe_function(wake_, nullptr, napi_tsfn_nonblocking);
}

void Calls::settle_finished(Napi::Env env) noexcept {
  std::list<std::unique_ptr<Call>> finished;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    woken_ = false;
    finished.swap(finished_);
  }
  for (const std::unique_ptr<Call>& call : finished) call->settle(env);
  pending_ -= finished.size();
  if (pending_ == 0) napi_unref_threadsafe_function(env, wake_);
}

void Calls::close() noexcept {
  std::unique_lock<std::mutex> lock(mutex_);
  closed_ = true;
  for (auto each = unfinished_.begin(); each != unfinished_.end();) {
    Call& call = **each++;
    call.cancel();
    if (executor_.withdraw(call)) finished_.splice(finished_.end(), unfinished_, call.place_);
  }
  all_finished_.wait(lock, [this] { return unfinished_.empty(); });
  std::list<std::unique_ptr<Call>> dropped = std::move(finished_);
  lock.unlock();
  dropped.clear();
}

}  // namespace genmi::node
