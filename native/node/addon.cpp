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
#include "node/mixture.h"
#include "node/network_handle.h"
#include "node/objective_handle.h"
#include "node/optimizer_handle.h"
#include "node/pair_loss.h"
#include "node/perturbation.h"
#include "node/samples_handle.h"
#include "node/solver_handle.h"
#include "node/task.h"
#include "node/training_handle.h"
#include "simd/isa.h"

namespace genmi::node {
namespace {

Napi::Error unknown_isa(Napi::Env env, const char* argument, const std::string& name, const char* remedy) {
  return to_error(env, {Code::kUnavailable, explain(argument, "one that this processor has", quote(name), remedy)});
}

simd::Isa isa_argument(const Napi::Value& value) {
  const std::string name = value.ToString();
  const std::optional<simd::Isa> wanted = name == "auto" ? simd::best_isa() : simd::isa_named(name);
  if (!wanted || !simd::is_supported(*wanted)) throw unknown_isa(value.Env(), "isa", name, "leave it at 'auto'");
  return *wanted;
}

// settings(isa, threads, device, deviceMemory): the settings of this environment. Those that are given are changed
// first: all of them, or none and an error. threads: how many a computation may use. 'auto' is the best instruction
// set, or device. deviceMemory: the most bytes to hold, 0 for any number; the result tells how many are held.
Napi::Value settings(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Environment& environment = Environment::of(env);
  const simd::Isa isa = info[0].IsUndefined() ? environment.isa : isa_argument(info[0]);
  const std::size_t threads = info[1].IsUndefined() ? environment.threads : threads_argument(info[1]);
  const bool limits = !info[3].IsUndefined();
  const std::size_t most_bytes = limits ? size_argument(info[3], "deviceMemory") : 0;
  if (!info[2].IsUndefined()) check(env, environment.choice.choose(info[2].ToString()));
  if (limits) environment.choice.limit_memory(most_bytes);
  environment.isa = isa;
  environment.threads = threads;
  Napi::Object result = Napi::Object::New(env);
  result.Set("isa", simd::name_of(isa));
  result.Set("threads", static_cast<double>(threads));
  result.Set("device", environment.choice.backend().device());
  result.Set("deviceReason", environment.choice.reason());
  result.Set("deviceMemory", static_cast<double>(environment.choice.memory()));
  return result;
}

// reclaim(): frees all memory that nobody can reach any more. Costs a garbage collection.
void reclaim(const Napi::CallbackInfo& info) { Environment::of(info.Env()).reclaim(info.Env()); }

// open(create, plugin, absence): the addon for one copy of the TypeScript layer, whose create(code, message) makes the
// errors that the addon throws. plugin: the file of a device's plugin; '' where there is none, and `absence` says why.
// Throws if the instruction set in GENMI_ISA does not run here.
Napi::Value open(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsFunction()) throw to_error(env, {Code::kInvalidType, explain("open", "a function", "another value")});
  Client& client = Environment::of(env).clients.emplace_back();
  client.create_error = Napi::Weak(info[0].As<Napi::Function>());
  const Serving serving(env, &client);
  if (const char* name = simd::refused_isa())
    throw unknown_isa(env, "GENMI_ISA", name, "unset this environment variable, or set it to 'auto'");
  Environment::of(env).choice.offer(info[1].ToString(), info[2].ToString());
  Napi::Object opened = Napi::Object::New(env);
  define_function<settings>(env, opened, "settings");
  define_function<reclaim>(env, opened, "reclaim");
  define_job(env, opened);
  define_affinity(env, opened);
  define_objective(env, opened);
  define_pair_loss(env, opened);
  define_perturbation(env, opened);
  define_solver(env, opened);
  define_samples(env, opened);
  define_mixture(env, opened);
  define_network(env, opened);
  define_optimizer(env, opened);
  define_training(env, opened);
  return opened;
}

// An error while the addon loads is a plain Error: open has not been called yet.
napi_value init(napi_env environment, napi_value exports) noexcept {
  const Napi::Env env(environment);
  try {
    auto own = std::make_unique<Environment>();
    env.SetInstanceData(own.get());
    own.release();
    define_function<open>(env, {env, exports}, "open");
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
