#include "affinity/hop_affinity.h"

#include "simd/graph_kernels.h"

namespace genmi::affinity {

void HopAffinity::entries(std::size_t i, Rows columns, double* out) const {
  const std::uint16_t* row = hops_.row(i);
  for (std::size_t j = 0; j < columns.count; ++j) {
    const std::uint16_t hops = row[columns[j]];
    out[j] = hops == simd::kUnreachable ? disconnected_ : hops;
  }
}

}  // namespace genmi::affinity
