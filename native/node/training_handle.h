// Trainings as JavaScript objects. JavaScript asks for some epochs at a time, and decides in between.
#pragma once

#include <napi.h>

namespace genmi::node {

void define_training(Napi::Env env, Napi::Object exports);

}  // namespace genmi::node
