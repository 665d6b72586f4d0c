// The parts of a warm start: the dual simplex, which serves other measures from an optimal tree, and the routes of mass
// that passes through points.
#include "transport/dual_simplex.h"

#include <set>
#include <utility>

#include "transport/initial_basis.h"
#include "transport/routes.h"
#include "transport_support.h"
#include "transport_trees.h"

namespace genmi::transport {
namespace {

using namespace test;

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

// Lets the tree serve other measures, with flows that may be negative.
void serve(SpanningTree& tree, Units balances) {
  for (std::size_t k = tree.size(); k-- > 1;) {
    const Node node = tree.preorder()[k];
    const std::int64_t up = balances[static_cast<std::size_t>(node)];
    tree.change_flow(node, (tree.arc(node).upward ? up : -up) - tree.arc(node).flow);
    balances[static_cast<std::size_t>(tree.parent(node))] += up;
  }
}

void expect_served(const SpanningTree& tree, const Units& balances) {
  EXPECT_EQ(balances_of(tree), balances);
  for (const Node node : tree.preorder()) ASSERT_TRUE(node == tree.root() || tree.arc(node).flow >= 0);
}

TEST(DualSimplex, FindsTheOptimumForOtherMasses) {
  Random random(1);
  InitialBasis initial_basis;
  NetworkSimplex simplex;
  DualSimplex dual;
  SpanningTree tree;
  for (std::size_t repeat = 0; repeat < 200; ++repeat) {
    const std::size_t rows = 1 + below(20, random), columns = 1 + below(20, random);
    const Matrix costs = small_whole_costs(rows, columns, random);
    const Costs prepared = prepare(costs);
    const CostBlock block = prepared.block();
    const std::int64_t total = 60;
    const Units supplies = random_units(rows, total, random), demands = random_units(columns, total, random);
    ASSERT_TRUE(initial_basis.build({block, supplies, demands}, nullptr, tree));
    ASSERT_EQ(simplex.solve(block, kNoLimit, nullptr, tree), Ending::kFound);

    Units balances(tree.sides().node_numbers());
    for (std::size_t k = 0; k < 20; ++k) {
      ++balances[static_cast<std::size_t>(tree.sides().row_node(below(rows, random)))];
      --balances[static_cast<std::size_t>(tree.sides().column_node(below(columns, random)))];
    }
    serve(tree, balances);
    ASSERT_EQ(dual.solve(block, prepared.coarse(), false, kNoLimit, nullptr, tree), Ending::kFound);
    ASSERT_NO_FATAL_FAILURE(expect_served(tree, balances));
    ASSERT_NO_FATAL_FAILURE(expect_optimal_tree(tree, block));
  }
}

// The tree has all points below one root, with their distances from it as potentials: optimal for any masses. The dual
// simplex reads rows only, or also the columns, which equal them.
TEST(DualSimplex, FindsTheOptimumAmongPoints) {
  Random random(2);
  DualSimplex dual;
  SpanningTree tree;
  for (std::size_t repeat = 0; repeat < 200; ++repeat) {
    const std::size_t n = 2 + below(30, random);
    const Matrix costs = make("hops", n, random);
    const Costs prepared = prepare(costs);
    const CostBlock block = prepared.block();
    Units balances(Sides::same_points(n).node_numbers());
    for (std::size_t k = 0; k < 2 * n; ++k) {
      ++balances[below(n, random)];
      --balances[below(n, random)];
    }
    const auto root = static_cast<Node>(below(n, random));
    tree.start(Sides::same_points(n), root);
    for (std::size_t point = 0; point < n; ++point)
      if (static_cast<Node>(point) != root) tree.attach(static_cast<Node>(point), root, {0, false});
    tree.build_preorder();
    tree.recompute_potentials(block);
    serve(tree, balances);
    ASSERT_EQ(dual.solve(block, prepared.coarse(), repeat % 2 == 0, kNoLimit, nullptr, tree), Ending::kFound);
    ASSERT_NO_FATAL_FAILURE(expect_served(tree, balances));
    ASSERT_NO_FATAL_FAILURE(expect_optimal_tree(tree, block));
  }
}

TEST(DualSimplex, GivesUpAndStopsWhenTold) {
  Random random(3);
  const std::size_t n = 30;
  const Matrix costs = make("hops", n, random);
  const Costs prepared = prepare(costs);
  SpanningTree tree;
  tree.start(Sides::same_points(n), 0);
  for (Node point = 1; point < static_cast<Node>(n); ++point) tree.attach(point, 0, {-1, false});
  tree.build_preorder();
  tree.recompute_potentials(prepared.block());
  Job job;
  job.cancel();
  DualSimplex dual;
  EXPECT_EQ(dual.solve(prepared.block(), prepared.coarse(), true, kNoLimit, &job, tree), Ending::kCancelled);
  EXPECT_EQ(dual.solve(prepared.block(), prepared.coarse(), true, 0, nullptr, tree), Ending::kGaveUp);
  EXPECT_EQ(dual.pivots(), 0u);
}

TEST(DualSimplex, GivesUpWhereFlowsLeaveTheirRange) {
  Random random(5);
  const Matrix costs = make("all equal", 3, random);
  const Costs prepared = prepare(costs);
  for (const std::int64_t flow : {SpanningTree::kGreatestFlow / 2, SpanningTree::kGreatestFlow}) {
    SpanningTree tree;
    tree.start(Sides::same_points(3), 0);
    for (const Node point : {1, 2}) tree.attach(point, 0, {-flow, false});
    tree.build_preorder();
    tree.recompute_potentials(prepared.block());
    DualSimplex dual;
    const bool fits = 2 * flow <= SpanningTree::kGreatestFlow;
    EXPECT_EQ(dual.solve(prepared.block(), prepared.coarse(), true, kNoLimit, nullptr, tree),
              fits ? Ending::kFound : Ending::kGaveUp);
  }
}

// Mass that passes through points arrives at its targets, from its sources, and none is added on the way.
TEST(Routes, LeadFromSourcesToTargets) {
  Random random(4);
  Routes<std::int64_t> routes;
  SpanningTree tree;
  for (std::size_t repeat = 0; repeat < 300; ++repeat) {
    const std::size_t n = 2 + below(30, random);
    tree.start(Sides::same_points(n), 0);
    for (std::size_t point = 1; point < n; ++point) {
      const auto flow = static_cast<std::int64_t>(below(4, random));
      tree.attach(static_cast<Node>(point), static_cast<Node>(below(point, random)), {flow, random() % 2 == 0});
    }
    tree.build_preorder();
    Units balances = balances_of(tree);
    Measures moving;
    for (std::size_t point = 0; point < n; ++point) {
      if (balances[point] == 0) continue;
      Support& support = balances[point] > 0 ? moving.sources : moving.targets;
      support.points.push_back(point);
      support.units.push_back(std::abs(balances[point]));
    }
    std::set<std::pair<std::size_t, std::size_t>> pairs;
    const auto flow = [&](Node node) { return tree.arc(node).flow; };
    for (const auto& [source, target, units] : routes.trace(tree, flow, {moving.sources.points, moving.sources.units},
                                                            {moving.targets.points, moving.targets.units})) {
      EXPECT_GT(units, 0);
      EXPECT_TRUE(pairs.insert({source, target}).second) << "twice between " << source << " and " << target;
      balances[source] -= units;
      balances[target] += units;
    }
    EXPECT_EQ(balances, Units(balances.size()));
  }
}

}  // namespace
}  // namespace genmi::transport
