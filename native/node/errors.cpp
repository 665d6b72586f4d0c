#include "node/errors.h"

#include <cstdio>

#include "genmi/backend.h"
#include "node/environment.h"

namespace genmi::node {
namespace {

const char* code_of(Code code) {
  switch (code) {
    case Code::kOk: return "OK";
    case Code::kInvalidType: return "ERR_INVALID_ARG_TYPE";
    case Code::kOutOfRange: return "ERR_OUT_OF_RANGE";
    case Code::kInfeasible: return "ERR_INFEASIBLE";
    case Code::kUnavailable: return "ERR_BACKEND_UNAVAILABLE";
    case Code::kDisposed: return "ERR_DISPOSED";
    case Code::kBusy: return "ERR_BUSY";
    case Code::kOutOfMemory: return "ERR_OUT_OF_MEMORY";
    case Code::kAborted: return "ERR_ABORTED";
  }
  return "ERR_UNKNOWN";
}

// The error that the client's create_error makes. Without a client: a plain Error with the code.
Napi::Error make_error(Napi::Env env, const char* code, const char* message) {
  const Client* const client = Environment::of(env).client;
  const auto text = Napi::String::New(env, message);
  if (const Napi::Function create = client != nullptr ? client->create_error.Value() : Napi::Function();
      !create.IsEmpty())
    return {env, create.Call({Napi::String::New(env, code), text})};
  napi_value error = nullptr;
  const napi_status status = napi_create_error(env, Napi::String::New(env, code), text, &error);
  NAPI_THROW_IF_FAILED(env, status, Napi::Error());
  return {env, error};
}

}  // namespace

Napi::Error to_error(Napi::Env env, const Status& status) {
  return make_error(env, code_of(status.code()), status.message().c_str());
}

Napi::Error out_of_memory(Napi::Env env) {
  return make_error(env, code_of(Code::kOutOfMemory),
                    "memory: expected room for the computation, received a failed allocation; "
                    "use fewer samples, mini-batches (rows), or storage: 'features'");
}

Napi::Error unexpected(Napi::Env env, const std::exception& exception) {
  if (const auto* const device = dynamic_cast<const DeviceFailure*>(&exception)) return to_error(env, device->status());
  char message[256];
  std::snprintf(message, sizeof message, "an unexpected failure in genmi: %s", exception.what());
  return Napi::Error::New(env, message);
}

}  // namespace genmi::node
