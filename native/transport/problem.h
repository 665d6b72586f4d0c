// Problem: the input of the network simplex, a transportation problem whose rows and columns all have mass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "transport/cost_block.h"

namespace genmi::transport {

// Rows are the sources, columns the targets. Masses are integers, so that flows are exact and ties are ties.
struct Problem {
  CostBlock costs;
  std::span<const std::int64_t> supplies;  // one per row, positive
  std::span<const std::int64_t> demands;   // one per column, positive, the same total
};

}  // namespace genmi::transport
