// Work that is independent row by row, cut into fixed blocks, on as many threads as it is worth.
#pragma once

#include <algorithm>
#include <cstddef>

#include "genmi/context.h"

namespace genmi::affinity {

constexpr std::size_t kRowsPerBlock = 16;
// Below about a tenth of a millisecond of work a second thread costs more than it brings.
constexpr std::size_t kParallelOperations = 200'000;

// Calls row(i, slot) for every i in [0, rows); stops early when the job is cancelled.
template <class Row>
void for_each_row_block(std::size_t rows, std::size_t operations_per_row, const Context& context, const Row& row) {
  const std::size_t blocks = (rows + kRowsPerBlock - 1) / kRowsPerBlock;
  const auto task = [&](std::size_t block, std::size_t slot) {
    if (context.cancelled()) return;
    const std::size_t end = std::min(rows, (block + 1) * kRowsPerBlock);
    for (std::size_t i = block * kRowsPerBlock; i < end; ++i) row(i, slot);
  };
  if (rows * operations_per_row >= kParallelOperations) return context.for_each(blocks, task);
  for (std::size_t block = 0; block < blocks; ++block) task(block, 0);
}

}  // namespace genmi::affinity
