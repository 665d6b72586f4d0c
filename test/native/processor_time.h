// Processor time of calls: other work on the machine does not count.
#pragma once

#include <algorithm>
#include <ctime>
#include <limits>

namespace genmi::test {

// The least mean of `repeats` groups of calls, in seconds. Some systems' clock goes in steps of milliseconds: groups
// grow until they take several steps.
template <class Call>
double processor_seconds(int repeats, const Call& call) {
  constexpr double kSteps = 0.05;
  for (int calls = 1;; calls *= 4) {
    double least = std::numeric_limits<double>::infinity();
    for (int repeat = 0; repeat < repeats; ++repeat) {
      const std::clock_t begin = std::clock();
      for (int i = 0; i < calls; ++i) call();
      least = std::min(least, static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
    }
    if (least >= kSteps || (CLOCKS_PER_SEC > 1000 && least > 0)) return least / calls;
  }
}

}  // namespace genmi::test
