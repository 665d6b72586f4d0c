#include "genmi/workspace.h"

#include <algorithm>
#include <cstdint>

namespace genmi {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kSmallestBlock = std::size_t{1} << 18;
// What an idle workspace may keep; one call at N = 5000 would otherwise hold its cost matrix for the process's life.
constexpr std::size_t kKept = std::size_t{1} << 26;

std::size_t aligned(const std::byte* base, std::size_t offset) {
  const auto address = reinterpret_cast<std::uintptr_t>(base) + offset;
  return offset + (kAlignment - address % kAlignment) % kAlignment;
}

}  // namespace

void* Workspace::take_bytes(std::size_t bytes) {
  while (block_ < blocks_.size()) {
    Block& block = blocks_[block_];
    const std::size_t start = aligned(block.memory.get(), used_);
    if (start + bytes <= block.size) {
      used_ = start + bytes;
      return block.memory.get() + start;
    }
    ++block_;
    used_ = 0;
  }
  const std::size_t last = blocks_.empty() ? kSmallestBlock : blocks_.back().size;
  const std::size_t size = std::max(bytes + kAlignment, 2 * std::min(last, kKept));
  blocks_.push_back({std::unique_ptr<std::byte[]>(new std::byte[size]), size});
  return take_bytes(bytes);
}

void Workspace::release(std::size_t block, std::size_t used) {
  block_ = block;
  used_ = used;
  if (block_ != 0 || used_ != 0) return;
  std::size_t total = 0;
  for (const Block& each : blocks_) total += each.size;
  while (!blocks_.empty() && total > kKept) {
    total -= blocks_.back().size;
    blocks_.pop_back();
  }
}

}  // namespace genmi
