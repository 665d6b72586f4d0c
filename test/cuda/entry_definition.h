// The functions that make entries of reductions (GenmiPairs of genmi/device_table.h), in long double.
#pragma once

#include <cmath>

namespace genmi::test {

struct EntryFunction {
  int finish;  // its number in genmi/device_table.h
  double scale, gamma, degree, subtract, at_zero;

  // inner: inner[i] + inner[j]
  long double operator()(long double r, long double inner) const {
    const long double g = gamma * r + inner, left = r - subtract;
    switch (finish) {
      case 0: return scale * left;
      case 1: return scale * std::sqrt(r);
      case 2: return std::exp(-gamma * r);
      case 3: return r == 0 ? at_zero : scale * std::expm1(-gamma * left);
      case 4: return std::pow(g, static_cast<long double>(degree));
      default: return std::tanh(g);
    }
  }
};

}  // namespace genmi::test
