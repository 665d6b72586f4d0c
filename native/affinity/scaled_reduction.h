// Reductions of one pair of samples in float64, over features of any magnitude: for the few pairs whose entries the
// vector kernels cannot be trusted with.
#pragma once

#include <cstddef>

#include "affinity/measures.h"

namespace genmi::affinity {

// value 2^exponent, made without a square or product that overflows or vanishes.
struct Scaled {
  double value = 0;
  int exponent = 0;
};

// Right to a few units in the last place of float64 for any number of features; inner products relative to |x| |y|.
Scaled reduce_scaled(Reduction reduction, const double* x, const double* y, std::size_t features);

// dividend / divisor, with 0 / 0 = 0.
Scaled quotient(Scaled dividend, Scaled divisor);

}  // namespace genmi::affinity
