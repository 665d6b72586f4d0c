// A copy of a caller's memory, made before the call returns.
#pragma once

#include <napi.h>

#include <cstddef>
#include <memory>

#include "genmi/context.h"

namespace genmi::node {

// Frees the memory of a Copy.
struct FreeCopy {
  std::size_t pages = 0;  // bytes of the system's pages; 0: the memory is of operator new
  void operator()(std::byte* memory) const;
};

class Copy {
 public:
  Copy() = default;
  // JavaScript waits for the copy. Large ones are made by several threads, and into large pages, where most of the time
  // would go into page faults.
  Copy(Napi::Env env, const void* from, std::size_t bytes);
  // Room for a copy that is made part by part.
  explicit Copy(std::size_t bytes);
  // Makes the system provide all pages, from any thread: a fill then costs no page faults.
  void touch(const Context& context);
  void fill(Napi::Env env, std::size_t at, const void* from, std::size_t bytes);
  const void* data() const { return memory_.get(); }

 private:
  std::unique_ptr<std::byte[], FreeCopy> memory_;  // null for no bytes
};

}  // namespace genmi::node
