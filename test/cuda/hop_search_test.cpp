// Hop distances, emulated, against a search with a queue. Nothing here has run on a GPU.
#include "cuda/affinity/hop_search.h"

#include <utility>

#include "emulated.h"
#include "hop_support.h"

namespace genmi::cuda::test {
namespace {

using genmi::test::Lists;

struct Graph {
  explicit Graph(const Lists& before) : offsets(1, 0) {
    Lists all = before;
    for (std::size_t i = 0; i < before.size(); ++i)
      for (const std::int32_t j : before[i]) all[static_cast<std::size_t>(j)].push_back(static_cast<std::int32_t>(i));
    for (const auto& list : all) {
      neighbors.insert(neighbors.end(), list.begin(), list.end());
      offsets.push_back(neighbors.size());
    }
  }
  std::size_t size() const { return offsets.size() - 1; }

  std::vector<std::size_t> offsets;
  std::vector<std::int32_t> neighbors;
};

// All levels of the searches from `sources` nodes on.
cudaError_t search_all(const Graph& graph, std::size_t first, std::size_t sources, std::uint16_t* hops,
                       unsigned long long& reached) {
  const std::size_t words = (sources + 31) / 32, sets = graph.size() * words;
  std::vector<unsigned> frontier(sets, 0xdead), next(sets, 0xdead), seen(sets, 0xdead);
  HopSearch search{graph.offsets.data(),
                   graph.neighbors.data(),
                   graph.size(),
                   first,
                   sources,
                   words,
                   frontier.data(),
                   next.data(),
                   seen.data(),
                   hops,
                   &reached};
  cudaError_t error = begin_hops(search, nullptr);
  unsigned long long before = 1;
  for (unsigned level = 1; error == cudaSuccess && reached != before; ++level) {
    before = reached;
    error = advance_hops(search, level, nullptr);
    std::swap(search.frontier, search.next);
  }
  return error;
}

void check(const Lists& before, std::size_t first, std::size_t sources) {
  const Graph graph(before);
  const std::size_t n = graph.size();
  unsigned long long reached = 0;
  const std::vector<std::uint16_t> found = in_all_orders<std::uint16_t>(
      sources * n, [&](std::uint16_t* hops) { return search_all(graph, first, sources, hops, reached); });
  unsigned long long expected_reached = 0;
  for (std::size_t source = 0; source < sources; ++source) {
    const std::vector<double> expected = genmi::test::search_from(before, first + source);
    for (std::size_t node = 0; node < n; ++node) {
      const double hops = expected[node] == genmi::test::kFar ? kUnreachable : expected[node];
      ASSERT_EQ(found[source * n + node], hops) << n << " nodes: " << first + source << " to " << node;
      if (hops > 0 && hops < kUnreachable) ++expected_reached;
    }
  }
  EXPECT_EQ(reached, expected_reached);
}

TEST(EmulatedHops, AreRightForAllSizes) {
  Generator random(7);
  for (const std::size_t n : sizes()) {
    check(genmi::test::random_lists(n, n, random), 0, n);
    check(genmi::test::random_lists(n, 3 * n, random), n / 3, n - n / 3);
  }
}

TEST(EmulatedHops, OfPlainGraphs) {
  check(genmi::test::chain(65), 1, 64);
  check(genmi::test::star(130), 0, 130);
  check(genmi::test::clique(33), 0, 33);
  check(Lists(40), 0, 40);  // without an edge
}

TEST(EmulatedHops, OfNothingLaunchNothing) {
  const HopSearch search{};
  EXPECT_EQ(begin_hops(search, nullptr), cudaSuccess);
  EXPECT_EQ(advance_hops(search, 1, nullptr), cudaSuccess);
}

}  // namespace
}  // namespace genmi::cuda::test
