// Random inputs for tests, the same in every run and with every standard library.
#pragma once

#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

namespace genmi::test {

using Generator = std::mt19937_64;

// The normal distribution of libstdc++: Marsaglia's polar method, two numbers at a time. Other libraries have other
// methods.
class Gaussian {
 public:
  double operator()(Generator& random) {
    if (has_second_) {
      has_second_ = false;
      return second_;
    }
    double x, y, square;
    do {
      x = 2 * uniform(random) - 1;
      y = 2 * uniform(random) - 1;
      square = x * x + y * y;
    } while (square > 1 || square == 0);
    const double factor = std::sqrt(-2 * std::log(square) / square);
    second_ = x * factor;
    has_second_ = true;
    return y * factor;
  }

 private:
  static double uniform(Generator& random) { return static_cast<double>(random()) * 0x1p-64; }

  double second_ = 0;
  bool has_second_ = false;
};

inline std::vector<double> gaussians(Generator& random, std::size_t count, double deviation = 1) {
  Gaussian gaussian;
  std::vector<double> values(count);
  for (double& value : values) value = deviation * gaussian(random);
  return values;
}

inline std::vector<double> softmax(std::vector<double> logits, std::size_t k) {
  for (std::size_t i = 0; i < logits.size(); i += k) {
    double sum = 0;
    for (std::size_t j = i; j < i + k; ++j) sum += logits[j] = std::exp(logits[j]);
    for (std::size_t j = i; j < i + k; ++j) logits[j] /= sum;
  }
  return logits;
}

}  // namespace genmi::test
