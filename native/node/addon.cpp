// The addon's entry point. Its contract with TypeScript is src/native.ts.
#include <napi.h>

#include "node/affinity_handle.h"
#include "node/arguments.h"
#include "node/environment.h"
#include "node/errors.h"
#include "node/objective_handle.h"
#include "node/solver_handle.h"
#include "node/task.h"

namespace genmi::node {
namespace {

// onError(create): create(code, message) makes the errors that the addon throws.
void on_error(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).create_error = Napi::Persistent(info[0].As<Napi::Function>());
}

// threads(count?): how many threads a computation of this environment may use; sets it when given.
Napi::Value threads(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  if (!info[0].IsUndefined()) environment.threads = std::max<std::size_t>(1, size_argument(info[0], "threads"));
  return Napi::Number::New(info.Env(), static_cast<double>(environment.threads));
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Environment);
  exports.Set("onError", Napi::Function::New(env, on_error));
  exports.Set("threads", Napi::Function::New(env, threads));
  define_job(env, exports);
  define_affinity(env, exports);
  define_objective(env, exports);
  define_solver(env, exports);
  return exports;
}

NODE_API_MODULE(genmi, init)

}  // namespace
}  // namespace genmi::node
