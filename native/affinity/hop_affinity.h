// Hop distances as an affinity: N x N integers of 16 bits.
#pragma once

#include <cstdint>

#include "affinity/centred_product.h"
#include "affinity/padded_matrix.h"
#include "genmi/affinity.h"

namespace genmi::affinity {

class HopAffinity final : public Affinity, public CentredProduct {
 public:
  // hops: simd::kUnreachable marks pairs of different components. disconnected: the distance of such pairs.
  HopAffinity(bool metric, float disconnected, PaddedMatrix<std::uint16_t> hops)
      : Affinity(hops.size(), Kind::kDistance, metric),
        CentredProduct(static_cast<const Affinity&>(*this)),
        disconnected_(disconnected),
        hops_(std::move(hops)) {}

  const CentredProduct& products() const override { return *this; }
  Storage storage() const override { return Storage::kDense; }
  Precision precision() const override { return Precision::kFloat32; }
  std::size_t bytes() const override { return hops_.bytes(); }
  void entries(std::size_t i, Rows columns, double* out) const override;
  void submatrix(Rows rows, const Context& context, double* out) const override;
  void submatrix(Rows rows, const Context& context, float* out, std::size_t stride) const override;

 private:
  template <class S>
  void gather(Rows rows, const Context& context, S* out, std::size_t stride) const;

  double disconnected_;
  PaddedMatrix<std::uint16_t> hops_;
};

}  // namespace genmi::affinity
