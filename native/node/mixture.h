// Passes over the samples of mixtures, for JavaScript.
#pragma once

#include <napi.h>

namespace genmi::node {

void define_mixture(Napi::Env env, Napi::Object exports);

}  // namespace genmi::node
