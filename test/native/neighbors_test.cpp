// Distances to the k-th nearest sample against all distances, sorted.
#include "affinity/neighbors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "isas.h"
#include "random.h"
#include "thoroughness.h"

namespace genmi {
namespace {

using affinity::ProjectionOptions;
using affinity::Projections;
using test::Generator;

constexpr std::size_t kNever = std::size_t{1} << 60;
// Few directions of few samples, whatever they tell apart.
const ProjectionOptions kProjected{
    .directions = 5, .sampled = 60, .least_samples = 2, .least_features = 1, .most_near = 1};
const ProjectionOptions kDirect{.least_samples = kNever};

template <class T>
std::vector<double> find(const std::vector<T>& x, std::size_t d, std::size_t k, const ProjectionOptions& options = {},
                         std::size_t threads = 1) {
  static ThreadPool pool(8);
  Workspace workspace;
  std::vector<double> out(x.size() / d);
  const Status status = affinity::kth_neighbor_distances(MatrixView<T>{x.data(), out.size(), d}, k, options,
                                                         {workspace, &pool, threads}, out);
  EXPECT_TRUE(status) << status.message();
  return out;
}

template <class T>
std::vector<double> brute_force(const std::vector<T>& x, std::size_t d, std::size_t k) {
  const std::size_t n = x.size() / d;
  std::vector<double> result(n), distances;
  for (std::size_t i = 0; i < n; ++i) {
    distances.clear();
    for (std::size_t j = 0; j < n; ++j) {
      double sum = 0;
      for (std::size_t f = 0; f < d; ++f) {
        const double difference = static_cast<double>(x[i * d + f]) - static_cast<double>(x[j * d + f]);
        sum += difference * difference;
      }
      if (j != i) distances.push_back(std::sqrt(sum));
    }
    std::sort(distances.begin(), distances.end());
    result[i] = distances[k - 1];
  }
  return result;
}

template <class T>
void expect_brute_force(const std::vector<T>& x, std::size_t d, std::size_t k, double tolerance) {
  const std::vector<double> expected = brute_force(x, d, k);
  for (const ProjectionOptions& options : {kDirect, kProjected}) {
    const std::vector<double> found = find(x, d, k, options);
    for (std::size_t i = 0; i < found.size(); ++i)
      ASSERT_NEAR(found[i], expected[i], tolerance * expected[i])
          << "sample " << i << " of " << found.size() << " x " << d << ", k = " << k << ", directions "
          << (options.least_samples == kNever ? 0 : options.directions);
  }
}

// Gaussian samples, the last fifth of which repeats others.
template <class T>
std::vector<T> make_samples(Generator& random, std::size_t n, std::size_t d) {
  const std::vector<double> numbers = test::gaussians(random, n * d, 40);
  std::vector<T> x(n * d);
  for (std::size_t at = 0; at < x.size(); ++at)
    x[at] = static_cast<T>(std::is_same_v<T, std::uint8_t> ? std::clamp(numbers[at] + 90, 0., 255.) : numbers[at]);
  for (std::size_t i = n - n / 5; i < n; ++i) {
    const std::size_t other = random() % i;
    std::copy_n(x.begin() + static_cast<std::ptrdiff_t>(other * d), d, x.begin() + static_cast<std::ptrdiff_t>(i * d));
  }
  return x;
}

constexpr double kSingle = 64 * 0x1p-24, kDouble = 64 * 0x1p-53;

TEST(Neighbors, EqualBruteForceAtAllSizes) {
  for (const simd::Isa isa : test::supported_isas()) {
    const test::WithIsa with(isa);
    Generator random(1);
    for (const std::size_t n : {2u, 3u, 11u, 95u, 96u, 97u, 193u, 400u})
      for (const std::size_t d : {1u, 2u, 17u, 70u}) {
        const std::size_t k = 1 + random() % (n - 1);
        expect_brute_force(make_samples<float>(random, n, d), d, k, kSingle);
        expect_brute_force(make_samples<double>(random, n, d), d, std::min(n - 1, std::size_t{10}), kDouble);
        expect_brute_force(make_samples<std::uint8_t>(random, n, d), d, n - 1, kSingle);
      }
  }
}

TEST(Neighbors, EqualBruteForceOverManyBlocks) {
  Generator random(2);
  const std::size_t n = test::kExhaustive ? 3000 : 1300;
  expect_brute_force(make_samples<float>(random, n, 20), 20, 10, kSingle);
  expect_brute_force(make_samples<double>(random, n, 3), 3, 2, kDouble);
}

TEST(Neighbors, AreAsNearAsTheyAreFarFromTheOriginAndBesideOutliers) {
  Generator random(3);
  std::vector<double> x = test::gaussians(random, 300 * 20);
  for (double& each : x) each += 1e6;
  for (std::size_t f = 0; f < 20; ++f) x[f] = 1e30;
  expect_brute_force(x, 20, 10, kDouble);
  std::vector<float> single(300 * 20);
  std::transform(x.begin(), x.end(), single.begin(), [](double each) { return static_cast<float>(each); });
  expect_brute_force(single, 20, 10, kSingle);
}

TEST(Neighbors, AreAsNearForNumbersOfAnySize) {
  Generator random(9);
  for (const double scale : {1e-60, 1e-45, 1e-30, 1e30, 1e39, 1e60}) {
    std::vector<double> x = test::gaussians(random, 150 * 12, scale);
    expect_brute_force(x, 12, 10, kDouble);
    x[7] = 1;  // an outlier, or one that is none
    expect_brute_force(x, 12, 10, kDouble);
  }
  for (const double scale : {1e-25, 1e-10, 1e10, 1e17}) {
    std::vector<float> x;
    for (const double each : test::gaussians(random, 150 * 12, scale)) x.push_back(static_cast<float>(each));
    expect_brute_force(x, 12, 10, kSingle);
  }
}

// The nearest differ by less than the rounding of their projections.
TEST(Neighbors, AreFoundAmongSamplesThatAreNearlyEqual) {
  Generator random(10);
  const std::size_t copies = 12, n = 10 * copies, d = 40;
  const std::vector<double> originals = test::gaussians(random, n * d, 1);
  std::vector<float> x(n * d);
  for (std::size_t at = 0; at < x.size(); ++at)
    x[at] = static_cast<float>(originals[at / (copies * d) * d + at % d]) *
            (1 + 0x1p-18F * static_cast<float>(at / d % copies * (at / d % copies)));
  for (const std::size_t k : {1u, 5u, 11u, 12u}) expect_brute_force(x, d, k, kSingle);
}

TEST(Neighbors, EqualBruteForceOfMoreFeaturesThanAreProjected) {
  Generator random(11);
  expect_brute_force(make_samples<float>(random, 40, 4100), 4100, 5, kSingle);
}

TEST(Neighbors, CountEqualSamplesAndNotTheSampleItself) {
  // Four equal samples, one at distance 5 from them.
  const std::vector<float> x = {3, 4, 3, 4, 0, 0, 3, 4, 3, 4};
  EXPECT_EQ(find(x, 2, 1), (std::vector<double>{0, 0, 5, 0, 0}));
  EXPECT_EQ(find(x, 2, 3), (std::vector<double>{0, 0, 5, 0, 0}));
  EXPECT_EQ(find(x, 2, 4), (std::vector<double>{5, 5, 5, 5, 5}));
}

TEST(Neighbors, HaveTheSameBitsForAnyThreads) {
  Generator random(4);
  const std::vector<float> x = make_samples<float>(random, 2500, 40);
  for (const ProjectionOptions& options : {kDirect, kProjected}) {
    const std::vector<double> one = find(x, 40, 10, options);
    for (const std::size_t threads : {2u, 3u, 8u}) EXPECT_EQ(find(x, 40, 10, options, threads), one) << threads;
  }
}

// Samples that differ in `rank` directions, and little in all others.
std::vector<float> make_flat_samples(Generator& random, std::size_t n, std::size_t d, std::size_t rank,
                                     double others = 0.01) {
  const std::vector<double> directions = test::gaussians(random, rank * d, 1),
                            noise = test::gaussians(random, n * d, others);
  const std::vector<double> weights = test::gaussians(random, n * rank, 1);
  std::vector<float> x(n * d);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t f = 0; f < d; ++f) {
      double sum = noise[i * d + f];
      for (std::size_t r = 0; r < rank; ++r) sum += weights[i * rank + r] * directions[r * d + f];
      x[i * d + f] = static_cast<float>(sum);
    }
  return x;
}

struct Projected {
  affinity::Pairwise<float> pairwise;
  std::optional<Projections> projections;
};
Projected project(const std::vector<float>& x, std::size_t d, const ProjectionOptions& options) {
  Workspace workspace;
  const Context context{workspace};
  const affinity::Measure& euclidean = *affinity::find_measure(Kind::kDistance, "euclidean");
  affinity::Pairwise<float> pairwise(MatrixView<float>{x.data(), x.size() / d, d}, euclidean, {}, context);
  std::optional<Projections> found = affinity::find_projections(pairwise, 10, options, context);
  return {std::move(pairwise), std::move(found)};
}

TEST(Neighbors, AreSoughtByProjectionsWhereTheseTellSamplesApart) {
  Generator random(6);
  const std::size_t n = 2000, d = 100;
  const ProjectionOptions options{.directions = 16, .sampled = 400, .least_samples = n, .least_features = d};
  const auto is_sought = [&](const std::vector<float>& x, const ProjectionOptions& with) {
    return project(x, d, with).projections.has_value();
  };
  const std::vector<float> flat = make_flat_samples(random, n, d, 8);
  EXPECT_TRUE(is_sought(flat, options));
  EXPECT_TRUE(is_sought(flat, kProjected));

  std::vector<float> round(n * d), wide = flat;
  for (float& each : round) each = static_cast<float>(test::gaussians(random, 1, 1)[0]);
  wide[7] = 1e30F;
  EXPECT_FALSE(is_sought(round, options)) << "all directions are alike";
  EXPECT_FALSE(is_sought(std::vector<float>(n * d, 3), options)) << "all samples are equal";
  EXPECT_FALSE(is_sought(wide, options)) << "pairs are evaluated by themselves";
  ProjectionOptions other = options;
  other.least_samples = n + 1;
  EXPECT_FALSE(is_sought(flat, other));
  other = options;
  other.least_features = d + 1;
  EXPECT_FALSE(is_sought(flat, other));
}

// Bessel's inequality, with what rounding adds to it. All differences are along the directions, so that projections are
// as far apart as samples.
TEST(Neighbors, AreNotNearerThanTheirProjections) {
  Generator random(7);
  const std::size_t n = 300, d = 150, rank = 6;
  std::vector<float> x = make_flat_samples(random, n, d, rank, 0);
  for (std::size_t at = n / 2 * d; at < n * d; ++at) x[at] = x[at - n / 2 * d] * (1 + 0x1p-16F);  // nearly equal
  ProjectionOptions options = kProjected;
  options.directions = rank;
  const auto [pairwise, projections] = project(x, d, options);
  ASSERT_TRUE(projections);
  double largest_share = 0;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < i; ++j) {
      double square = 0;
      for (std::size_t r = 0; r < rank; ++r)
        square += std::pow(
            static_cast<double>(projections->rows[i * rank + r]) - static_cast<double>(projections->rows[j * rank + r]),
            2);
      const double margins = static_cast<double>(projections->margins[i] + projections->margins[j]);
      const double distance = pairwise.distance(i, j);
      ASSERT_LE(std::sqrt(square) - margins, Projections::kLonger * distance) << i << ", " << j;
      if (i != j + n / 2) largest_share = std::max(largest_share, std::sqrt(square) / distance);
    }
  EXPECT_NEAR(largest_share, 1, 1e-3);
}

TEST(Neighbors, EqualThoseOfAllPairsAtTheSizeWhereProjectionsBegin) {
  if (!test::kExhaustive) GTEST_SKIP() << "takes long";
  Generator random(8);
  const ProjectionOptions usual;
  const std::vector<float> x = make_flat_samples(random, usual.least_samples, usual.least_features, 20);
  ASSERT_TRUE(project(x, usual.least_features, usual).projections);
  const std::vector<double> expected = find(x, usual.least_features, 10, kDirect, 2);
  const std::vector<double> found = find(x, usual.least_features, 10, usual, 2);
  for (std::size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], kSingle * expected[i]) << i;
}

TEST(Neighbors, RefuseWhatHasNone) {
  Workspace workspace;
  std::vector<double> out(4, 7);
  std::vector<float> x = {1, 2, 3, 4};
  const auto message = [&](std::size_t k) {
    const Status status = kth_neighbor_distances(MatrixView<float>{x.data(), 4, 1}, k, {workspace}, out);
    EXPECT_EQ(status.code(), Code::kOutOfRange);
    EXPECT_EQ(out, std::vector<double>(4, 7));
    return status.message();
  };
  EXPECT_NE(message(0).find("k: expected an integer from 1 to N - 1, for N = 4"), std::string::npos);
  EXPECT_NE(message(4).find("received 4"), std::string::npos);
  x[2] = NAN;
  EXPECT_NE(message(1).find("row 2"), std::string::npos);
  x = {3e38f, -3e38f, 0, 1};
  EXPECT_NE(message(1).find("scale the features down"), std::string::npos);
}

void expect_can_be_cancelled(const std::vector<float>& x, std::size_t d, const ProjectionOptions& options) {
  Workspace workspace;
  Job job;
  std::vector<double> out(x.size() / d, 7);
  std::thread canceller([&] {
    while (job.progress() == 0) std::this_thread::yield();
    job.cancel();
  });
  const Status status = affinity::kth_neighbor_distances(MatrixView<float>{x.data(), out.size(), d}, 10, options,
                                                         {workspace, nullptr, 1, &job}, out);
  canceller.join();
  EXPECT_EQ(status.code(), Code::kAborted);
  EXPECT_LT(job.progress(), 1);
  EXPECT_EQ(out, std::vector<double>(out.size(), 7));
}

TEST(Neighbors, CanBeCancelled) {
  Generator random(5);
  const std::vector<float> x = make_samples<float>(random, 20000, 50);
  expect_can_be_cancelled(x, 50, kDirect);
  expect_can_be_cancelled(x, 50, kProjected);
}

}  // namespace
}  // namespace genmi
