// Affinities as JavaScript objects: native memory that V8 knows the size of.
#pragma once

#include <napi.h>

#include "genmi/affinity.h"
#include "node/reported_memory.h"

namespace genmi::node {

class AffinityHandle : public Napi::ObjectWrap<AffinityHandle> {
 public:
  explicit AffinityHandle(const Napi::CallbackInfo& info);

  static Napi::Value create(Napi::Env env, AffinityPtr affinity);
  // The affinity behind a JavaScript object; throws if it is none.
  static SharedAffinityPtr shared(const Napi::Value& value);
  static AffinityPtr open(const Napi::Value& value);

  void Finalize(Napi::BasicEnv env) override;

  static Napi::Function define(Napi::Env env);

 private:
  Napi::Value submatrix(const Napi::CallbackInfo& info);
  void dispose(const Napi::CallbackInfo& info);

  std::shared_ptr<SharedAffinity> shared_;
  ReportedMemory memory_;
};

// Registers the class and the functions that make affinities.
void define_affinity(Napi::Env env, Napi::Object exports);

}  // namespace genmi::node
