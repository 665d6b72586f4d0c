// The one inner loop of this room: the cheapest column of a row, when every column gives its price off.
//
// Pricing, the initial basis, the c-transforms and the certificate all ask this question. A price of -infinity closes a
// column to it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>

namespace genmi::transport {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

inline void lower(double& minimum, double value) { minimum = value < minimum ? value : minimum; }

// min_j costs[j] - prices[j]; infinity when no column is open.
inline double row_minimum(const double* costs, const double* prices, std::size_t count) {
  // Many running minima, because a compiler must not reorder one but may keep many in vector registers. (With 8 or 16
  // of them gcc unrolls the loop before it looks for vectors.)
  constexpr std::size_t kLanes = 32;
  double lanes[kLanes];
  std::fill_n(lanes, kLanes, kInfinity);
  std::size_t j = 0;
  for (; j + kLanes <= count; j += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) lower(lanes[lane], costs[j + lane] - prices[j + lane]);
  }
  for (std::size_t lane = 0; j < count; ++j, ++lane) lower(lanes[lane], costs[j] - prices[j]);
  for (std::size_t half = kLanes / 2; half > 0; half /= 2) {
    for (std::size_t lane = 0; lane < half; ++lane) lower(lanes[lane], lanes[lane + half]);
  }
  return lanes[0];
}

// The first column that attains row_minimum's answer.
inline std::size_t find_minimum(const double* costs, const double* prices, double minimum) {
  std::size_t j = 0;
  while (costs[j] - prices[j] != minimum) ++j;
  return j;
}

}  // namespace genmi::transport
