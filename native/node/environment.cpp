#include "node/environment.h"

#include <algorithm>

namespace genmi::node {
namespace {

// More bytes than V8 lets objects hold outside its heap, so that it collects garbage at once.
constexpr std::int64_t kPressure = std::int64_t{1} << 42;

}  // namespace

void Environment::reclaim(Napi::Env env) {
  Napi::MemoryManagement::AdjustExternalMemory(env, kPressure);
  Napi::MemoryManagement::AdjustExternalMemory(env, -kPressure);
  handles.sweep(env);
  collect_above_ = std::max(kCollectAbove, 2 * memory->bytes());
}

void Environment::make_room(Napi::Env env) {
  if (memory->bytes() <= sweep_above_) return;
  handles.sweep(env);
  if (memory->bytes() > collect_above_) reclaim(env);
  memory->tell(env);
  sweep_above_ = memory->bytes() + kSweepAfter;
}

}  // namespace genmi::node
