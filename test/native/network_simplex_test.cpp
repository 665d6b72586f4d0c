// Strongly feasible bases: the initial basis, the basis after each pivot, and the basis of all mass that is built from
// the basis of moving mass.
#include "transport/network_simplex.h"

#include <limits>

#include "transport/gather.h"
#include "transport/initial_basis.h"
#include "transport/marginals.h"
#include "transport/whole_basis.h"
#include "transport_support.h"
#include "transport_trees.h"

namespace genmi::transport {
namespace {

using namespace test;

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

// The forest is {row 0, column 0} and {row 1, row 2, column 1}. Row 2's link costs more than row 1's, but reduced less.
TEST(InitialBasis, JoinsComponentsByTheArcOfLeastReducedCost) {
  Matrix costs(3, 2);
  costs.values = {0, 9, 5, 1, 6, 4};
  const Costs prepared = prepare(costs);
  const Units supplies = {2, 1, 1}, demands = {2, 2};
  SpanningTree tree;
  ASSERT_TRUE(InitialBasis().build({prepared.block(), supplies, demands}, nullptr, tree));
  const Sides& sides = tree.sides();
  EXPECT_EQ(tree.parent(sides.row_node(2)), sides.column_node(0));
  EXPECT_EQ(tree.arc(sides.row_node(2)).flow, 0);
}

TEST(InitialBasis, IsStronglyFeasible) {
  Random random(1);
  InitialBasis initial_basis;
  SpanningTree tree;
  for (std::size_t repeat = 0; repeat < 300; ++repeat) {
    const std::size_t rows = 1 + below(50, random), columns = 1 + below(50, random);
    // Small totals leave many rows and columns exhausted at once.
    const auto total = static_cast<std::int64_t>(std::max(rows, columns) + below(100, random));
    const Matrix costs = small_whole_costs(rows, columns, random);
    const Costs prepared = prepare(costs);
    const Units supplies = random_units(rows, total, random), demands = random_units(columns, total, random);
    const Problem problem{prepared.block(), supplies, demands};
    ASSERT_TRUE(initial_basis.build(problem, nullptr, tree));
    tree.recompute_potentials(problem.costs);
    ASSERT_NO_FATAL_FAILURE(expect_strongly_feasible(tree, problem));
  }
}

TEST(InitialBasis, StopsWhenCancelled) {
  const Matrix costs(2, 2);
  const Costs prepared = prepare(costs);
  const Units ones = {1, 1};
  Job job;
  job.cancel();
  SpanningTree tree;
  EXPECT_FALSE(InitialBasis().build({prepared.block(), ones, ones}, &job, tree));
}

class NetworkSimplexes : public testing::TestWithParam<NetworkSimplex::Pricing> {};

TEST_P(NetworkSimplexes, KeepTheirInvariantsThroughAllPivots) {
  Random random(19);
  InitialBasis initial_basis;
  NetworkSimplex simplex;
  SpanningTree tree;
  for (std::size_t repeat = 0; repeat < 100; ++repeat) {
    const std::size_t n = 2 + below(20, random), per_row = 1 + repeat % 3;
    const Matrix costs = small_whole_costs(n, per_row * n, random);
    const Costs prepared = prepare(costs);
    const Units supplies(n, static_cast<std::int64_t>(per_row)), demands(per_row * n, 1);
    const Problem problem{prepared.block(), supplies, demands};
    Ending ending = Ending::kGaveUp;
    for (std::uint64_t pivots = 0; ending == Ending::kGaveUp; ++pivots) {
      ASSERT_TRUE(initial_basis.build(problem, nullptr, tree));
      ending = simplex.solve(problem.costs, pivots, nullptr, tree, GetParam());
      ASSERT_LE(simplex.pivots(), pivots);
      ASSERT_NO_FATAL_FAILURE(expect_strongly_feasible(tree, problem));
    }
    ASSERT_EQ(ending, Ending::kFound);
    ASSERT_NO_FATAL_FAILURE(expect_optimal_tree(tree, problem.costs));
  }
}

INSTANTIATE_TEST_SUITE_P(Beginning, NetworkSimplexes,
                         testing::Values(NetworkSimplex::Pricing::kRounded, NetworkSimplex::Pricing::kExact),
                         [](const auto& test) {
                           return test.param == NetworkSimplex::Pricing::kExact ? "Exact" : "Rounded";
                         });

TEST(NetworkSimplex, GoesOnFromWhereALimitStoppedIt) {
  Random random(20);
  const Matrix costs = small_whole_costs(15, 25, random);
  const Costs prepared = prepare(costs);
  const Units supplies = random_units(15, 60, random), demands = random_units(25, 60, random);
  const Problem problem{prepared.block(), supplies, demands};
  SpanningTree tree;
  ASSERT_TRUE(InitialBasis().build(problem, nullptr, tree));
  NetworkSimplex simplex;
  while (simplex.solve(problem.costs, 1, nullptr, tree) == Ending::kGaveUp)
    ASSERT_NO_FATAL_FAILURE(expect_strongly_feasible(tree, problem));
  ASSERT_NO_FATAL_FAILURE(expect_optimal_tree(tree, problem.costs));
}

// For hop distances, squared distances, and costs that are no distances.
TEST(WholeBasis, IsStronglyFeasible) {
  Random random(21);
  Gather gather;
  NetworkSimplex simplex;
  for (const char* family : {"hops", "few values zero diagonal"}) {
    for (std::size_t repeat = 0; repeat < 200; ++repeat) {
      const std::size_t n = 2 + below(40, random);
      const Matrix costs = make(family, n, random);
      const Costs prepared = prepare(costs);
      const Marginals marginals = marginals_of(make_weights(n, below(kWeightKinds, random), random),
                                               make_weights(n, below(kWeightKinds, random), random), true);
      const Measures &moving = marginals.moving(), &all = marginals.all();
      if (moving.sources.points.empty()) continue;
      SpanningTree tree, whole;
      const CostBlock between = gather.select(prepared.block(), moving.sources.points, moving.targets.points, nullptr);
      ASSERT_TRUE(InitialBasis().build({between, moving.sources.units, moving.targets.units}, nullptr, tree));
      // Any feasible basis serves, optimal or not.
      simplex.solve(between, repeat % 2 == 0 ? below(n, random) : kNoLimit, nullptr, tree);
      const CostBlock block = gather.select(prepared.block(), all.sources.points, all.targets.points, nullptr);
      WholeBasis().build(tree, marginals, block, whole);
      whole.recompute_potentials(block);
      ASSERT_NO_FATAL_FAILURE(expect_strongly_feasible(whole, {block, all.sources.units, all.targets.units}));
    }
  }
}

}  // namespace
}  // namespace genmi::transport
