// An affinity that keeps the features and evaluates entries when they are asked for.
#pragma once

#include <memory>
#include <vector>

#include "affinity/measures.h"
#include "genmi/affinity.h"
#include "genmi/aligned_vector.h"

namespace genmi::affinity {

template <class T>
class FeatureAffinity final : public Affinity {
 public:
  // Copies the features. Those of the linear kernel are centred first, in float64: the maximum mean discrepancy does
  // not change, and float32 keeps its accuracy however far from the origin the data are. entries() adds the offset
  // again.
  FeatureAffinity(AnyMatrix features, const Measure& measure, const Coefficients& coefficients);

  Storage storage() const override { return Storage::kFeatures; }
  Precision precision() const override { return sizeof(T) == 4 ? Precision::kFloat32 : Precision::kFloat64; }
  std::size_t bytes() const override;
  void entries(std::size_t i, Rows columns, double* out) const override;
  double entry_operations() const override { return static_cast<double>(columns_); }
  double product_operations(double n, double k) const override;
  using Affinity::centred_product;
  void centred_product(Rows rows, const T* v, std::size_t k, const Context& context, T* out) const override;

  const Measure& measure() const { return measure_; }
  double reduced(std::size_t i, std::size_t j) const;
  // For the linear kernel A(i, j) = <x_i, x_j> + offsets[i] + offsets[j] with the centred x; empty for all others.
  const std::vector<double>& offsets() const { return offsets_; }
  double centred_entry(std::size_t i, std::size_t j) const;
  void set_gamma(double gamma) { coefficients_.gamma = gamma; }

 private:
  double offset(std::size_t i) const { return offsets_.empty() ? 0 : offsets_[i]; }
  const T* sample(std::size_t i) const { return features_.data() + i * stride_; }
  bool is_linear() const { return !offsets_.empty(); }
  void linear_product(Rows rows, const T* v, std::size_t k, const Context& context, T* out) const;
  void centre(AnyMatrix features);

  const Measure& measure_;
  Coefficients coefficients_;
  std::size_t columns_, stride_;  // rows of the linear kernel are padded with zeros, to be multiplied
  AlignedVector<T> features_;
  std::vector<double> norms_;
  std::vector<double> offsets_;
};

}  // namespace genmi::affinity
