// Reductions of the features of one or two samples, for every instruction set. They are made in independent lanes, so
// that the order is fixed and the compiler can vectorise the loop without reordering operations.
#pragma once

#include <cstddef>

namespace genmi::simd {

// The sum of term(x[f], y[f]) over all f, in float64.
template <class T, class U, class Term>
inline double sum(const T* x, const U* y, std::size_t d, Term term) {
  constexpr std::size_t kLanes = 8;
  double lanes[kLanes] = {};
  std::size_t f = 0;
  for (; f + kLanes <= d; f += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      lanes[lane] += term(static_cast<double>(x[f + lane]), static_cast<double>(y[f + lane]));
  for (std::size_t lane = 0; f < d; ++f, ++lane)
    lanes[lane] += term(static_cast<double>(x[f]), static_cast<double>(y[f]));
  return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
}

template <class T, class U>
double inner(const T* x, const U* y, std::size_t d) {
  return sum(x, y, d, [](double a, double b) { return a * b; });
}

// Lanes of a reduction that compares. They are more than a compiler unrolls: GCC vectorises comparisons in a loop only.
constexpr std::size_t kComparedLanes = 32;

// The largest of term(x[f], y[f]) over all f, in float64; 0 where no term is larger.
template <class T, class U, class Term>
inline double largest(const T* x, const U* y, std::size_t d, Term term) {
  double lanes[kComparedLanes] = {};
  for (std::size_t f = 0; f < d; f += kComparedLanes) {
    const std::size_t count = d - f < kComparedLanes ? d - f : kComparedLanes;
    for (std::size_t lane = 0; lane < count; ++lane) {
      const double each = term(static_cast<double>(x[f + lane]), static_cast<double>(y[f + lane]));
      lanes[lane] = each > lanes[lane] ? each : lanes[lane];
    }
  }
  double most = 0;
  for (const double lane : lanes) most = lane > most ? lane : most;
  return most;
}

// out += a x, for short rows with one number for each cluster, as in products with predictions.
template <class T>
inline void add_scaled(double a, const T* x, std::size_t k, double* out) {
  for (std::size_t i = 0; i < k; ++i) out[i] += a * static_cast<double>(x[i]);
}

}  // namespace genmi::simd
