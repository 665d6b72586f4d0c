// Panels of predictions cut into fixed blocks, on as many threads as their work is worth.
#pragma once

#include <algorithm>
#include <cstddef>

#include "genmi/context.h"
#include "simd/kernels.h"

namespace genmi::objectives {

constexpr std::size_t kRowsPerBlock = 16 * simd::kPanel;

constexpr std::size_t blocks_of(std::size_t rows) { return (rows + kRowsPerBlock - 1) / kRowsPerBlock; }

struct PanelBlock {
  std::size_t index, first, rows, slot;
};

// A pass may go backwards: it then starts with the blocks that the pass before it has left in the caches.
enum class Order { kForwards, kBackwards };

// Calls work(block) for all blocks of n rows. nanoseconds: about the time for all of them.
template <class Work>
void for_each_block(const Context& context, std::size_t n, double nanoseconds, const Work& work,
                    Order order = Order::kForwards) {
  context.for_each_range(n, kRowsPerBlock, nanoseconds, [&](std::size_t turn_first, std::size_t, std::size_t slot) {
    const std::size_t turn = turn_first / kRowsPerBlock;
    const std::size_t index = order == Order::kForwards ? turn : blocks_of(n) - 1 - turn;
    const std::size_t first = index * kRowsPerBlock;
    work(PanelBlock{index, first, std::min(n - first, kRowsPerBlock), slot});
  });
}

}  // namespace genmi::objectives
