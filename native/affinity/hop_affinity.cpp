#include "affinity/hop_affinity.h"

#include "affinity/gather.h"
#include "simd/graph_kernels.h"

namespace genmi::affinity {

void HopAffinity::entries(std::size_t i, Rows columns, double* out) const {
  const std::uint16_t* row = hops_.row(i);
  for (std::size_t j = 0; j < columns.count; ++j) {
    const std::uint16_t hops = row[columns[j]];
    out[j] = hops == simd::kUnreachable ? disconnected_ : hops;
  }
}

template <class S>
void HopAffinity::gather(Rows rows, const Context& context, S* out, std::size_t stride) const {
  const auto entry = [far = static_cast<S>(disconnected_)](std::uint16_t hops, std::size_t, std::size_t) {
    return hops == simd::kUnreachable ? far : static_cast<S>(hops);
  };
  gather_symmetric(hops_, rows, context, entry, out, stride);
}

void HopAffinity::submatrix(Rows rows, const Context& context, double* out) const {
  gather(rows, context, out, rows.count);
}

void HopAffinity::submatrix(Rows rows, const Context& context, float* out, std::size_t stride) const {
  gather(rows, context, out, stride);
}

}  // namespace genmi::affinity
