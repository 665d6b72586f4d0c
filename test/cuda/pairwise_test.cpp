// Matrices of every kernel and distance, emulated, against their definitions in long double. Nothing here has run on a
// GPU.
#include "cuda/affinity/pairwise.h"

#include <cmath>
#include <string>

#include "emulated.h"
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
  const std::size_t stride = n + 5;
  const affinity::Coefficients coefficients{0.5 / static_cast<double>(d), 3, 1};
  const std::vector<T> found = in_all_orders<T>(n * n, [&](T* out) {
    std::vector<T> padded(n * stride - 5);
    const cudaError_t error = make_pairs<T>(
        {x.data(), n, d, reduction_of(measure), finish_of(measure), measure.traits.scale, measure.traits.constant,
         coefficients.gamma, coefficients.degree, coefficients.coef0, padded.data(), stride},
        nullptr);
    for (std::size_t i = 0; i < n; ++i)
      std::copy_n(padded.begin() + static_cast<std::ptrdiff_t>(i * stride), n, out + i * n);
    return error;
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
      if (n == 32 || !takes_few_sizes()) check_pairs<float>(measure, n, n - 1, random);
}

TEST(EmulatedPairs, OfNothingLaunchNothing) {
  EXPECT_EQ(make_pairs<float>({}, nullptr), cudaSuccess);
  Pairs<float> unknown{};
  unknown.n = 1;
  unknown.reduction = static_cast<PairReduction>(99);
  EXPECT_EQ(make_pairs(unknown, nullptr), cudaErrorInvalidValue);
}

}  // namespace
}  // namespace genmi::cuda::test
