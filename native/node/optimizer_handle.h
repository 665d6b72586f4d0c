// Optimisers as JavaScript objects, for loops that JavaScript runs.
#pragma once

#include <napi.h>

#include "networks/optimizer.h"

namespace genmi::node {

// The rule and its numbers, by the names of networks::OptimizerOptions.
networks::OptimizerOptions read_optimizer(const Napi::Object& object);

void define_optimizer(Napi::Env env, Napi::Object exports);

}  // namespace genmi::node
