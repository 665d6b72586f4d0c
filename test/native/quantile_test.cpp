// The quantile of all N^2 distances equals that of the sorted distances, ties, infinities and small N included.
#include "genmi/quantile.h"

#include <gtest/gtest.h>

#include <cmath>

#include "affinity/pair_selection.h"
#include "genmi/hop_distance.h"
#include "hop_support.h"
#include "simd/isa.h"

namespace genmi {
namespace {

using namespace test;

std::vector<double> sorted(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values;
}

// The interpolated quantile of sorted numbers.
double quantile_in(const std::vector<double>& values, double q) {
  const double position = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const double low = values[below], high = values[std::min(below + 1, values.size() - 1)];
  return low + (position - static_cast<double>(below)) * (high - low);
}

double quantile_of(const Affinity& distances, double q, std::size_t threads = 1) {
  const auto pool = std::make_shared<ThreadPool>(8);
  Workspace workspace;
  double value = -1;
  EXPECT_TRUE(distance_quantile(distances, q, {workspace, pool.get(), threads}, value));
  return value;
}

class Quantile : public testing::TestWithParam<simd::Isa> {
 protected:
  void SetUp() override {
    if (!simd::is_supported(GetParam())) GTEST_SKIP() << name_of(GetParam()) << " does not run here";
    simd::set_default_isa(GetParam());
  }
  void TearDown() override { simd::set_default_isa(simd::best_isa()); }
  Generator random_{21};
};

TEST_P(Quantile, IsThatOfTheSortedEntries) {
  for (std::size_t n = 1; n <= 200; n += n < 30 ? 1 : 17) {
    for (const std::size_t values : {0, 1, 2, 7, 100}) {
      const std::vector<double> matrix = random_distances(n, values, random_);
      const std::vector<double> entries = sorted(matrix);
      const AffinityPtr distances = precomputed(matrix);
      for (double q : {0.0, 0.05, 0.5, 1.0, -1.0, -1.0, -1.0}) {
        if (q < 0) q = std::uniform_real_distribution<double>()(random_);
        EXPECT_EQ(quantile_of(*distances, q), quantile_in(entries, q)) << n << " samples, q = " << q;
      }
    }
  }
}

// Enough samples for intervals from sampled pairs. With few values, most pairs are at the ends of the interval. Where
// it has too many pairs, or misses the rank, histograms are used.
TEST_P(Quantile, IsThatOfTheSortedEntriesOfMany) {
  for (const std::size_t n : {513, 900}) {
    for (const std::size_t values : {0, 1, 3, 50, 100000}) {
      const std::vector<double> matrix = random_distances(n, values, random_);
      const std::vector<double> entries = sorted(matrix);
      const AffinityPtr distances = precomputed(matrix, values == 50 ? Precision::kFloat32 : Precision::kFloat64);
      for (const double q : {0.0, 1e-5, 0.05, 0.5, 0.77, 0.99999, 1.0})
        for (const std::size_t threads : {1, 3})
          EXPECT_EQ(quantile_of(*distances, q, threads), quantile_in(entries, q)) << n << " samples, q = " << q;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Of, Quantile, testing::ValuesIn(simd::kAllIsas),
                         [](const auto& test) { return std::string(name_of(test.param)); });

// Every rank, for pairs that are nearly all equal and differ in their last bits.
TEST(PairSelection, FindsEveryRank) {
  constexpr std::size_t kSamples = 530, kPairs = kSamples * (kSamples - 1) / 2;
  Generator random(2);
  std::vector<double> matrix(kSamples * kSamples, 0.0), pairs;
  for (std::size_t i = 0; i < kSamples; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const std::uint64_t kind = random() % 3;
      const double small = static_cast<double>(random() % 64);
      pairs.push_back(kind == 0 ? 1 + 0x1p-52 * small : kind == 1 ? small : std::ldexp(1 + small / 64, 900));
      matrix[i * kSamples + j] = matrix[j * kSamples + i] = pairs.back();
    }
  }
  std::sort(pairs.begin(), pairs.end());
  const AffinityPtr distances = precomputed(matrix);
  Workspace workspace;
  Progress progress(nullptr, 1);
  const Context context{workspace};
  affinity::PairSelection selection(*distances, context, progress);
  for (std::size_t rank = 0; rank < kPairs; rank += 1 + random() % 2000)
    EXPECT_EQ(selection.distance_at(rank), pairs[rank]) << rank;
  for (std::size_t rank = kPairs; rank-- > 0; rank -= std::min(rank, static_cast<std::size_t>(random() % 4000)))
    EXPECT_EQ(selection.distance_at(rank), pairs[rank]) << rank;
}

// Distances grow along the rows, so that sampled pairs give a wrong interval.
TEST(PairSelection, RecoversFromAnIntervalThatMisses) {
  constexpr std::size_t kSamples = 700;
  std::vector<double> matrix(kSamples * kSamples, 0.0);
  for (std::size_t i = 0; i < kSamples; ++i)
    for (std::size_t j = 0; j < i; ++j)
      matrix[i * kSamples + j] = matrix[j * kSamples + i] = static_cast<double>(i * kSamples + j);
  const std::vector<double> entries = sorted(matrix);
  const AffinityPtr distances = precomputed(matrix);
  for (double q = 0; q <= 1; q += 0.07) EXPECT_EQ(quantile_of(*distances, q), quantile_in(entries, q)) << q;
}

TEST(DistanceQuantile, ReportsProgressAndIsCancelled) {
  Generator random(1);
  const AffinityPtr distances = precomputed(random_distances(600, 0, random));
  Workspace workspace;
  Job job;
  double value = -1;
  EXPECT_TRUE(distance_quantile(*distances, 0.3, {workspace, nullptr, 1, &job}, value));
  EXPECT_EQ(job.progress(), 1);
  job.cancel();
  EXPECT_EQ(distance_quantile(*distances, 0.3, {workspace, nullptr, 1, &job}, value).code(), Code::kAborted);
}

}  // namespace
}  // namespace genmi
