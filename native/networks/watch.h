// Where the time of a step goes.
#pragma once

#include <chrono>
#include <utility>

namespace genmi::networks {

// Adds the time since the last call, or since its construction, to one total after the other.
class Watch {
 public:
  void add_to(double& seconds) {
    const auto now = std::chrono::steady_clock::now();
    seconds += std::chrono::duration<double>(now - std::exchange(last_, now)).count();
  }
  // Counts from now on.
  void skip() { last_ = std::chrono::steady_clock::now(); }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace genmi::networks
