#include "transport/exact_masses.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace genmi::transport {
namespace {

constexpr int kMantissaBits = std::numeric_limits<double>::digits;
constexpr int kLeastExponent = std::numeric_limits<double>::min_exponent - kMantissaBits;  // of the least float64

}  // namespace

void ExactMasses::start(std::size_t count, double least, double greatest) {
  const int lowest = least == 0 ? 0 : std::max(kLeastExponent, std::ilogb(least) - kMantissaBits + 1);
  const int highest = greatest == 0 ? lowest : std::max(lowest, std::ilogb(greatest));
  lowest_exponent_ = lowest;
  digits_ = static_cast<std::size_t>((highest - lowest) / kDigitBits + 3);
  sums_.assign(count * digits_, 0);
}

void ExactMasses::add(std::size_t at, double number) {
  if (number == 0) return;
  int exponent = 0;
  auto mantissa = static_cast<std::int64_t>(std::ldexp(std::frexp(number, &exponent), kMantissaBits));
  exponent -= kMantissaBits + lowest_exponent_;
  if (exponent < 0) {  // bits below the lowest digit are dropped
    mantissa = exponent > -kMantissaBits ? mantissa / (std::int64_t{1} << -exponent) : 0;
    exponent = 0;
  }
  const std::int64_t sign = mantissa < 0 ? -1 : 1;
  const auto magnitude = static_cast<std::uint64_t>(sign * mantissa);
  const int shift = exponent % kDigitBits;
  constexpr std::uint64_t kMask = 0xffffffff;
  const std::uint64_t low = (magnitude & kMask) << shift, high = (magnitude >> kDigitBits) << shift;
  std::int64_t* digit = sums_.data() + at * digits_ + static_cast<std::size_t>(exponent / kDigitBits);
  digit[0] += sign * static_cast<std::int64_t>(low & kMask);
  digit[1] += sign * static_cast<std::int64_t>((low >> kDigitBits) + (high & kMask));
  digit[2] += sign * static_cast<std::int64_t>(high >> kDigitBits);
}

void ExactMasses::add_sum(std::size_t at, const ExactMasses& others, std::size_t other) {
  std::int64_t* to = sums_.data() + at * digits_;
  const std::int64_t* from = others.sums_.data() + other * digits_;
  for (std::size_t k = 0; k < digits_; ++k) to[k] += from[k];
}

double ExactMasses::value(std::size_t at) const {
  std::int64_t digits[kMostDigits];
  std::copy_n(sums_.data() + at * digits_, digits_, digits);
  const auto carry = [&] {
    for (std::size_t k = 0; k + 1 < digits_; ++k) {
      digits[k + 1] += digits[k] >> kDigitBits;
      digits[k] &= 0xffffffff;
    }
  };
  carry();
  const bool negative = digits[digits_ - 1] < 0;
  if (negative) {
    for (std::size_t k = 0; k < digits_; ++k) digits[k] = -digits[k];
    carry();
  }
  double sum = 0;
  std::size_t top = digits_;
  while (top > 0 && digits[top - 1] == 0) --top;
  const std::size_t first = top > 4 ? top - 4 : 0;
  for (std::size_t k = top; k-- > first;) sum = sum * 0x1p32 + static_cast<double>(digits[k]);
  sum = std::ldexp(sum, static_cast<int>(first) * kDigitBits + lowest_exponent_);
  return negative ? -sum : sum;
}

}  // namespace genmi::transport
