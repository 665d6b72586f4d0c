// Shared by the commands of `npm run bench:networks`: the folder of its inputs, and its projection.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "session.h"

namespace genmi::bench {

// Where bench/networks/inputs.ts makes its files.
inline const std::string kNetworkInputs = "networks-1/";

// w' A v for w_i = sin(i + 1) and v_j = cos(j).
template <class T>
Projection project(const std::vector<T>& matrix, std::size_t columns) {
  Projection projection;
  for (std::size_t at = 0; at < matrix.size(); ++at) {
    const double entry = static_cast<double>(matrix[at]);
    projection.value +=
        std::sin(static_cast<double>(at / columns + 1)) * entry * std::cos(static_cast<double>(at % columns));
    projection.scale += entry * entry;
  }
  projection.scale = std::sqrt(projection.scale);
  return projection;
}

}  // namespace genmi::bench
