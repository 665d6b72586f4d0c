// Distances to the k-th nearest sample against all distances, sorted.
#include "genmi/neighbors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <thread>
#include <vector>

#include "isas.h"
#include "random.h"
#include "thoroughness.h"

namespace genmi {
namespace {

using test::Generator;

template <class T>
std::vector<double> find(const std::vector<T>& x, std::size_t d, std::size_t k, std::size_t threads = 1) {
  static ThreadPool pool(8);
  Workspace workspace;
  std::vector<double> out(x.size() / d);
  const Status status =
      kth_neighbor_distances(MatrixView<T>{x.data(), out.size(), d}, k, {workspace, &pool, threads}, out);
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
  const std::vector<double> found = find(x, d, k), expected = brute_force(x, d, k);
  for (std::size_t i = 0; i < found.size(); ++i)
    ASSERT_NEAR(found[i], expected[i], tolerance * expected[i])
        << "sample " << i << " of " << found.size() << " x " << d << ", k = " << k;
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
  const std::vector<double> one = find(x, 40, 10);
  for (const std::size_t threads : {2u, 3u, 8u}) EXPECT_EQ(find(x, 40, 10, threads), one) << threads;
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

TEST(Neighbors, CanBeCancelled) {
  Generator random(5);
  const std::vector<float> x = make_samples<float>(random, 20000, 50);
  Workspace workspace;
  Job job;
  std::vector<double> out(20000, 7);
  std::thread canceller([&] {
    while (job.progress() == 0) std::this_thread::yield();
    job.cancel();
  });
  const Status status =
      kth_neighbor_distances(MatrixView<float>{x.data(), 20000, 50}, 10, {workspace, nullptr, 1, &job}, out);
  canceller.join();
  EXPECT_EQ(status.code(), Code::kAborted);
  EXPECT_LT(job.progress(), 1);
  EXPECT_EQ(out, std::vector<double>(20000, 7));
}

}  // namespace
}  // namespace genmi
