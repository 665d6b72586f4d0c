// Objectives as JavaScript objects.
#pragma once

#include <napi.h>

#include <memory>
#include <utility>
#include <vector>

#include "genmi/objective.h"
#include "node/handle.h"
#include "node/held_memory.h"

namespace genmi::node {

// An objective that is no sum of others, and the bytes that it keeps between calls. Shared by all sums that have it.
struct ChargedObjective {
  ChargedObjective(ObjectivePtr of, HeldMemoryPtr memory) : objective(std::move(of)), charge(std::move(memory)) {}
  ObjectivePtr objective;
  Charge charge;
};
using ChargedObjectives = std::vector<std::shared_ptr<ChargedObjective>>;

// new Objective(name, parameters)
class ObjectiveHandle final : public Handle {
 public:
  static constexpr HandleClass kClass = HandleClass::kObjective;
  static constexpr const char* kName = "Objective";
  static constexpr const char* kExpected = "an Objective of this copy of genmi";

  explicit ObjectiveHandle(const Napi::CallbackInfo& info);
  const ObjectivePtr& objective() const { return objective_; }
  const ChargedObjectives& terms() const { return terms_; }

  Napi::Value evaluate(const Napi::CallbackInfo& info);
  Napi::Value rehearse(const Napi::CallbackInfo& info);
  Napi::Value evaluate_async(const Napi::CallbackInfo& info);
  Napi::Value affinity_gradient(const Napi::CallbackInfo& info);
  Napi::Value cost(const Napi::CallbackInfo& info);

 private:
  ObjectivePtr objective_;
  ChargedObjectives terms_;  // its terms, or itself
  // The number of calls so far. Calls are numbered when they are made: asynchronous calls draw in the order of calling,
  // in whatever order they run.
  std::uint64_t draws_ = 0;
};

void define_objective(Napi::Env env, Napi::Object exports);

}  // namespace genmi::node
