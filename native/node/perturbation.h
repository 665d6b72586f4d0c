// Perturbed copies of images, for JavaScript.
#pragma once

#include <napi.h>

namespace genmi::node {

void define_perturbation(Napi::Env env, Napi::Object exports);

}  // namespace genmi::node
