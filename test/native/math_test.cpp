// The elementary functions of every instruction set that runs here. Exponentials and logarithms of float32 are compared
// with the C library's float64 over all numbers (every 1009th where not exhaustive). The other functions are compared
// with a longer format, on random and special numbers. simd/divergence_kernels.h and simd/pairwise_finish.inl state the
// bounds, in units in the last place.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "isas.h"
#include "simd/kernels.h"
#include "thoroughness.h"

namespace genmi::simd {
namespace {

constexpr std::uint64_t kStride = test::kExhaustive ? 1 : 1009;

// |actual - expected| in units in the last place of T at `expected`; NaN from both is right.
template <class T, class Wide>
double error_in_ulp(T actual, Wide expected) {
  const T rounded = static_cast<T>(expected);
  if (std::isnan(rounded) || std::isinf(rounded)) {
    const bool same = std::isnan(rounded) ? std::isnan(actual) : actual == rounded;
    return same ? 0 : std::isinf(rounded) && std::abs(actual) == std::numeric_limits<T>::max() ? 1 : 1e9;
  }
  if (!std::isfinite(actual)) return 1e9;
  const T size = std::max(std::abs(rounded), std::numeric_limits<T>::min());
  const Wide unit = static_cast<Wide>(std::nextafter(size, std::numeric_limits<T>::infinity()) - size);
  return static_cast<double>(std::abs((static_cast<Wide>(actual) - expected) / unit));
}

template <class T, class Wide, class Reference>
double largest_error(void (*function)(const T*, std::size_t, T*), const std::vector<T>& x, const Reference& reference) {
  std::vector<T> y(x.size());
  function(x.data(), x.size(), y.data());
  double largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    largest = std::max(largest, error_in_ulp<T, Wide>(y[i], reference(static_cast<Wide>(x[i]))));
  return largest;
}

// A function of one instruction set, applied to whole panels of numbers.
template <class T>
using Apply = void (*)(const Kernels& kernels, const T* x, std::size_t count, T* out);

template <class T, auto kFunction>
void apply(const Kernels& kernels, const T* x, std::size_t count, T* out) {
  (kernels.panel<T>().*kFunction)(x, count, out);
}

// A finish of tiles as a function of their entries: exp(x), or exp(x) - 1.
template <class T, auto kFinish>
void apply_to_tile(const Kernels& kernels, const T* x, std::size_t count, T* out) {
  constexpr std::size_t kWidth = kFeaturePanel<T>;
  const std::size_t rows = count / kWidth;
  const std::vector<double> nothing(std::max(kWidth, rows), 0.0);
  Finish<T> finish{.rows = nothing.data(), .columns = nothing.data(), .gamma = -1};
  finish.zero = std::numeric_limits<T>::quiet_NaN();  // no samples are equal
  std::copy_n(x, count, out);
  (kernels.pairwise<T>().*kFinish)({out, kWidth, rows, kWidth}, finish);
}

// A chunk of numbers, their expected results, and the inverse of a unit in the last place of each result. The inverse
// is 0 where the expected result is no normal number. (Billions of errors are computed from these without a call each.)
struct Expected {
  std::vector<float> x;
  std::vector<double> y, inverse_unit;

  explicit Expected(std::size_t count) : x(count), y(count), inverse_unit(count) {}

  void set(std::size_t i, float at, double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    const std::uint64_t exponent = bits >> 52 & 0x7ff;
    const bool normal = exponent > 1023 - 126 && exponent < 1023 + 127;
    x[i] = at;
    y[i] = value;
    inverse_unit[i] = normal ? std::bit_cast<double>((2046 - exponent + 23) << 52) : 0;
  }

  double largest_error(const std::vector<float>& actual) const {
    double largest = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      double error = std::abs(static_cast<double>(actual[i]) - y[i]) * inverse_unit[i];
      if (inverse_unit[i] == 0) error = actual[i] == static_cast<float>(y[i]) ? 0 : error_in_ulp(actual[i], y[i]);
      largest = error <= largest ? largest : error;
    }
    return largest;
  }
};

// The largest error of a function over the chunks [0, chunks) and all instruction sets. fill(chunk, expected) makes a
// chunk; two threads do so.
template <class Fill>
double largest_error_of(Apply<float> function, std::uint64_t chunks, std::size_t size, const Fill& fill) {
  constexpr std::uint64_t kThreads = 2;
  double largest[kThreads] = {};
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      Expected expected(size);
      std::vector<float> actual(size);
      for (std::uint64_t chunk = t; chunk < chunks; chunk += kThreads) {
        fill(chunk, expected);
        for (const Isa isa : test::supported_isas()) {
          function(kernels(isa), expected.x.data(), size, actual.data());
          largest[t] = std::max(largest[t], expected.largest_error(actual));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return std::max(largest[0], largest[1]);
}

constexpr std::size_t kChunk = 1 << 12;

constexpr std::uint64_t chunks_of(std::uint64_t numbers) { return numbers / kStride / kChunk + 1; }

TEST(MathOfAllFloats, Exponential) {
  const auto fill = [&](std::uint64_t chunk, Expected& expected) {
    for (std::size_t i = 0; i < kChunk; ++i) {
      const float x = std::bit_cast<float>(static_cast<std::uint32_t>((chunk * kChunk + i) * kStride));
      // Beyond +-200 the exponential is 0 or infinite in float32; the C library is slow there.
      expected.set(i, x, std::exp(std::clamp(static_cast<double>(x), -200.0, 200.0)));
    }
  };
  const double error =
      largest_error_of(apply<float, &PanelKernels<float>::exp>, chunks_of(std::uint64_t{1} << 32), kChunk, fill);
  RecordProperty("ulp", std::to_string(error));
  EXPECT_LE(error, 1.1);
}

// All numbers from -87.3, where the exponential is the least normal number, to 80, except magnitudes below 1e-8, where
// it is 1: the range that kernels use. Below -87.3 the result is 0.
template <class Reference>
double largest_error_in_tiles(Apply<float> function, const Reference& reference) {
  const std::uint64_t tiny = std::bit_cast<std::uint32_t>(1e-8f);
  const auto chunks_up_to = [&](float most) { return chunks_of(std::bit_cast<std::uint32_t>(most) - tiny); };
  const std::uint64_t negative = chunks_up_to(87.3f), positive = chunks_up_to(80.f);
  const auto fill = [&](std::uint64_t chunk, Expected& expected) {
    const bool below_0 = chunk < negative;
    const float limit = below_0 ? -87.3f : 80.f;
    for (std::size_t i = 0; i < kChunk; ++i) {
      const std::uint64_t bits = tiny + ((below_0 ? chunk : chunk - negative) * kChunk + i) * kStride;
      const float size = std::min(std::bit_cast<float>(static_cast<std::uint32_t>(bits)), std::abs(limit));
      const float x = std::copysign(size, limit);
      expected.set(i, x, reference(static_cast<double>(x)));
    }
  };
  return largest_error_of(function, negative + positive, kChunk, fill);
}

TEST(MathOfAllFloats, ExponentialOfTiles) {
  const double error = largest_error_in_tiles(apply_to_tile<float, &PairwiseKernels<float>::exponential>,
                                              [](double x) { return std::exp(x); });
  RecordProperty("ulp", std::to_string(error));
  EXPECT_LE(error, 2);
}

TEST(MathOfAllFloats, ExponentialLessOneOfTiles) {
  const double error = largest_error_in_tiles(apply_to_tile<float, &PairwiseKernels<float>::exponential_less_one>,
                                              [](double x) { return std::expm1(x); });
  RecordProperty("ulp", std::to_string(error));
  EXPECT_LE(error, 3);
}

// For each mantissa the C library gives one logarithm; those of all exponents follow by adding multiples of log 2.
TEST(MathOfAllFloats, Logarithm) {
  constexpr std::uint32_t kMantissas = 1 << 23, kExponents = 254;
  const auto fill = [&](std::uint64_t chunk, Expected& expected) {
    const auto mantissa = static_cast<std::uint32_t>(chunk * kStride);
    const double above = 1 + static_cast<double>(mantissa) / kMantissas;
    const int shift = above > 1.4 ? 1 : 0;  // no digits cancel near 1
    const double log = std::log(above / (1 << shift));
    for (std::uint32_t i = 0; i < kExponents; ++i)
      expected.set(i, std::bit_cast<float>(mantissa | (i + 1) << 23),
                   log + (static_cast<int>(i) - 126 + shift) * 0.69314718055994530942);
    for (std::size_t i = kExponents; i < 256; ++i) expected.set(i, expected.x[0], expected.y[0]);
  };
  const double error =
      largest_error_of(apply<float, &PanelKernels<float>::log>, (kMantissas - 1) / kStride + 1, 256, fill);
  RecordProperty("ulp", std::to_string(error));
  EXPECT_LE(error, 0.9);
}

// Zeros, denormal, infinite and negative numbers, and NaN.
TEST(MathOfAllFloats, LogarithmOfWhatIsNotNormal) {
  constexpr std::uint64_t kDenormal = 1 << 23, kBeyond = 0x7f800000, kRest = (std::uint64_t{1} << 32) - kBeyond;
  const std::uint64_t denormal = chunks_of(kDenormal);
  const auto fill = [&](std::uint64_t chunk, Expected& expected) {
    for (std::size_t i = 0; i < kChunk; ++i) {
      const std::uint64_t from = chunk < denormal ? 0 : kBeyond, count = chunk < denormal ? kDenormal : kRest;
      const std::uint64_t at = ((chunk < denormal ? chunk : chunk - denormal) * kChunk + i) * kStride;
      const float x = std::bit_cast<float>(static_cast<std::uint32_t>(from + std::min(at, count - 1)));
      expected.set(i, x, std::log(static_cast<double>(x)));
    }
  };
  EXPECT_LE(largest_error_of(apply<float, &PanelKernels<float>::log>, denormal + chunks_of(kRest), kChunk, fill), 1.1);
}

class Math : public testing::TestWithParam<Isa> {
 protected:
  const DivergenceKernels& kernels() const { return simd::kernels(GetParam()).divergence; }
};

template <class T>
std::vector<T> between(double least, double greatest, std::size_t count, std::vector<T> special) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> uniform(least, greatest);
  std::vector<T> x(std::move(special));
  while (x.size() < count) x.push_back(static_cast<T>(uniform(random)));
  return x;
}

// Random numbers in [least, greatest] with uniform logarithms.
template <class T>
std::vector<T> of_all_sizes(double least, double greatest, std::size_t count) {
  std::mt19937_64 random(6);
  std::uniform_real_distribution<double> uniform(std::log(least), std::log(greatest));
  std::vector<T> x;
  while (x.size() < count) x.push_back(static_cast<T>(std::exp(uniform(random))));
  return x;
}

constexpr std::size_t kMany = test::kExhaustive ? 1 << 20 : 1 << 12;

template <class T>
std::vector<T> negated(std::vector<T> x) {
  for (T& value : x) value = -value;
  return x;
}

template <class T, class Wide>
void check_sampled(const PanelKernels<T>& kernels, double exp_bound, double log_bound, double expm1_bound,
                   double log1p_bound) {
  const T limit = sizeof(T) == 4 ? T(88) : T(709);
  const auto exp = [](Wide x) { return std::exp(x); };
  const auto expm1 = [](Wide x) { return std::expm1(x); };
  const auto log = [](Wide x) { return std::log(x); };
  const auto log1p = [](Wide x) { return std::log1p(x); };
  constexpr T kMax = std::numeric_limits<T>::max(), kMin = std::numeric_limits<T>::min(),
              kDenormal = std::numeric_limits<T>::denorm_min(), kInf = std::numeric_limits<T>::infinity();
  const auto wide = between<T>(static_cast<double>(-limit), static_cast<double>(limit), kMany,
                               {0, -T(0), kDenormal, kMin, -kMin, kMax, -kMax, -kInf, kInf, 1, -1, limit});
  EXPECT_LE((largest_error<T, Wide>(kernels.exp, wide, exp)), exp_bound);
  EXPECT_LE((largest_error<T, Wide>(kernels.expm1, wide, expm1)), expm1_bound);
  const auto near_0 = of_all_sizes<T>(1e-20, 1, kMany);
  for (const auto& x : {near_0, negated(near_0)}) {
    EXPECT_LE((largest_error<T, Wide>(kernels.exp, x, exp)), exp_bound);
    EXPECT_LE((largest_error<T, Wide>(kernels.expm1, x, expm1)), expm1_bound);
  }
  const auto near_1 = between<T>(0.5, 2, kMany, {0, 1, kDenormal, 3 * kDenormal, kMin, kMax, kInf, T(0.70710678)});
  EXPECT_LE((largest_error<T, Wide>(kernels.log, near_1, log)), log_bound);
  const auto any = of_all_sizes<T>(static_cast<double>(kMin), static_cast<double>(kMax) / 2, kMany);
  EXPECT_LE((largest_error<T, Wide>(kernels.log, any, log)), log_bound);
  EXPECT_LE((largest_error<T, Wide>(kernels.log1p, any, log1p)), log1p_bound);
  EXPECT_LE((largest_error<T, Wide>(kernels.log1p, near_0, log1p)), log1p_bound);
  const auto below_0 = between<T>(-0.99, 0, kMany, {});
  EXPECT_LE((largest_error<T, Wide>(kernels.log1p, below_0, log1p)), log1p_bound);
}

// Whether functions of long double are more precise than those of float64: musl's logl for Arm answers in float64.
bool is_wider() {
  const volatile long double two = 2;
  const long double logarithm = std::log(two);
  return static_cast<double>(logarithm) != logarithm;
}

TEST_P(Math, SampledSingle) { check_sampled<float, double>(kernels().in_single, 1.1, 0.9, 4, 4); }

TEST_P(Math, SampledDouble) {
  if (!is_wider()) GTEST_SKIP() << "no wider reference here";
  check_sampled<double, long double>(kernels().in_double, 1.1, 0.9, 4, 4);
}

TEST_P(Math, SampledDoubleInTiles) {
  if (!is_wider()) GTEST_SKIP() << "no wider reference here";
  const auto near_0 = of_all_sizes<double>(1e-20, 10, kMany);
  for (const auto& x : {between<double>(-708, 700, kMany, {0, -0.0, 1, -1, 700, -708}), near_0, negated(near_0)}) {
    const auto check = [&](Apply<double> function, long double (*reference)(long double), double bound) {
      std::vector<double> y(x.size());
      function(simd::kernels(GetParam()), x.data(), x.size(), y.data());
      for (std::size_t i = 0; i < x.size(); ++i) ASSERT_LE(error_in_ulp(y[i], reference(x[i])), bound) << x[i];
    };
    check(apply_to_tile<double, &PairwiseKernels<double>::exponential>, std::exp, 2);
    check(apply_to_tile<double, &PairwiseKernels<double>::exponential_less_one>, std::expm1, 3);
  }
}

// The finish returns 0 where the exponential is below the normal numbers.
TEST_P(Math, TilesHaveNothingBelowNormalNumbers) {
  const std::vector<float> x(16, -87.4f), far(16, -1e30f);
  std::vector<float> y(16, 1);
  for (const auto& each : {x, far}) {
    apply_to_tile<float, &PairwiseKernels<float>::exponential>(simd::kernels(GetParam()), each.data(), 16, y.data());
    EXPECT_EQ(y, std::vector<float>(16, 0.f));
    apply_to_tile<float, &PairwiseKernels<float>::exponential_less_one>(simd::kernels(GetParam()), each.data(), 16,
                                                                        y.data());
    EXPECT_EQ(y, std::vector<float>(16, -1.f));
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, Math, testing::ValuesIn(test::supported_isas()),
                         [](const auto& isa) { return std::string(name_of(isa.param)); });

}  // namespace
}  // namespace genmi::simd
