// Medians, as the other contestants of `npm run bench:kernels` measure them.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

namespace genmi::bench {

template <class Work>
double seconds_of(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The median seconds of the calls that fit into a time, at least one.
template <class Work>
double median_seconds(double budget, const Work& work) {
  std::vector<double> seconds;
  double spent = 0;
  do {
    seconds.push_back(seconds_of(work));
    spent += seconds.back();
  } while (spent < budget);
  const auto middle = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
  std::nth_element(seconds.begin(), middle, seconds.end());
  return *middle;
}

}  // namespace genmi::bench
