// Losses on pairs of views, for JavaScript.
#pragma once

#include <napi.h>

namespace genmi::node {

void define_pair_loss(Napi::Env env, Napi::Object exports);

}  // namespace genmi::node
