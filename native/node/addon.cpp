// The addon's entry point. Its contract with TypeScript is src/native.ts.
#include <napi.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <string>

#include "node/affinity_handle.h"
#include "node/arguments.h"
#include "node/entry.h"
#include "node/environment.h"
#include "node/errors.h"
#include "node/objective_handle.h"
#include "node/solver_handle.h"
#include "node/task.h"
#include "simd/isa.h"

namespace genmi::node {
namespace {

Napi::Error unknown_isa(Napi::Env env, const char* argument, const std::string& name, const char* remedy) {
  return to_error(env, {Code::kUnavailable, explain(argument, "one that this processor has", quote(name), remedy)});
}

// onError(create): create(code, message) makes the errors that the addon throws. The first thing that is called, and so
// where a GENMI_ISA that cannot be followed is one.
void on_error(const Napi::CallbackInfo& info) {
  if (!info[0].IsFunction())
    throw to_error(info.Env(), {Code::kInvalidType, explain("onError", "a function", "another value")});
  Environment::of(info.Env()).create_error = Napi::Persistent(info[0].As<Napi::Function>());
  if (const char* name = simd::refused_isa())
    throw unknown_isa(info.Env(), "GENMI_ISA", name, "unset this environment variable, or set it to 'auto'");
}

// isa(name?): the instruction set of this environment; sets it when given, 'auto' being the best.
Napi::Value isa(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  if (!info[0].IsUndefined()) {
    const std::string name = info[0].ToString();
    const std::optional<simd::Isa> wanted = name == "auto" ? simd::best_isa() : simd::isa_named(name);
    if (!wanted || !simd::is_supported(*wanted)) throw unknown_isa(info.Env(), "isa", name, "leave it at 'auto'");
    environment.isa = *wanted;
  }
  return Napi::String::New(info.Env(), simd::name_of(environment.isa));
}

// threads(count?): how many threads a computation of this environment may use; sets it when given.
Napi::Value threads(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  if (!info[0].IsUndefined()) environment.threads = std::max<std::size_t>(1, size_argument(info[0], "threads"));
  return Napi::Number::New(info.Env(), static_cast<double>(environment.threads));
}

// reclaim(): frees all memory that nobody can reach any more; takes a collection of garbage.
void reclaim(const Napi::CallbackInfo& info) { Environment::of(info.Env()).reclaim(info.Env()); }

void define_all(Napi::Env env, Napi::Object exports) {
  auto environment = std::make_unique<Environment>();
  env.SetInstanceData(environment.get());
  environment.release();
  define_function<on_error>(env, exports, "onError");
  define_function<isa>(env, exports, "isa");
  define_function<threads>(env, exports, "threads");
  define_function<reclaim>(env, exports, "reclaim");
  define_job(env, exports);
  define_affinity(env, exports);
  define_objective(env, exports);
  define_solver(env, exports);
}

// Errors of loading are plain ones: onError has not been called yet.
napi_value init(napi_env env, napi_value exports) noexcept {
  try {
    define_all(env, {env, exports});
  } catch (const Napi::Error& error) {
    error.ThrowAsJavaScriptException();
  } catch (const std::exception&) {
    napi_throw_error(env, "ERR_OUT_OF_MEMORY", "genmi: no memory to load its addon");
  }
  return exports;
}

NAPI_MODULE(genmi, init)

}  // namespace
}  // namespace genmi::node
