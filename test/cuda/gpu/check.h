// Helpers for the checks of a card.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <vector>

#include "genmi/device_table.h"
#include "random.h"

extern "C" const GenmiDeviceTable* genmi_device_table(std::uint32_t version);

namespace genmi::test {

inline const GenmiDeviceTable& table() { return *genmi_device_table(GENMI_DEVICE_TABLE_VERSION); }

// A call that fails ends the check.
inline void require(const GenmiFailure& failure) {
  if (failure.call == nullptr) return;
  std::printf("%s: %s\n", failure.call, failure.error);
  std::exit(EXIT_FAILURE);
}

template <class T>
std::vector<T> draw(Generator& random, std::size_t count, double deviation = 1) {
  const std::vector<double> numbers = gaussians(random, count, deviation);
  return {numbers.begin(), numbers.end()};
}

// How many results were compared, and the largest error as a share of the error that is allowed.
struct Result {
  std::size_t compared = 0;
  double largest = 0;

  void add(double share) {
    largest = std::isnan(share) ? std::numeric_limits<double>::infinity() : std::max(largest, share);
  }
};

// With up to `most` samples.
Result check_products(GenmiDevice* device, std::size_t most);
Result check_pairs(GenmiDevice* device, std::size_t most);
Result check_trainings(GenmiDevice* device, std::size_t most);

}  // namespace genmi::test
