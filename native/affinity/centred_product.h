// The products of an affinity with density ratios, in panels (simd/panels.h): quadratic forms over it are made of
// these.
#pragma once

#include <algorithm>
#include <cstddef>

#include "genmi/affinity.h"

namespace genmi::affinity {

// Every affinity derives from this class. An affinity without a faster product inherits one that is made of entries.
class CentredProduct {
 public:
  virtual ~CentredProduct() = default;

  // out = A(rows, rows) V up to a constant for each column, for a matrix V whose k columns sum to 0. V and out are in
  // panels. The constants do not change w' A w, and float32 could not hold them where a kernel has a large constant
  // part. Fastest in the affinity's own precision.
  virtual void centred_product(Rows rows, const float* v, std::size_t k, const Context& context, float* out) const;
  virtual void centred_product(Rows rows, const double* v, std::size_t k, const Context& context, double* out) const;

  // About how many multiplications a product of n samples and k columns takes.
  virtual double product_operations(double n, double k) const { return n * n * (factor_.entry_operations() + k); }
  // About the bytes that the product takes while it runs: for the entries, at most kLargestFactor.
  virtual double product_bytes(double n) const {
    const double entries =
        n * n * static_cast<double>(factor_.precision() == Precision::kFloat32 ? sizeof(float) : sizeof(double));
    return std::min(entries, static_cast<double>(kLargestFactor));
  }

 protected:
  // factor: the affinity itself.
  explicit CentredProduct(const Affinity& factor) : factor_(factor) {}

  // Entries of at most this many bytes are gathered, or evaluated, as a whole; larger matrices a few rows at a time.
  static constexpr std::size_t kLargestFactor = std::size_t{1} << 24;

 private:
  const Affinity& factor_;
};

}  // namespace genmi::affinity
