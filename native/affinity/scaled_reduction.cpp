#include "affinity/scaled_reduction.h"

#include <algorithm>
#include <cmath>

namespace genmi::affinity {
namespace {

// Features at least this large are divided by 4 before they are added or subtracted, which then cannot overflow.
constexpr double kHuge = 0x1p+1021;

// A sum with its rounding errors in a second number (Neumaier 1974).
class Sum {
 public:
  void add(double term) {
    const double sum = sum_ + term;
    error_ += std::abs(sum_) >= std::abs(term) ? (sum_ - sum) + term : (term - sum) + sum_;
    sum_ = sum;
  }
  double value() const { return sum_ + error_; }

 private:
  double sum_ = 0, error_ = 0;
};

// Multiplies by 2^-exponent, for any exponent of a float64 number.
class Divider {
 public:
  explicit Divider(int exponent)
      : first_(std::ldexp(1.0, -exponent / 2)), second_(std::ldexp(1.0, -(exponent - exponent / 2))) {}
  double operator()(double x) const { return x * first_ * second_; }

 private:
  double first_, second_;
};

double largest_of(const double* x, std::size_t features) {
  double largest = 0;
  for (std::size_t f = 0; f < features; ++f) largest = std::max(largest, std::abs(x[f]));
  return largest;
}

Scaled inner(const double* x, const double* y, std::size_t features) {
  const double largest_x = largest_of(x, features), largest_y = largest_of(y, features);
  if (largest_x == 0 || largest_y == 0) return {};
  const int of_x = std::ilogb(largest_x), of_y = std::ilogb(largest_y);
  const Divider divide_x(of_x), divide_y(of_y);
  Sum sum;
  for (std::size_t f = 0; f < features; ++f) sum.add(divide_x(x[f]) * divide_y(y[f]));
  return {sum.value(), of_x + of_y};
}

// The sum of term(t, f) over the features, for t_f = difference(x_f, y_f) divided by the power of two next to the
// largest |t_f|.
template <class Difference, class Term>
Scaled sum_of(const double* x, const double* y, std::size_t features, int degree, const Difference& difference,
              const Term& term) {
  const bool huge = std::max(largest_of(x, features), largest_of(y, features)) >= kHuge;
  const double shrink = huge ? 0.25 : 1;
  double largest = 0;
  for (std::size_t f = 0; f < features; ++f)
    largest = std::max(largest, std::abs(difference(x[f] * shrink, y[f] * shrink)));
  if (largest == 0) return {};
  const int exponent = std::ilogb(largest);
  const Divider divide(exponent);
  Sum sum;
  for (std::size_t f = 0; f < features; ++f) sum.add(term(divide(difference(x[f] * shrink, y[f] * shrink)), f));
  return {sum.value(), degree * (exponent + (huge ? 2 : 0))};
}

double canberra_term(double x, double y) {
  if (std::max(std::abs(x), std::abs(y)) >= kHuge) x /= 4, y /= 4;
  const double total = std::abs(x) + std::abs(y);
  return total > 0 ? std::abs(x - y) / total : 0;
}

Scaled canberra(const double* x, const double* y, std::size_t features) {
  Sum sum;
  for (std::size_t f = 0; f < features; ++f) sum.add(canberra_term(x[f], y[f]));
  return {sum.value(), 0};
}

}  // namespace

Scaled reduce_scaled(Reduction reduction, const double* x, const double* y, std::size_t features) {
  const auto difference = [](double a, double b) { return a - b; };
  const auto total = [](double a, double b) { return a + b; };
  const auto magnitude = [](double t, std::size_t) { return std::abs(t); };
  switch (reduction) {
    case Reduction::kInner: return inner(x, y, features);
    case Reduction::kSquaredEuclidean:
      return sum_of(x, y, features, 2, difference, [](double t, std::size_t) { return t * t; });
    case Reduction::kManhattan: return sum_of(x, y, features, 1, difference, magnitude);
    case Reduction::kTotal: return sum_of(x, y, features, 1, total, magnitude);
    case Reduction::kChiSquared:
      // (x - y)^2 / (x + y) = |x - y| times a term of the Canberra distance.
      return sum_of(x, y, features, 1, difference,
                    [&](double t, std::size_t f) { return std::abs(t) * canberra_term(x[f], y[f]); });
    case Reduction::kCanberra: return canberra(x, y, features);
    case Reduction::kChebyshev: {
      double largest = 0;
      const auto keep_largest = [&](double t, std::size_t) { return largest = std::max(largest, std::abs(t)), 0.0; };
      const int exponent = sum_of(x, y, features, 1, difference, keep_largest).exponent;
      return {largest, exponent};
    }
    case Reduction::kLesser: break;  // never reduced alone: Manhattan distances are sums of differences here
  }
  return {};
}

Scaled quotient(Scaled dividend, Scaled divisor) {
  if (dividend.value == 0) return {};
  return {dividend.value / divisor.value, dividend.exponent - divisor.exponent};
}

}  // namespace genmi::affinity
