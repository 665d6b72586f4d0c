// Tiles of pairs of samples: a block makes kTile x kTile numbers, 2 x 2 by each of its threads, from tiles of features
// in shared memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "device.h"

namespace genmi::cuda {

constexpr unsigned kTile = 32, kSide = 16, kThreads = kSide * kSide;
constexpr unsigned kPadded = kTile + 1;  // rows of a tile in different banks of shared memory

// The 2 x 2 numbers of a thread: rows y and y + kSide, columns x and x + kSide of the tile, for thread y kSide + x.
template <class S>
struct Four {
  S at[2][2] = {};
};

constexpr std::size_t tiles_of(std::size_t count) { return (count + kTile - 1) / kTile; }

// The number of a sample; rows: null for all in order.
__device__ inline std::size_t sample_at(const std::int32_t* rows, std::size_t i) {
  return rows == nullptr ? i : static_cast<std::size_t>(rows[i]);
}

// Writes features [feature, feature + kTile) of samples [first, first + kTile) to a tile; 0 beyond the last of n
// samples and d features.
template <class T>
__device__ void load_features(const T* x, std::size_t d, const std::int32_t* rows, std::size_t n, std::size_t first,
                              std::size_t feature, T* tile) {
  for (unsigned at = threadIdx.x; at < kTile * kTile; at += kThreads) {
    const std::size_t i = first + at / kTile, f = feature + at % kTile;
    tile[at / kTile * kPadded + at % kTile] = i < n && f < d ? x[sample_at(rows, i) * d + f] : T{0};
  }
}

}  // namespace genmi::cuda
