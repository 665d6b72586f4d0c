// Costs of transport problems with the memory that they are in.
#pragma once

#include <vector>

#include "genmi/affinity.h"
#include "genmi/matrix.h"
#include "genmi/transport.h"

namespace genmi::transport {

class OwnedCosts {
 public:
  OwnedCosts() = default;
  OwnedCosts(OwnedCosts&&) = default;  // a copy would borrow what this one owns
  OwnedCosts& operator=(OwnedCosts&&) = default;

  // The distances between samples. Does not refer to the affinity afterwards. Errors: kOutOfRange for distances that
  // are not finite, kAborted.
  Status prepare(const Affinity& distance, Rows samples, const Context& context);
  // A copy of any costs. Errors: kOutOfRange.
  Status prepare(const AnyMatrix& costs, const simd::TransportKernels& kernels);

  bool empty() const { return costs_.rows() == 0; }
  std::size_t bytes() const { return entries_.capacity() * sizeof(double) + costs_.bytes(); }
  const Costs& costs() const { return costs_; }

 private:
  std::vector<double> entries_;  // that the costs borrow, unless float32 has them all
  Costs costs_;
};

}  // namespace genmi::transport
