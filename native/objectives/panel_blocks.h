// Panels of predictions cut into fixed blocks, on as many threads as their work is worth.
#pragma once

#include <algorithm>
#include <cstddef>

#include "genmi/context.h"
#include "simd/kernels.h"

namespace genmi::objectives {

constexpr std::size_t kRowsPerBlock = 16 * simd::kPanel;
// Below about a tenth of a millisecond of work for each, a second thread costs more than it brings.
constexpr double kParallelNanoseconds = 200'000;

constexpr std::size_t blocks_of(std::size_t rows) { return (rows + kRowsPerBlock - 1) / kRowsPerBlock; }

struct PanelBlock {
  std::size_t index, first, rows, slot;
};

// Who comes next begins where the one before has ended: that is still in the cache.
enum class Order { kForwards, kBackwards };

// Calls work(block) for all blocks of n rows, which together take about so many nanoseconds.
template <class Work>
void for_each_block(const Context& context, std::size_t n, double nanoseconds, const Work& work,
                    Order order = Order::kForwards) {
  const auto task = [&](std::size_t turn, std::size_t slot) {
    const std::size_t index = order == Order::kForwards ? turn : blocks_of(n) - 1 - turn;
    const std::size_t first = index * kRowsPerBlock;
    work(PanelBlock{index, first, std::min(n - first, kRowsPerBlock), slot});
  };
  if (nanoseconds >= kParallelNanoseconds) return context.for_each(blocks_of(n), task);
  for (std::size_t index = 0; index < blocks_of(n); ++index) task(index, 0);
}

}  // namespace genmi::objectives
