// Distances as integers in the same order.
#pragma once

#include <bit>
#include <cstdint>

namespace genmi::affinity {

// The integers have the order of the distances. -0 gives the bits of 0; NaN comes after infinity.
inline std::uint64_t bits_of_distance(double distance) { return std::bit_cast<std::uint64_t>(distance) << 1 >> 1; }

}  // namespace genmi::affinity
