// OwnedCosts: the costs of transport problems together with their memory.
#pragma once

#include <vector>

#include "genmi/affinity.h"
#include "genmi/matrix.h"
#include "transport/costs.h"

namespace genmi::transport {

class OwnedCosts {
 public:
  OwnedCosts() = default;
  OwnedCosts(OwnedCosts&&) = default;  // no copy, which would borrow this object's memory
  OwnedCosts& operator=(OwnedCosts&&) = default;

  // Prepares the distances between samples. The affinity is not needed afterwards. Errors: kOutOfRange for distances
  // that are not finite, kAborted.
  Status prepare(const Affinity& distance, Rows samples, const Context& context);
  // Prepares a copy of any costs. Errors: kOutOfRange.
  Status prepare(const AnyMatrix& costs, const simd::TransportKernels& kernels);

  bool empty() const { return costs_.rows() == 0; }
  std::size_t bytes() const { return entries_.capacity() * sizeof(double) + costs_.bytes(); }
  const Costs& costs() const { return costs_; }

 private:
  std::vector<double> entries_;  // borrowed by costs_; empty where costs_ has float32 distances
  Costs costs_;
};

}  // namespace genmi::transport
