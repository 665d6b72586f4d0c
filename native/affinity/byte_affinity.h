// The linear kernel of samples in bytes. They stay bytes: a quarter of the memory of float32 features.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "affinity/centred_product.h"
#include "genmi/affinity.h"
#include "genmi/aligned_vector.h"
#include "genmi/matrix.h"

namespace genmi::affinity {

// Inner products of bytes are integers, and exact. Entries are made of them in float64, products with predictions in
// float32: their factors, bytes less a centre for each feature, are integers too.
class ByteAffinity final : public Affinity, public CentredProduct {
 public:
  // Whether there are samples, and entries between any such bytes are far from the ends of float32's range.
  static bool takes(const Bytes& bytes);
  // owner: who frees the bytes. Without one, this object has a copy of them.
  ByteAffinity(const Bytes& bytes, std::shared_ptr<const void> owner);

  const CentredProduct& products() const override { return *this; }
  Storage storage() const override { return Storage::kFeatures; }
  Precision precision() const override { return Precision::kFloat32; }
  std::size_t bytes() const override;
  void entries(std::size_t i, Rows columns, double* out) const override;
  void block(Rows rows, Rows columns, double* out, const Job* job) const override;
  void submatrix(Rows rows, const Context& context, double* out) const override;
  void submatrix(Rows rows, const Context& context, float* out, std::size_t stride) const override;
  double entry_operations() const override { return static_cast<double>(bytes_.columns); }
  double product_operations(double n, double k) const override { return 2 * n * entry_operations() * k; }
  double product_bytes(double n) const override;
  using CentredProduct::centred_product;
  void centred_product(Rows rows, const float* v, std::size_t k, const Context& context, float* out) const override;

 private:
  template <class S>
  void evaluate(Rows rows, std::size_t first, std::size_t count, Rows columns, const Job* job, S* out,
                std::size_t stride) const;
  template <class S>
  void evaluate_all(Rows rows, const Context& context, S* out, std::size_t stride) const;

  AlignedVector<std::uint8_t> copy_;
  std::shared_ptr<const void> owner_;
  Bytes bytes_;
  // A feature is scale (byte - zero_) + rest_. zero_ stands for the feature nearest to 0, so that features near 0 keep
  // their digits.
  std::int64_t zero_;
  double rest_;
  std::vector<std::int64_t> sums_;  // of each sample's byte - zero_
  AlignedVector<float> centre_;     // an integer for each feature, near the mean of its bytes
};

}  // namespace genmi::affinity
