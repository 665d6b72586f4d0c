// Random inputs for tests, the same in every run.
#pragma once

#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

namespace genmi::test {

using Generator = std::mt19937_64;

inline std::vector<double> gaussians(Generator& random, std::size_t count, double deviation = 1) {
  std::normal_distribution<double> normal(0, deviation);
  std::vector<double> values(count);
  for (double& value : values) value = normal(random);
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
