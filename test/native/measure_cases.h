// The one list of the definitions of kernels and distances that native tests compare with.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "affinity/measures.h"

namespace genmi::test {

using Long = long double;

template <class Term>
Long sum(const std::vector<Long>& x, const std::vector<Long>& y, const Term& term) {
  Long total = 0;
  for (std::size_t f = 0; f < x.size(); ++f) total += term(x[f], y[f]);
  return total;
}

inline Long inner(const std::vector<Long>& x, const std::vector<Long>& y) {
  return sum(x, y, [](Long a, Long b) { return a * b; });
}
inline Long squared(const std::vector<Long>& x, const std::vector<Long>& y) {
  return sum(x, y, [](Long a, Long b) { return (a - b) * (a - b); });
}
inline Long manhattan(const std::vector<Long>& x, const std::vector<Long>& y) {
  return sum(x, y, [](Long a, Long b) { return std::abs(a - b); });
}
inline Long chi_squared(const std::vector<Long>& x, const std::vector<Long>& y) {
  return sum(x, y, [](Long a, Long b) { return a + b > 0 ? (a - b) * (a - b) / (a + b) : 0; });
}
// Half of the squared distance between directions. A sample of zeros has distance 1 from all others.
inline Long cosine_distance(const std::vector<Long>& x, const std::vector<Long>& y, bool same) {
  const Long of_x = std::sqrt(inner(x, x)), of_y = std::sqrt(inner(y, y));
  if (same) return 0;
  if (of_x == 0 || of_y == 0) return 1;
  return sum(x, y, [&](Long a, Long b) { return (a / of_x - b / of_y) * (a / of_x - b / of_y); }) / 2;
}

// The definition of every measure, as in scikit-learn and scipy. same: whether x and y are one sample.
inline Long definition(const affinity::Measure& measure, const affinity::Coefficients& options,
                       const std::vector<Long>& x, const std::vector<Long>& y, bool same) {
  const std::string name = measure.name;
  const auto gamma = static_cast<Long>(options.gamma), coef0 = static_cast<Long>(options.coef0);
  if (name == "linear") return inner(x, y);
  if (name == "polynomial") return std::pow(gamma * inner(x, y) + coef0, static_cast<Long>(options.degree));
  if (name == "sigmoid") return std::tanh(gamma * inner(x, y) + coef0);
  if (name == "rbf" || name == "gaussian") return std::exp(-gamma * squared(x, y));
  if (name == "laplacian") return std::exp(-gamma * manhattan(x, y));
  if (name == "chi2") return std::exp(-gamma * chi_squared(x, y));
  if (name == "additive_chi2") return -chi_squared(x, y);
  if (name == "euclidean") return std::sqrt(squared(x, y));
  if (name == "sqeuclidean") return squared(x, y);
  if (name == "manhattan") return manhattan(x, y);
  if (name == "chebyshev") {
    Long largest = 0;
    sum(x, y, [&](Long a, Long b) { return largest = std::max(largest, std::abs(a - b)); });
    return largest;
  }
  if (name == "canberra")
    return sum(x, y, [](Long a, Long b) { return a == b ? 0 : std::abs(a - b) / (std::abs(a) + std::abs(b)); });
  if (name == "braycurtis") {
    const Long difference = manhattan(x, y);
    return difference == 0 ? 0 : difference / sum(x, y, [](Long a, Long b) { return std::abs(a + b); });
  }
  if (name == "cosine") {
    if (measure.kind == Kind::kDistance) return cosine_distance(x, y, same);
    return inner(x, x) == 0 || inner(y, y) == 0 ? 0 : 1 - cosine_distance(x, y, same);
  }
  ADD_FAILURE() << "no definition of " << name;
  return 0;
}

}  // namespace genmi::test
