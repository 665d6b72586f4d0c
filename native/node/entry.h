// How JavaScript enters the addon. Only JavaScript errors leave it, whatever fails.
#pragma once

#include <napi.h>

#include <type_traits>

namespace genmi::node {

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

// Runs a call of JavaScript's. One function for all calls: its handlers of exceptions are half a kilobyte.
using Body = napi_value(const Napi::CallbackInfo&);
napi_value enter(napi_env env, napi_callback_info call, Body* body) noexcept;

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
  return enter(env, call,
               [](const Napi::CallbackInfo& info) -> napi_value { return result_of([&] { return function(info); }); });
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
