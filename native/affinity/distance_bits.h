// Distances as integers in the same order.
#pragma once

#include <bit>
#include <cstdint>

namespace genmi::affinity {

// Ordered as distances are; -0 is 0, and NaN comes after infinity.
inline std::uint64_t bits_of_distance(double distance) { return std::bit_cast<std::uint64_t>(distance) << 1 >> 1; }

}  // namespace genmi::affinity
