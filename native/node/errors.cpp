#include "node/errors.h"

#include "node/environment.h"

namespace genmi::node {
namespace {

const char* code_of(Code code) {
  switch (code) {
    case Code::kOk: return "OK";
    case Code::kInvalidType: return "ERR_INVALID_ARG_TYPE";
    case Code::kOutOfRange: return "ERR_OUT_OF_RANGE";
    case Code::kInfeasible: return "ERR_INFEASIBLE";
    case Code::kIterationLimit: return "ERR_ITERATION_LIMIT";
    case Code::kUnavailable: return "ERR_BACKEND_UNAVAILABLE";
    case Code::kDisposed: return "ERR_DISPOSED";
    case Code::kOutOfMemory: return "ERR_OUT_OF_MEMORY";
    case Code::kAborted: return "ERR_ABORTED";
  }
  return "ERR_UNKNOWN";
}

}  // namespace

Napi::Error to_error(Napi::Env env, const Status& status) {
  const Napi::Value error = Environment::of(env).create_error.Call(
      {Napi::String::New(env, code_of(status.code())), Napi::String::New(env, status.message())});
  return {env, error};
}

Status out_of_memory() {
  return {Code::kOutOfMemory, explain("memory", "room for the computation", "a failed allocation",
                                      "use fewer samples, mini-batches (rows), or storage: 'features'")};
}

}  // namespace genmi::node
