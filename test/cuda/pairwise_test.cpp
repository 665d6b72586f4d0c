// Matrices of every kernel and distance, emulated, against their definitions in long double. Nothing here has run on a
// GPU.
#include "cuda/affinity/pairwise.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "emulated.h"
#include "entry_definition.h"
#include "measure_cases.h"

namespace genmi::cuda::test {
namespace {

using affinity::Measure;
using affinity::Reduction;
using genmi::test::Long;

PairReduction reduction_of(const Measure& measure) {
  switch (measure.reduction) {
    case Reduction::kInner: return PairReduction::kInner;
    case Reduction::kSquaredEuclidean: return PairReduction::kSquaredEuclidean;
    case Reduction::kManhattan: return measure.traits.divisor ? PairReduction::kBrayCurtis : PairReduction::kManhattan;
    case Reduction::kChebyshev: return PairReduction::kChebyshev;
    case Reduction::kChiSquared: return PairReduction::kChiSquared;
    default: return PairReduction::kCanberra;
  }
}

PairFinish finish_of(const Measure& measure) {
  switch (measure.finish) {
    case affinity::Finish::kAffine: return PairFinish::kAffine;
    case affinity::Finish::kRoot: return PairFinish::kRoot;
    case affinity::Finish::kExponential: return PairFinish::kExponential;
    case affinity::Finish::kPower: return PairFinish::kPower;
    case affinity::Finish::kTanh: return PairFinish::kTanh;
  }
  return PairFinish::kAffine;
}

// Positive features, which every measure takes. Samples 0 and n / 2 are equal.
template <class T>
std::vector<T> features(std::size_t n, std::size_t d, const Measure& measure, Generator& random) {
  std::vector<T> x = draw<T>(random, n * d);
  for (std::size_t i = 0; i < n; ++i) {
    T* const row = x.data() + i * d;
    const bool equals_first = i == n / 2 && i > 0;
    for (std::size_t f = 0; f < d; ++f) row[f] = equals_first ? x[f] : std::abs(row[f]);
    Long squares = 0;
    for (std::size_t f = 0; f < d; ++f) squares += static_cast<Long>(row[f]) * static_cast<Long>(row[f]);
    if (!measure.traits.normalises || equals_first) continue;
    for (std::size_t f = 0; f < d; ++f) row[f] = static_cast<T>(row[f] / std::sqrt(squares));
  }
  return x;
}

template <class T>
void check_pairs(const Measure& measure, std::size_t n, std::size_t d, Generator& random) {
  SCOPED_TRACE(std::string(measure.name) + ", " + std::to_string(n) + " samples, " + std::to_string(d) + " features");
  const std::vector<T> x = features<T>(n, d, measure, random);
  const affinity::Coefficients coefficients{0.5 / static_cast<double>(d), 3, 1};
  const std::vector<double> added(n, measure.traits.constant / 2), inner(n, coefficients.coef0 / 2);
  const std::size_t first = n / 3, some = n - first;
  const std::vector<T> found = in_all_orders<T>(n * n, [&](T* out) {
    const auto make = [&](std::size_t from, std::size_t count) {
      return make_pairs<T>({x.data(), n, d, reduction_of(measure), finish_of(measure), measure.traits.scale,
                            coefficients.gamma, coefficients.degree, 0, 0, std::numeric_limits<double>::infinity(),
                            added.data(), inner.data(), from, count, out + from * n},
                           nullptr);
    };
    const cudaError_t error = make(0, first);
    return error == cudaSuccess ? make(first, some) : error;
  });
  const auto sample = [&](std::size_t i) { return std::vector<Long>(x.data() + i * d, x.data() + (i + 1) * d); };
  const double scale = measure.reduction == Reduction::kInner || measure.kind == Kind::kDistance
                           ? 4 * static_cast<double>(d)
                           : 4;  // the largest entries that these features have, about
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      const auto expected =
          static_cast<double>(genmi::test::definition(measure, coefficients, sample(i), sample(j), i == j));
      const double tolerance =
          100 * static_cast<double>(std::numeric_limits<T>::epsilon()) * (scale + std::abs(expected));
      ASSERT_NEAR(static_cast<double>(found[i * n + j]), expected, tolerance) << i << ", " << j;
      ASSERT_EQ(found[i * n + j], found[j * n + i]);
    }
  if (measure.kind == Kind::kDistance) {
    EXPECT_EQ(found[n / 2], 0) << "between equal samples";
  }
}

TEST(EmulatedPairs, OfEveryMeasureAreRightForAllSizes) {
  Generator random(12);
  for (const Measure& measure : affinity::measures())
    for (const std::size_t n : sizes()) {
      if (n % 3 == 0) check_pairs<float>(measure, n, 1 + n * 7 % 67, random);
      else if (n % 3 == 1) check_pairs<double>(measure, n, 1 + n * 5 % 67, random);
    }
}

TEST(EmulatedPairs, AreRightAtTheBoundariesOfTiles) {
  Generator random(13);
  for (const Measure& measure : affinity::measures())
    for (const std::size_t n : {32u, 33u, 64u})
      for (const std::size_t d : {n - 1, n + 1})
        if (n == 32 || !takes_few_sizes()) check_pairs<float>(measure, n, d, random);
}

// Each sample with parts of its own, and numbers near a largest one.
template <class T>
void check_parts(PairFinish finish, bool inner_product) {
  constexpr std::size_t kSamples = 35, kFeatures = 3;
  constexpr double kMost = 3;
  const genmi::test::EntryFunction function{static_cast<int>(finish), 0.7, 0.3, 2, 0.4, 5};
  Generator random(14);
  std::vector<T> x = draw<T>(random, kSamples * kFeatures);
  std::copy_n(x.begin(), kFeatures, x.begin() + 7 * kFeatures);  // samples 0 and 7 are equal
  const std::vector<double> added = draw<double>(random, kSamples), inner = draw<double>(random, kSamples);
  std::vector<T> found(kSamples * kSamples);
  ASSERT_EQ(make_pairs<T>({x.data(), kSamples, kFeatures,
                           inner_product ? PairReduction::kInner : PairReduction::kSquaredEuclidean, finish,
                           function.scale, function.gamma, function.degree, function.subtract, function.at_zero, kMost,
                           added.data(), inner.data(), 0, kSamples, found.data()},
                          nullptr),
            cudaSuccess);
  for (std::size_t i = 0; i < kSamples; ++i)
    for (std::size_t j = 0; j < kSamples; ++j) {
      Long r = 0;
      for (std::size_t f = 0; f < kFeatures; ++f) {
        const auto a = static_cast<Long>(x[i * kFeatures + f]), b = static_cast<Long>(x[j * kFeatures + f]);
        r += inner_product ? a * b : (a - b) * (a - b);
      }
      r = std::min<Long>(r, kMost);
      const Long expected = function(r, inner[i] + inner[j]) + added[i] + added[j];
      const double allowed =
          20 * static_cast<double>(std::numeric_limits<T>::epsilon()) * (4 + std::abs(static_cast<double>(expected)));
      ASSERT_NEAR(static_cast<double>(found[i * kSamples + j]), static_cast<double>(expected), allowed) << i << j;
    }
}

TEST(EmulatedPairs, TakePartsOfEachSample) {
  for (const PairFinish finish : {PairFinish::kAffine, PairFinish::kRoot, PairFinish::kExponential,
                                  PairFinish::kExponentialLessOne, PairFinish::kPower, PairFinish::kTanh}) {
    SCOPED_TRACE(static_cast<int>(finish));
    check_parts<float>(finish, false);
    check_parts<double>(finish, false);
    if (finish != PairFinish::kRoot) check_parts<double>(finish, true);
  }
}

// The square of 2e19 is no number of float32.
TEST(EmulatedPairs, OfLargeFeaturesHaveAChiSquared) {
  const std::vector<float> x = {2e19f, 1};
  const std::vector<double> zeros(2);
  std::vector<float> found(4);
  ASSERT_EQ(make_pairs<float>({x.data(), 2, 1, PairReduction::kChiSquared, PairFinish::kAffine, 1, 1, 1, 0, 0,
                               std::numeric_limits<double>::infinity(), zeros.data(), zeros.data(), 0, 2, found.data()},
                              nullptr),
            cudaSuccess);
  EXPECT_EQ(found, (std::vector<float>{0, 2e19f, 2e19f, 0}));
}

TEST(EmulatedPairs, OfNothingLaunchNothing) {
  EXPECT_EQ(make_pairs<float>({}, nullptr), cudaSuccess);
  Pairs<float> unknown{};
  unknown.n = 1;
  EXPECT_EQ(make_pairs(unknown, nullptr), cudaSuccess) << "no row";
  unknown.count = 1;
  unknown.reduction = static_cast<PairReduction>(99);
  EXPECT_EQ(make_pairs(unknown, nullptr), cudaErrorInvalidValue);
}

}  // namespace
}  // namespace genmi::cuda::test
