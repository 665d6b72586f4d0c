// C++ values behind JavaScript objects. An object is accepted only with the tag of its class and of this environment:
// JavaScript can exchange prototypes, but not tags.
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "node/entry.h"
#include "node/errors.h"

namespace genmi::node {

struct Environment;

enum class HandleClass : std::uint64_t {
  kAffinity,
  kObjective,
  kSolver,
  kJob,
  kSamples,
  kNetwork,
  kOptimizer,
  kTraining
};

// The value behind an object. Each class T derived from Handle has T::kClass, T::kName, T::kExpected (the words for an
// argument of this class in errors), and a constructor T(const Napi::CallbackInfo&).
class Handle {
 public:
  Handle() = default;
  virtual ~Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
};

// The objects of an environment that have a Handle.
class Handles {
 public:
  Handles();
  ~Handles();
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;

  void wrap(Napi::Env env, napi_value object, HandleClass type, std::unique_ptr<Handle> handle);
  // The Handle of this class behind a value; null for a value without one, or with one of another environment.
  Handle* find(Napi::Env env, napi_value value, HandleClass type) const;
  // Deletes the handles of collected objects at once. Node runs finalizers one turn of the event loop later.
  void sweep(Napi::Env env);

 private:
  struct Wrapped;
  static void finalize(napi_env env, void* wrapped, void* hint);
  napi_type_tag tag(HandleClass type) const;

  const std::uint64_t environment_;
  Wrapped* first_ = nullptr;
};

Handles& handles_of(Napi::Env env);

// The T behind an argument. Throws an error that names the argument if there is none.
template <class T>
T& unwrap(const Napi::Value& value, const char* argument) {
  const Napi::Env env = value.Env();
  Handle* const handle = handles_of(env).find(env, value, T::kClass);
  if (handle == nullptr) throw to_error(env, {Code::kInvalidType, explain(argument, T::kExpected, "another value")});
  return static_cast<T&>(*handle);
}

template <class T>
napi_value construct(napi_env env, napi_callback_info call) noexcept {
  return enter(env, call, [](const Napi::CallbackInfo& info) -> napi_value {
    if (!info.IsConstructCall())
      throw to_error(info.Env(), {Code::kInvalidType, explain(T::kName, "new", "a call without it")});
    handles_of(info.Env()).wrap(info.Env(), info.This(), T::kClass, std::make_unique<T>(info));
    return info.This();
  });
}

template <class T, auto function>
napi_value call_method(napi_env env, napi_callback_info call) noexcept {
  return enter(env, call, [](const Napi::CallbackInfo& info) -> napi_value {
    T& self = unwrap<T>(info.This(), "this");
    return result_of([&] { return (self.*function)(info); });
  });
}

template <class T, auto function>
napi_property_descriptor method(const char* name) {
  return {name, nullptr, call_method<T, function>, nullptr, nullptr, nullptr, napi_default, nullptr};
}

template <class T, auto function>
napi_property_descriptor getter(const char* name) {
  return {name, nullptr, nullptr, call_method<T, function>, nullptr, nullptr, napi_default, nullptr};
}

template <class T>
Napi::Function define_class(Napi::Env env, std::vector<napi_property_descriptor> properties) {
  Client* const client = client_of(env);
  for (napi_property_descriptor& each : properties) each.data = client;
  napi_value constructor = nullptr;
  const napi_status status = napi_define_class(env, T::kName, NAPI_AUTO_LENGTH, construct<T>, client, properties.size(),
                                               properties.data(), &constructor);
  NAPI_THROW_IF_FAILED(env, status, Napi::Function());
  return {env, constructor};
}

}  // namespace genmi::node
