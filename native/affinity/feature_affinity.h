// An affinity that keeps the features and evaluates entries when they are asked for.
#pragma once

#include <utility>

#include "affinity/centred_product.h"
#include "affinity/pairwise.h"
#include "genmi/affinity.h"

namespace genmi::affinity {

template <class T>
class FeatureAffinity final : public Affinity, public CentredProduct {
 public:
  explicit FeatureAffinity(Pairwise<T> pairwise)
      : Affinity(pairwise.size(), pairwise.measure().kind, pairwise.measure().metric),
        CentredProduct(static_cast<const Affinity&>(*this)),
        columns_(pairwise.columns()),
        range_(pairwise.offsets().empty() ? Range{} : pairwise.measure().range()),
        pairwise_(std::move(pairwise)) {}

  const CentredProduct& products() const override { return *this; }
  Storage storage() const override { return Storage::kFeatures; }
  Precision precision() const override { return sizeof(T) == 4 ? Precision::kFloat32 : Precision::kFloat64; }
  std::size_t bytes() const override { return pairwise_.bytes(); }
  void entries(std::size_t i, Rows columns, double* out) const override;
  void block(Rows rows, Rows columns, double* out, const Job* job) const override;
  void submatrix(Rows rows, const Context& context, double* out) const override;
  void submatrix(Rows rows, const Context& context, float* out, std::size_t stride) const override;
  double entry_operations() const override { return static_cast<double>(columns_); }
  double product_operations(double n, double k) const override;
  double product_bytes(double n) const override;
  using CentredProduct::centred_product;
  void centred_product(Rows rows, const T* v, std::size_t k, const Context& context, T* out) const override;

 private:
  template <class S>
  void evaluate(Rows rows, const Context& context, S* out, std::size_t stride) const;
  void linear_product(Rows rows, const T* v, std::size_t k, const Context& context, T* out) const;
  void whole_rows(Rows rows, const Context& context, double* out) const;
  double offset(std::size_t i) const { return pairwise_.offsets().empty() ? 0 : pairwise_.offsets()[i]; }
  // The sum, clamped to the known range of the entries: rounding could leave it.
  double with_offsets(T core, double of_row, double of_column) const {
    return range_.clamp(static_cast<double>(core) + (of_row + of_column));
  }
  // Samples of the linear kernel are centred: the maximum mean discrepancy does not change, and float32 keeps its
  // accuracy however far from the origin the data are.
  const T* sample(std::size_t i) const { return pairwise_.sample(i); }
  bool is_linear() const { return pairwise_.measure().is_linear(); }

  std::size_t columns_;
  Range range_;
  Pairwise<T> pairwise_;
};

}  // namespace genmi::affinity
