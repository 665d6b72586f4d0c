// Sums over the features of two samples, in float64. They are made in eight independent lanes, so that the order is
// fixed and the compiler can vectorise the loop without reordering additions.
#pragma once

#include <cstddef>

namespace genmi::simd {

constexpr std::size_t kLanes = 8;

// The sum of term(x[f], y[f]) over all f.
template <class T, class Term>
inline double sum(const T* x, const T* y, std::size_t d, Term term) {
  double lanes[kLanes] = {};
  std::size_t f = 0;
  for (; f + kLanes <= d; f += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      lanes[lane] += term(static_cast<double>(x[f + lane]), static_cast<double>(y[f + lane]));
  for (std::size_t lane = 0; f < d; ++f, ++lane)
    lanes[lane] += term(static_cast<double>(x[f]), static_cast<double>(y[f]));
  return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
}

template <class T>
double inner(const T* x, const T* y, std::size_t d) {
  return sum(x, y, d, [](double a, double b) { return a * b; });
}

// out += a x, for short rows with one number for each cluster, as in products with predictions.
template <class T>
inline void add_scaled(double a, const T* x, std::size_t k, double* out) {
  for (std::size_t i = 0; i < k; ++i) out[i] += a * static_cast<double>(x[i]);
}

}  // namespace genmi::simd
