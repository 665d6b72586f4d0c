#include "node/entry.h"

#include <utility>

#include "node/environment.h"
#include "node/errors.h"

namespace genmi::node {

Client* client_of(Napi::Env env) { return Environment::of(env).client; }

Serving::Serving(Napi::Env env, Client* client)
    : current_(Environment::of(env).client), before_(std::exchange(current_, client)) {}
Serving::~Serving() { current_ = before_; }

napi_value enter(napi_env env, napi_callback_info call, Body* body) noexcept {
  try {
    Environment& environment = Environment::of(env);
    try {
      void* client = nullptr;
      napi_get_cb_info(env, call, nullptr, nullptr, nullptr, &client);
      const Serving serving(env, static_cast<Client*>(client));
      const napi_value result = guarded(env, [&] {
        environment.make_room(env);
        return body(Napi::CallbackInfo(env, call));
      });
      environment.tell_memory(env);
      return result;
    } catch (const Napi::Error& error) {
      environment.tell_memory(env);
      error.ThrowAsJavaScriptException();
    }
  } catch (...) {  // the environment is ending: nobody waits for an error
  }
  return nullptr;
}

}  // namespace genmi::node
