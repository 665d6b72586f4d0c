// The transport solver as a JavaScript object: one cost matrix, any number of problems.
#pragma once

#include <napi.h>

namespace genmi::node {

void define_solver(Napi::Env env, Napi::Object exports);

}  // namespace genmi::node
