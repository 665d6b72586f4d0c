// Hops between all nodes of graphs of every shape, and the graphs made from distances, against the plainest algorithms.
#include "affinity/hop_search.h"

#include <gtest/gtest.h>

#include "genmi/hop_distance.h"
#include "genmi/measured.h"
#include "hop_support.h"
#include "simd/isa.h"

namespace genmi {
namespace {

using namespace test;
using affinity::NeighborhoodGraph;
using affinity::PaddedMatrix;

constexpr std::size_t kThreads[] = {1, 2, 3};

struct Hops {
  PaddedMatrix<std::uint16_t> matrix;
  std::size_t longest = 0;
  affinity::Components components;
  Status status = Status::ok();

  double operator()(std::size_t i, std::size_t j) const {
    const std::uint16_t hops = matrix.row(i)[j];
    return hops == simd::kUnreachable ? kFar : hops;
  }
};

NeighborhoodGraph join(const Lists& before) {
  Workspace unused;
  return affinity::join(before, {unused});
}

Hops search(const Lists& before, std::size_t threads = 1, Job* job = nullptr) {
  const auto pool = std::make_shared<ThreadPool>(8);
  Workspace workspace;
  const NeighborhoodGraph graph = join(before);
  Hops hops{PaddedMatrix<std::uint16_t>(before.size()), 0, connected_components(graph, {workspace})};
  Progress progress(job, before.size());
  hops.status =
      search_hops(graph, hops.components, {workspace, pool.get(), threads, job}, progress, hops.matrix, hops.longest);
  return hops;
}

void expect_row(const Hops& hops, std::size_t i, const double* expected) {
  const std::size_t n = hops.matrix.size();
  for (std::size_t j = 0; j < n; ++j) ASSERT_EQ(hops(i, j), expected[j]) << "from " << i << " to " << j << " of " << n;
  for (std::size_t j = n; j < hops.matrix.stride(); ++j) ASSERT_EQ(hops.matrix.row(i)[j], 0) << "padding";
}

double longest_of(const std::vector<double>& hops) {
  double longest = 0;
  for (const double each : hops) longest = each == kFar ? longest : std::max(longest, each);
  return longest;
}

class HopSearch : public testing::TestWithParam<simd::Isa> {
 protected:
  void SetUp() override {
    if (!simd::is_supported(GetParam())) GTEST_SKIP() << name_of(GetParam()) << " does not run here";
    simd::set_default_isa(GetParam());
  }
  void TearDown() override { simd::set_default_isa(simd::best_isa()); }
  Generator random_{11};
};

TEST_P(HopSearch, CountsHopsOfRandomGraphs) {
  for (std::size_t n = 1; n <= 130; n += n < 70 ? 1 : 7) {
    for (const std::size_t edges : {std::size_t{0}, n / 2, n, 2 * n, 8 * n, n * n / 4}) {
      const Lists before = random_lists(n, edges, random_);
      const std::vector<double> expected = floyd_warshall(before);
      const Hops hops = search(before);
      ASSERT_TRUE(hops.status);
      for (std::size_t i = 0; i < n; ++i) expect_row(hops, i, expected.data() + i * n);
      EXPECT_EQ(static_cast<double>(hops.longest), longest_of(expected));
      EXPECT_EQ(hops.components.count == 1, std::count(expected.begin(), expected.end(), kFar) == 0);
    }
  }
}

TEST_P(HopSearch, CountsHopsOfChainsStarsAndCliques) {
  for (const std::size_t n : {1, 2, 3, 64, 100, 130}) {
    for (const Lists& before : {chain(n), star(n), clique(n)}) {
      const std::vector<double> expected = floyd_warshall(before);
      const Hops hops = search(before);
      for (std::size_t i = 0; i < n; ++i) expect_row(hops, i, expected.data() + i * n);
      EXPECT_EQ(static_cast<double>(hops.longest), longest_of(expected));
    }
  }
}

// One search starts from 512 nodes. Around that number and twice that number: sparse graphs of many components, dense
// graphs with isolated nodes, a long path, and a star.
TEST_P(HopSearch, CountsHopsOfSeveralSearches) {
  for (const std::size_t n : {511, 512, 513, 1025}) {
    Lists pieces = random_lists(n, n * 4 / 5, random_), dense = random_lists(n - 3, n * 40, random_);
    dense.resize(n);
    for (const Lists& before : {pieces, dense, chain(n), star(n)}) {
      const Hops hops = search(before);
      ASSERT_TRUE(hops.status);
      double longest = 0;
      for (std::size_t i = 0; i < n; i += i % 512 < 510 ? 17 : 1) {
        const std::vector<double> expected = search_from(before, i);
        expect_row(hops, i, expected.data());
        longest = std::max(longest, longest_of(expected));
      }
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < i; ++j) ASSERT_EQ(hops(i, j), hops(j, i));
      EXPECT_GE(static_cast<double>(hops.longest), longest);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Of, HopSearch, testing::ValuesIn(simd::kAllIsas),
                         [](const auto& test) { return std::string(name_of(test.param)); });

TEST(HopSearchOfAll, HasTheSameBitsForAnyNumberOfThreads) {
  Generator random(5);
  const Lists before = random_lists(1600, 4000, random);
  const Hops expected = search(before);
  for (const std::size_t threads : kThreads) {
    const Hops hops = search(before, threads);
    EXPECT_EQ(hops.longest, expected.longest);
    for (std::size_t i = 0; i < before.size(); ++i)
      ASSERT_TRUE(std::equal(hops.matrix.row(i), hops.matrix.row(i) + hops.matrix.stride(), expected.matrix.row(i)));
  }
}

TEST(HopSearchOfAll, WalksLongPaths) {
  constexpr std::size_t kNodes = 5000;
  const Hops hops = search(chain(kNodes), 2);
  EXPECT_EQ(hops.longest, kNodes - 1);
  for (std::size_t i = 0; i < kNodes; i += 7)
    for (std::size_t j = 0; j < kNodes; j += 13)
      ASSERT_EQ(hops(i, j), std::abs(static_cast<double>(i) - static_cast<double>(j)));
}

TEST(HopSearchOfAll, RefusesPathsThatDoNotFit) {
  // The first search begins at 512 nodes: as leaves of one node they walk along the chain together.
  constexpr std::size_t kLeaves = 511;
  Lists broom = chain(kLeaves + affinity::kMostHops + 1);
  for (std::size_t leaf = 1; leaf < kLeaves; ++leaf) broom[leaf].clear();
  for (std::size_t leaf = 0; leaf + 1 < kLeaves; ++leaf)
    broom[kLeaves].insert(broom[kLeaves].end() - 1, static_cast<std::int32_t>(leaf));
  const Hops hops = search(broom);
  EXPECT_EQ(hops.status.code(), Code::kOutOfRange);
  EXPECT_NE(hops.status.message().find("at most 65534 hops"), std::string::npos) << hops.status.message();
}

TEST(HopSearchOfAll, ReportsProgressAndIsCancelled) {
  Job job;
  EXPECT_TRUE(search(chain(1300), 2, &job).status);
  EXPECT_EQ(job.progress(), 1);
  job.cancel();
  EXPECT_EQ(search(chain(1300), 2, &job).status.code(), Code::kAborted);
}

// The others of each sample, the nearest first, found by sorting whole rows.
std::vector<std::vector<std::size_t>> others_in_order(const std::vector<double>& matrix, std::size_t n) {
  std::vector<std::vector<std::size_t>> all(n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j)
      if (j != i) all[i].push_back(j);
    std::stable_sort(all[i].begin(), all[i].end(),
                     [&](std::size_t a, std::size_t b) { return matrix[i * n + a] < matrix[i * n + b]; });
  }
  return all;
}

// The pairs that a graph of nearest neighbours must join.
Lists nearest_of(const std::vector<std::vector<std::size_t>>& others, std::size_t count) {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t i = 0; i < others.size(); ++i)
    for (std::size_t e = 0; e < count; ++e) pairs.emplace_back(i, others[i][e]);
  return neighbors_before(others.size(), pairs);
}

Lists closer_than(const std::vector<double>& matrix, std::size_t n, double threshold) {
  Lists before(n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (matrix[i * n + j] < threshold) before[i].push_back(static_cast<std::int32_t>(j));
  return before;
}

void expect_graph(const NeighborhoodGraph& graph, const Lists& before) {
  const NeighborhoodGraph expected = join(before);
  EXPECT_EQ(graph.offsets, expected.offsets);
  EXPECT_EQ(graph.neighbors, expected.neighbors);
}

TEST(NeighborhoodGraph, JoinsBothWaysInOrder) {
  const NeighborhoodGraph graph = join({{}, {0}, {0}, {}, {1, 2}});
  EXPECT_EQ(graph.offsets, (std::vector<std::size_t>{0, 2, 4, 6, 6, 8}));
  EXPECT_EQ(graph.neighbors, (std::vector<std::int32_t>{1, 2, 0, 4, 0, 4, 1, 2}));
}

TEST(NeighborhoodGraph, IsThatOfDistances) {
  Generator random(3);
  const auto pool = std::make_shared<ThreadPool>(8);
  Workspace workspace;
  for (const std::size_t n : {2, 3, 17, 40, 130, 300, 500}) {
    for (const std::size_t values : {0, 1, 2, 5, 40}) {
      const std::vector<double> matrix = random_distances(n, values, random);
      const AffinityPtr distances = precomputed(matrix);
      const Context context{workspace, pool.get(), 1 + random() % 3};
      Progress progress(nullptr, n);
      for (const double threshold : {0.25, 0.5, 0.9})
        expect_graph(affinity::threshold_graph(*distances, threshold, context, progress),
                     closer_than(matrix, n, threshold));
      const std::vector<std::vector<std::size_t>> others = others_in_order(matrix, n);
      for (const std::size_t count : {std::size_t{1}, std::size_t{4}, std::size_t{20}, n / 2, n - 1})
        if (count >= 1 && count < n)
          expect_graph(affinity::nearest_neighbor_graph(*distances, count, context, progress),
                       nearest_of(others, count));
    }
  }
}

// Distances that overflow are refused in every storage, so that no graph meets an infinite one.
TEST(NeighborhoodGraph, MeetsNoInfiniteDistances) {
  std::vector<double> x(80, 0.0);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = i % 2 == 0 ? static_cast<double>(i) : 1e200;
  AffinityPtr distances;
  Workspace workspace;
  const MeasureOptions measure{Kind::kDistance, "sqeuclidean", {}, false, {}, {}};
  for (const Storage storage : {Storage::kDense, Storage::kFeatures})
    for (const Precision precision : {Precision::kFloat32, Precision::kFloat64})
      EXPECT_EQ(measure_affinity(MatrixView<double>{x.data(), x.size(), 1}, measure, storage, precision, {workspace},
                                 distances)
                    .code(),
                Code::kOutOfRange);
}

// From distances to hops: the report, and the number for disconnected pairs.
TEST(HopAffinity, IsMadeOfDistances) {
  Generator random(8);
  for (const std::size_t n : {2, 20, 67, 130}) {
    const std::vector<double> matrix = random_distances(n, n % 2 == 0 ? 0 : 30, random);
    const AffinityPtr distances = precomputed(matrix, Precision::kFloat32);
    for (const std::size_t count : {1, 2, 5}) {
      if (count >= n) continue;
      HopOptions options;
      options.neighbors = count;
      if (count == 2) options.disconnected = 77.25;
      Workspace workspace;
      HopReport report;
      AffinityPtr hops;
      ASSERT_TRUE(hop_affinity(*distances, options, {workspace}, report, hops));
      const Lists before = nearest_of(others_in_order(matrix, n), count);
      std::vector<double> expected = floyd_warshall(before), found(n * n);
      EXPECT_EQ(static_cast<double>(report.longest), longest_of(expected));
      EXPECT_EQ(report.connected, std::count(expected.begin(), expected.end(), kFar) == 0);
      EXPECT_EQ(report.edges, join(before).edges());
      std::replace(expected.begin(), expected.end(), kFar, count == 2 ? 77.25 : 2.0 * static_cast<double>(n));
      hops->submatrix({nullptr, n}, {workspace}, found.data());
      EXPECT_EQ(found, expected);
      EXPECT_EQ(hops->kind(), Kind::kDistance);
      EXPECT_EQ(hops->precision(), Precision::kFloat32);
      EXPECT_LE(hops->bytes(), 2 * n * (n + 63));
    }
  }
}

}  // namespace
}  // namespace genmi
