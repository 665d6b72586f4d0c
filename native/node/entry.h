// How JavaScript enters the addon. Only JavaScript errors leave it, whatever fails.
#pragma once

#include <napi.h>

#include <type_traits>

#include "node/errors.h"

namespace genmi::node {

// At the beginning of each call: frees memory that nobody can reach any more.
void make_room(Napi::Env env);
// At the end of each call: tells V8 how much native memory is held.
void tell_memory(Napi::Env env);

// A client is a copy of the TypeScript layer that uses this addon. Functions and classes are made for one client, and
// carry its address.
struct Client;
Client* client_of(Napi::Env env);

// While it lives, a client's call is running: errors have that client's classes.
class Serving {
 public:
  Serving(Napi::Env env, Client* client);
  ~Serving();
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

 private:
  Client*& current_;
  Client* const before_;
};

// Body: napi_value(const Napi::CallbackInfo&).
template <class Body>
napi_value enter(napi_env env, napi_callback_info call, const Body& body) noexcept {
  try {
    try {
      void* client = nullptr;
      napi_get_cb_info(env, call, nullptr, nullptr, nullptr, &client);
      const Serving serving(env, static_cast<Client*>(client));
      const napi_value result = guarded(env, [&] {
        make_room(env);
        return body(Napi::CallbackInfo(env, call));
      });
      tell_memory(env);
      return result;
    } catch (const Napi::Error& error) {
      tell_memory(env);
      error.ThrowAsJavaScriptException();
    }
  } catch (...) {  // the environment is ending: nobody waits for an error
  }
  return nullptr;
}

// The result of a call; undefined for a call that returns void.
template <class Call>
napi_value result_of(const Call& call) {
  if constexpr (std::is_void_v<decltype(call())>) {
    call();
    return nullptr;
  } else {
    return call();
  }
}

template <auto function>
napi_value call_function(napi_env env, napi_callback_info call) noexcept {
  return enter(env, call, [](const Napi::CallbackInfo& info) { return result_of([&] { return function(info); }); });
}

template <auto function>
void define_function(Napi::Env env, Napi::Object exports, const char* name) {
  napi_value made = nullptr;
  const napi_status status =
      napi_create_function(env, name, NAPI_AUTO_LENGTH, call_function<function>, client_of(env), &made);
  NAPI_THROW_IF_FAILED_VOID(env, status);
  exports.Set(name, made);
}

}  // namespace genmi::node
