// Work that is independent row by row.
#pragma once

#include <cstddef>

#include "genmi/context.h"

namespace genmi::affinity {

// Calls row(i, slot) for every i in [0, rows), in blocks; stops early when the job is cancelled.
template <class Row>
void for_each_row(std::size_t rows, double nanoseconds, const Context& context, const Row& row) {
  constexpr std::size_t kRowsPerBlock = 16;
  context.for_each_range(rows, kRowsPerBlock, nanoseconds, [&](std::size_t first, std::size_t count, std::size_t slot) {
    if (context.cancelled()) return;
    for (std::size_t i = first; i < first + count; ++i) row(i, slot);
  });
}

}  // namespace genmi::affinity
