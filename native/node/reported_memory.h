// Native memory that an object keeps from call to call, as V8 is told of it: it decides when to collect the object.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace genmi::node {

class ReportedMemory {
 public:
  // The object now keeps so many bytes. On JavaScript's thread.
  void report(Napi::BasicEnv env, std::size_t bytes) {
    const std::int64_t now = collected_ ? 0 : static_cast<std::int64_t>(bytes), before = std::exchange(bytes_, now);
    if (now != before) Napi::MemoryManagement::AdjustExternalMemory(env, now - before);
  }

  // The object is gone: what a call that still runs will report does not count.
  void end(Napi::BasicEnv env) {
    collected_ = true;
    report(env, 0);
  }

 private:
  std::int64_t bytes_ = 0;
  bool collected_ = false;
};

}  // namespace genmi::node
