// Objectives as JavaScript objects.
#pragma once

#include <napi.h>

#include <memory>

#include "genmi/objective.h"
#include "node/reported_memory.h"

namespace genmi::node {

// new Objective(name, parameters)
class ObjectiveHandle : public Napi::ObjectWrap<ObjectiveHandle> {
 public:
  explicit ObjectiveHandle(const Napi::CallbackInfo& info);
  static Napi::Function define(Napi::Env env);
  static ObjectivePtr unwrap(const Napi::Value& value);
  void Finalize(Napi::BasicEnv env) override { memory_->end(env); }

 private:
  Napi::Value evaluate(const Napi::CallbackInfo& info);
  Napi::Value rehearse(const Napi::CallbackInfo& info);
  Napi::Value evaluate_async(const Napi::CallbackInfo& info);
  Napi::Value affinity_gradient(const Napi::CallbackInfo& info);
  Napi::Value cost(const Napi::CallbackInfo& info);

  ObjectivePtr objective_;
  std::shared_ptr<ReportedMemory> memory_ = std::make_shared<ReportedMemory>();  // shared with the calls
  // Calls so far, counted where they are made: asynchronous ones may run in any order, and still draw in this one.
  std::uint64_t draws_ = 0;
};

void define_objective(Napi::Env env, Napi::Object exports);

}  // namespace genmi::node
