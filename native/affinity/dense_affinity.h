// An affinity that keeps all its N x N entries.
#pragma once

#include <vector>

#include "affinity/centred_product.h"
#include "affinity/measures.h"
#include "affinity/padded_matrix.h"
#include "genmi/affinity.h"

namespace genmi::affinity {

template <class T>
class DenseAffinity final : public Affinity, public CentredProduct {
 public:
  // A(i, j) = matrix.row(i)[j] + offsets[i] + offsets[j]; empty offsets are 0. A kernel stored in float32 has its large
  // constant part in the offsets: float64 keeps it there, and the maximum mean discrepancy does not read it. range:
  // known bounds of the entries, to which sums are clamped.
  DenseAffinity(Kind kind, bool metric, PaddedMatrix<T> matrix, std::vector<double> offsets, Range range = {})
      : Affinity(matrix.size(), kind, metric),
        CentredProduct(static_cast<const Affinity&>(*this)),
        matrix_(std::move(matrix)),
        offsets_(std::move(offsets)),
        range_(range) {}

  const CentredProduct& products() const override { return *this; }
  Storage storage() const override { return Storage::kDense; }
  Precision precision() const override { return sizeof(T) == 4 ? Precision::kFloat32 : Precision::kFloat64; }
  std::size_t bytes() const override { return matrix_.bytes() + offsets_.size() * sizeof(double); }
  // A stored row; of a distance, which has no offsets, the entries themselves.
  const T* row(std::size_t i) const { return matrix_.row(i); }
  void entries(std::size_t i, Rows columns, double* out) const override;
  void submatrix(Rows rows, const Context& context, double* out) const override;
  void submatrix(Rows rows, const Context& context, float* out, std::size_t stride) const override;
  // The whole matrix is multiplied in its own memory.
  double product_bytes(double n) const override {
    return n == static_cast<double>(size()) ? 0 : CentredProduct::product_bytes(n);
  }
  using CentredProduct::centred_product;
  void centred_product(Rows rows, const T* v, std::size_t k, const Context& context, T* out) const override;

 private:
  template <class S>
  void gather(Rows rows, const Context& context, S* out, std::size_t stride) const;
  double with_offsets(T stored, std::size_t i, std::size_t j) const {
    return range_.clamp(static_cast<double>(stored) + (offsets_[i] + offsets_[j]));
  }
  void batch_product(Rows rows, const T* v, std::size_t k, const Context& context, T* out) const;

  PaddedMatrix<T> matrix_;
  std::vector<double> offsets_;
  Range range_;
};

}  // namespace genmi::affinity
