#include "genmi/workspace.h"

#include <algorithm>
#include <cstdint>

namespace genmi {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kSmallestSlab = std::size_t{1} << 18;
// The most bytes an idle workspace keeps. Without a limit, one call at N = 5000 would hold its cost matrix for the
// process's life.
constexpr std::size_t kKept = std::size_t{1} << 26;

std::size_t aligned(const std::byte* base, std::size_t offset) {
  const auto address = reinterpret_cast<std::uintptr_t>(base) + offset;
  return offset + (kAlignment - address % kAlignment) % kAlignment;
}

}  // namespace

void* Workspace::take_bytes(std::size_t bytes) {
  while (slab_ < slabs_.size()) {
    Slab& slab = slabs_[slab_];
    const std::size_t start = aligned(slab.memory.get(), used_);
    if (start + bytes <= slab.size()) {
      used_ = start + bytes;
      return slab.memory.get() + start;
    }
    ++slab_;
    used_ = 0;
  }
  const std::size_t last = slabs_.empty() ? kSmallestSlab : slabs_.back().size();
  const std::size_t size = std::max(bytes + kAlignment, 2 * std::min(last, kKept));
  slabs_.push_back({{static_cast<std::byte*>(take_aligned(size)), {size}}});
  return take_bytes(bytes);
}

void Workspace::release(std::size_t slab, std::size_t used) {
  slab_ = slab;
  used_ = used;
  if (slab_ != 0 || used_ != 0) return;
  std::size_t total = 0;
  for (const Slab& each : slabs_) total += each.size();
  while (!slabs_.empty() && total > kKept) {
    total -= slabs_.back().size();
    slabs_.pop_back();
  }
}

}  // namespace genmi
