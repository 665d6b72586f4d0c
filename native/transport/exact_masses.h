// Sums of masses without rounding, whatever their magnitudes: fixed-point numbers of as many 32-bit digits as it takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace genmi::transport {

class ExactMasses {
 public:
  // `count` sums, all zero, of fewer than 2^29 numbers whose magnitudes are 0 or between the two.
  void start(std::size_t count, double least, double greatest);

  // Digits of a number that are too small for all of `least` are left out: from two sums the same ones.
  void add(std::size_t at, double number);
  // Adds one of `others`, which have been started for the same numbers.
  void add_sum(std::size_t at, const ExactMasses& others, std::size_t other);

  // Rounded; its sign is right.
  double value(std::size_t at) const;

 private:
  static constexpr int kDigitBits = 32;
  static constexpr std::size_t kMostDigits = 80;  // of all float64 numbers, and room for carries

  std::size_t digits_ = 0;
  int lowest_exponent_ = 0;         // of the lowest digit's unit
  std::vector<std::int64_t> sums_;  // digits from the lowest on; carries wait in their upper halves
};

}  // namespace genmi::transport
