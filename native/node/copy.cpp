#include "node/copy.h"

#include <algorithm>
#include <cstring>

#include "affinity/pages.h"
#include "node/environment.h"

namespace genmi::node {
namespace {

constexpr std::size_t kLarge = std::size_t{1} << 22;  // from this many bytes on, a copy takes pages of its own
constexpr std::size_t kPart = std::size_t{1} << 21;   // a large page: one thread has all its page faults

}  // namespace

void FreeCopy::operator()(std::byte* memory) const {
  if (pages != 0) affinity::give_back_pages(memory, pages);
  else delete[] memory;
}

Copy::Copy(std::size_t bytes) {
  if (bytes == 0) return;
  if (bytes < kLarge) memory_.reset(new std::byte[bytes]);
  else memory_ = {static_cast<std::byte*>(affinity::take_pages(bytes)), FreeCopy{bytes}};
}

Copy::Copy(Napi::Env env, const void* from, std::size_t bytes) : Copy(bytes) { fill(env, 0, from, bytes); }

void Copy::touch(const Context& context) {
  constexpr std::size_t kPage = 4096;
  const std::size_t bytes = memory_.get_deleter().pages;
  context.for_each((bytes + kPart - 1) / kPart, [&](std::size_t part, std::size_t) {
    for (std::size_t at = part * kPart; at < std::min(bytes, (part + 1) * kPart); at += kPage)
      memory_[at] = std::byte{0};
  });
}

void Copy::fill(Napi::Env env, std::size_t at, const void* from, std::size_t bytes) {
  if (bytes == 0) return;
  std::byte* const to = memory_.get() + at;
  if (bytes < kLarge) {
    std::memcpy(to, from, bytes);
    return;
  }
  const Environment& environment = Environment::of(env);
  environment.pool->run((bytes + kPart - 1) / kPart, environment.threads, [&](std::size_t part, std::size_t) {
    const std::size_t begin = part * kPart;
    std::memcpy(to + begin, static_cast<const std::byte*>(from) + begin, std::min(kPart, bytes - begin));
  });
}

}  // namespace genmi::node
