// Properties that bases of transport problems have. Costs are small whole numbers, so that potentials are exact.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "transport/marginals.h"
#include "transport/problem.h"
#include "transport/spanning_tree.h"
#include "transport_support.h"

namespace genmi::transport::test {

using Units = std::vector<std::int64_t>;

inline Matrix small_whole_costs(std::size_t n1, std::size_t n2, Random& random) {
  Matrix costs(n1, n2);
  for (double& cost : costs.values) cost = static_cast<double>(below(9, random));
  return costs;
}

// Positive masses with the given total, which is at least their number.
inline Units random_units(std::size_t count, std::int64_t total, Random& random) {
  Units units(count, 1);
  for (std::int64_t left = total - static_cast<std::int64_t>(count); left > 0; --left) ++units[below(count, random)];
  return units;
}

inline Marginals marginals_of(const Weights& supply, const Weights& demand, bool may_stay) {
  Masses masses = {};
  EXPECT_TRUE(find_masses(supply, demand, 1e-8, masses));
  Marginals marginals;
  marginals.prepare(supply, demand, masses, may_stay);
  return marginals;
}

// Reduced costs are zero on the tree.
inline void expect_potentials_of_arcs(const SpanningTree& tree, const CostBlock& costs) {
  const Sides& sides = tree.sides();
  for (const Node node : tree.preorder()) {
    if (node == tree.root()) continue;
    const std::size_t row = tree.arc_row(node), column = tree.arc_column(node);
    ASSERT_EQ(costs(row, column) + tree.potential(sides.row_node(row)), tree.potential(sides.column_node(column)));
  }
}

// Reduced costs are zero on the tree and nowhere negative.
inline void expect_optimal_tree(const SpanningTree& tree, const CostBlock& costs) {
  const Sides& sides = tree.sides();
  expect_potentials_of_arcs(tree, costs);
  for (std::size_t i = 0; i < costs.rows; ++i)
    for (std::size_t j = 0; j < costs.columns; ++j)
      ASSERT_GE(costs(i, j) + tree.potential(sides.row_node(i)) - tree.potential(sides.column_node(j)), 0);
}

// The flow out of each node minus the flow into it: the supply of a row, minus the demand of a column.
inline Units balances_of(const SpanningTree& tree) {
  const Sides& sides = tree.sides();
  Units balances(sides.node_numbers());
  for (const Node node : tree.preorder()) {
    if (node == tree.root()) continue;
    balances[static_cast<std::size_t>(sides.row_node(tree.arc_row(node)))] += tree.arc(node).flow;
    balances[static_cast<std::size_t>(sides.column_node(tree.arc_column(node)))] -= tree.arc(node).flow;
  }
  return balances;
}

// A basis of all rows and columns that serves the problem and is strongly feasible: every node can send flow up.
inline void expect_strongly_feasible(const SpanningTree& tree, const Problem& problem) {
  const Sides& sides = tree.sides();
  ASSERT_EQ(tree.size(), problem.costs.rows + problem.costs.columns);
  ASSERT_TRUE(sides.is_row(tree.root()));
  for (const Node node : tree.preorder()) {
    if (node == tree.root()) continue;
    ASSERT_NE(sides.is_row(node), sides.is_row(tree.parent(node)));
    ASSERT_EQ(tree.arc(node).upward, sides.is_row(node));
    ASSERT_GE(tree.arc(node).flow, sides.is_row(node) ? 0 : 1);
  }
  expect_potentials_of_arcs(tree, problem.costs);
  const Units balances = balances_of(tree);
  for (std::size_t i = 0; i < problem.costs.rows; ++i)
    ASSERT_EQ(balances[static_cast<std::size_t>(sides.row_node(i))], problem.supplies[i]);
  for (std::size_t j = 0; j < problem.costs.columns; ++j)
    ASSERT_EQ(-balances[static_cast<std::size_t>(sides.column_node(j))], problem.demands[j]);
}

}  // namespace genmi::transport::test
