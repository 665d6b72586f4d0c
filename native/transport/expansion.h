// Sums of float64 numbers without rounding. An expansion is a few float64 numbers whose digits do not overlap.
// Sources: Knuth, "The Art of Computer Programming", volume 2, section 4.2.2 (two_sum); Shewchuk, "Adaptive precision
// floating-point arithmetic and fast robust geometric predicates", 1997, section 2.4 (growing an expansion).
#pragma once

#include <algorithm>
#include <cmath>

namespace genmi::transport {

// A rounded result and its rounding error. Their sum is exact.
struct Rounded {
  double value, error;
};

inline Rounded two_sum(double a, double b) {
  const double sum = a + b, from_b = sum - a;
  return {sum, (a - (sum - from_b)) + (b - from_b)};
}

inline Rounded two_product(double a, double b) {
  const double product = a * b;
  return {product, std::fma(a, b, -product)};
}

class Expansion {
 public:
  Expansion() = default;

  void add(double number) {
    double sum = number, parts[kParts + 1];
    int count = 0;
    for (int k = 0; k < count_; ++k) {
      const auto [value, error] = two_sum(sum, parts_[k]);
      sum = value;
      if (error != 0) parts[count++] = error;
    }
    if (sum != 0) parts[count++] = sum;
    const int dropped = count > kParts ? 1 : 0;  // the smallest part, 2^-400 of the largest
    count_ = count - dropped;
    std::copy_n(parts + dropped, count_, parts_);
  }
  void add(const Expansion& other, double sign = 1) {
    for (int k = 0; k < other.count_; ++k) add(sign * other.parts_[k]);
  }

  // The sum, rounded; its sign is right.
  double value() const {
    double sum = 0;
    for (int k = 0; k < count_; ++k) sum += parts_[k];
    return sum;
  }

  friend bool operator<(Expansion a, const Expansion& b) {
    a.add(b, -1);
    return a.value() < 0;
  }

 private:
  static constexpr int kParts = 8;

  int count_ = 0;
  double parts_[kParts];  // by magnitude, the largest last
};

}  // namespace genmi::transport
