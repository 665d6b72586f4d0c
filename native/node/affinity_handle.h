// Affinities as JavaScript objects. V8 knows the size of their native memory.
#pragma once

#include <napi.h>

#include "genmi/affinity.h"
#include "genmi/shared_affinity.h"
#include "node/handle.h"

namespace genmi::node {

class AffinityHandle final : public Handle {
 public:
  static constexpr HandleClass kClass = HandleClass::kAffinity;
  static constexpr const char* kName = "Affinity";
  static constexpr const char* kExpected = "an Affinity of this copy of genmi";

  // For create() alone: JavaScript cannot construct an Affinity.
  explicit AffinityHandle(const Napi::CallbackInfo& info);

  static Napi::Value create(Napi::Env env, AffinityPtr affinity);
  // The affinity behind a JavaScript object. Throws if the object has none.
  static SharedAffinityPtr shared(const Napi::Value& value);
  static AffinityPtr open(const Napi::Value& value);

  Napi::Value submatrix(const Napi::CallbackInfo& info);
  void dispose(const Napi::CallbackInfo& info);

 private:
  std::shared_ptr<SharedAffinity> shared_;
};

// Registers the class and the functions that make affinities.
void define_affinity(Napi::Env env, Napi::Object exports);

}  // namespace genmi::node
