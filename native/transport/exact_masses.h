// Sums of masses without rounding, whatever their magnitudes: fixed-point numbers with enough 32-bit digits for all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace genmi::transport {

class ExactMasses {
 public:
  // Starts `count` sums at 0, each of fewer than 2^29 numbers. Their magnitudes are 0 or from `least` to `greatest`.
  void start(std::size_t count, double least, double greatest);

  // Drops the bits of `number` that are below the last bit of `least`: the same bits in every sum.
  void add(std::size_t at, double number);
  // Adds sum `other` of `others`, which have been started with the same `least` and `greatest`.
  void add_sum(std::size_t at, const ExactMasses& others, std::size_t other);

  // The sum, rounded; its sign is right.
  double value(std::size_t at) const;

 private:
  static constexpr int kDigitBits = 32;
  static constexpr std::size_t kMostDigits = 80;  // hold all float64 numbers, with room for carries

  std::size_t digits_ = 0;
  int lowest_exponent_ = 0;         // the exponent of the lowest digit's unit
  std::vector<std::int64_t> sums_;  // digits from the lowest on; carries wait in their upper halves
};

}  // namespace genmi::transport
