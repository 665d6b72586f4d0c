// What quadratic forms over an affinity need of it: its products with density ratios, in panels (simd/panels.h).
#pragma once

#include <algorithm>
#include <cstddef>

#include "genmi/affinity.h"

namespace genmi::affinity {

// Every affinity is one. Those that have no faster way inherit the products from their entries.
class CentredProduct {
 public:
  virtual ~CentredProduct() = default;

  // out = A(rows, rows) V up to a constant per column, for a matrix V whose k columns sum to zero. The constant is all
  // that w' A w leaves free, and what float32 could not hold of a kernel with a large constant part. V and out are in
  // panels. Fastest in the affinity's own precision.
  virtual void centred_product(Rows rows, const float* v, std::size_t k, const Context& context, float* out) const;
  virtual void centred_product(Rows rows, const double* v, std::size_t k, const Context& context, double* out) const;

  // About how many multiplications a product of n samples and k columns takes.
  virtual double product_operations(double n, double k) const { return n * n * (factor_.entry_operations() + k); }
  // About how many bytes it takes meanwhile: for the entries, where those are not large.
  virtual double product_bytes(double n) const {
    const double entries =
        n * n * static_cast<double>(factor_.precision() == Precision::kFloat32 ? sizeof(float) : sizeof(double));
    return std::min(entries, static_cast<double>(kLargestFactor));
  }

 protected:
  // factor: the affinity itself.
  explicit CentredProduct(const Affinity& factor) : factor_(factor) {}

  // Entries of at most this many bytes are gathered, or evaluated, as a whole; of larger ones a few rows at a time.
  static constexpr std::size_t kLargestFactor = std::size_t{1} << 24;

 private:
  const Affinity& factor_;
};

}  // namespace genmi::affinity
