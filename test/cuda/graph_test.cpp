// Graphs of the plugin, emulated: hops, memory and failures. Nothing here has run on a GPU.
#include <algorithm>

#include "plugin.h"

namespace genmi::cuda::test {
namespace {

// A ring of `ring` nodes and, beyond it, single ones.
struct Rings {
  std::size_t n, ring;
  std::vector<std::size_t> offsets = {0};
  std::vector<std::int32_t> neighbors;

  Rings(std::size_t nodes, std::size_t of_ring) : n(nodes), ring(of_ring) {
    for (std::size_t i = 0; i < n; ++i) {
      if (i < ring && ring > 1)
        for (const std::size_t other : {(i + 1) % ring, (i + ring - 1) % ring})
          neighbors.push_back(static_cast<std::int32_t>(other));
      offsets.push_back(neighbors.size());
    }
  }
  std::uint16_t hops(std::size_t i, std::size_t j) const {
    if (i == j) return 0;
    if (i >= ring || j >= ring) return 0xffff;
    const std::size_t apart = i > j ? i - j : j - i;
    return static_cast<std::uint16_t>(std::min(apart, ring - apart));
  }
};

struct Release {
  void operator()(GenmiGraph* graph) const { table().release_graph(graph); }
};
using GraphPtr = std::unique_ptr<GenmiGraph, Release>;

GraphPtr create(Calls& calls, GenmiDevice* device, const Rings& rings) {
  GenmiGraph* made = nullptr;
  if (!calls(table().create_graph(device, rings.n, rings.offsets.data(), rings.neighbors.data(), &made)))
    return nullptr;
  return GraphPtr(made);
}

// Searches from all nodes. Returns whether all calls succeed; one that fails writes nothing.
bool live(Calls& calls, const Rings& rings) {
  const DevicePtr device = open(calls);
  if (!device) return false;
  const GraphPtr graph = create(calls, device.get(), rings);
  if (!graph) return false;
  EXPECT_GE(table().bytes(device.get()), rings.neighbors.size() * sizeof(std::int32_t));
  for (std::size_t first = 0; first < rings.n; first += 512) {
    const std::size_t count = std::min<std::size_t>(512, rings.n - first);
    std::vector<std::uint16_t> hops(count * rings.n, 7);
    std::size_t longest = 7;
    if (!calls(table().search_hops(graph.get(), first, count, hops.data(), &longest))) {
      EXPECT_EQ(hops, std::vector<std::uint16_t>(count * rings.n, 7));
      EXPECT_EQ(longest, 7u);
      return false;
    }
    std::uint16_t expected = 0;
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t j = 0; j < rings.n; ++j) {
        const std::uint16_t own = rings.hops(first + i, j);
        EXPECT_EQ(hops[i * rings.n + j], own) << first + i << ", " << j;
        if (own != 0xffff) expected = std::max(expected, own);
      }
    EXPECT_EQ(longest, expected);
  }
  return true;
}

TEST(EmulatedGraph, CountsHops) {
  emulated::begin_record();
  Calls calls;
  for (const std::size_t n : {1u, 2u, 33u, 70u}) {
    EXPECT_TRUE(live(calls, Rings(n, n)));
    EXPECT_TRUE(live(calls, Rings(n, n / 2)));
  }
  if (!takes_few_sizes()) {
    EXPECT_TRUE(live(calls, Rings(530, 40)));  // more nodes than are searched from at a time
  }
  expect_clean();
}

TEST(EmulatedGraph, TellsOfEachCallThatFails) {
  const Rings rings(9, 6);
  Calls none;
  emulated::begin_record();
  ASSERT_TRUE(live(none, rings));
  const std::vector<std::string> names = emulated::record().calls;
  EXPECT_GT(names.size(), 15u);
  for (std::size_t failing = 0; failing < names.size(); ++failing) {
    SCOPED_TRACE(std::to_string(failing) + ": " + names[failing]);
    emulated::begin_record(failing);
    Calls calls;
    EXPECT_EQ(live(calls, rings), frees(names[failing]));
    expect_clean();
    if (!frees(names[failing]) && names[failing] != "launch") {
      EXPECT_EQ(calls.failure.call, names[failing]);
    }
  }
}

}  // namespace
}  // namespace genmi::cuda::test
