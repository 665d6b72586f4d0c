// The spanning tree through random exchanges, compared with a tree that only knows its parents.
#include "transport/spanning_tree.h"

#include <utility>

#include "transport_support.h"
#include "transport_trees.h"

namespace genmi::transport {
namespace {

using namespace test;

std::size_t index(Node node) { return static_cast<std::size_t>(node); }

Node any_of(const std::vector<Node>& nodes, Random& random) { return nodes[below(nodes.size(), random)]; }

struct Link {
  Node parent = SpanningTree::kNoNode;
  TreeArc arc;
};

class Trees : public testing::TestWithParam<bool> {
 protected:
  bool same_points() const { return GetParam(); }

  // Builds a random tree, and the same tree in links_.
  void grow(std::size_t rows, std::size_t columns, Random& random) {
    costs_ = small_whole_costs(rows, columns, random);
    prepared_ = prepare(costs_);
    const Sides sides = same_points() ? Sides::same_points(rows) : Sides::bipartite(rows, columns);
    links_.assign(sides.node_numbers(), {});
    nodes_.assign(1, sides.row_node(below(rows, random)));
    tree_.start(sides, nodes_.front());
    std::vector<Node> waiting;
    for (std::size_t row = 0; row < rows; ++row) waiting.push_back(sides.row_node(row));
    for (std::size_t column = 0; column < columns && !same_points(); ++column)
      waiting.push_back(sides.column_node(column));
    waiting.erase(std::find(waiting.begin(), waiting.end(), nodes_.front()));
    while (!waiting.empty()) {
      const std::size_t next = below(waiting.size(), random);
      const Node child = waiting[next], parent = any_of(nodes_, random);
      if (!may_link(child, parent)) continue;
      waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(next));
      links_[index(child)] = {parent, arc_from(child, random)};
      tree_.attach(child, parent, links_[index(child)].arc);
      nodes_.push_back(child);
    }
    tree_.build_preorder();
    tree_.recompute_potentials(prepared_.block());
  }

  bool may_link(Node a, Node b) const {
    return same_points() ? a != b : tree_.sides().is_row(a) != tree_.sides().is_row(b);
  }

  TreeArc arc_from(Node child, Random& random) const {
    const bool upward = same_points() ? random() % 2 == 0 : tree_.sides().is_row(child);
    return {static_cast<std::int64_t>(below(100, random)), upward};
  }

  std::vector<Node> path_to_root(Node node) const {
    std::vector<Node> path;
    for (; node != SpanningTree::kNoNode; node = links_[index(node)].parent) path.push_back(node);
    return path;
  }
  bool is_below(Node node, Node above) const {
    const std::vector<Node> path = path_to_root(node);
    return std::find(path.begin(), path.end(), above) != path.end();
  }
  Node nearest_common_ancestor(Node a, Node b) const {
    while (!is_below(b, a)) a = links_[index(a)].parent;
    return a;
  }

  // Draws two random arcs and exchanges the first for the second in both trees, if the second crosses the first's cut.
  bool exchange(Random& random) {
    const Node leaving = any_of(nodes_, random);
    if (leaving == tree_.root()) return false;
    const Node entering = any_of(nodes_, random), parent = any_of(nodes_, random);
    if (!is_below(entering, leaving) || is_below(parent, leaving) || !may_link(entering, parent)) return false;
    const TreeArc arc = arc_from(entering, random);
    const Node row = arc.upward ? entering : parent, column = arc.upward ? parent : entering;
    const double reduced_cost =
        costs_(tree_.sides().row(row), tree_.sides().column(column)) + tree_.potential(row) - tree_.potential(column);
    const Node join = nearest_common_ancestor(entering, parent);
    tree_.exchange({leaving, entering, parent, join, arc, arc.upward ? -reduced_cost : reduced_cost});
    turn_links(leaving, entering, {parent, arc});
    return true;
  }

  void turn_links(Node leaving, Node entering, Link link) {
    for (Node node = entering;;) {
      std::swap(links_[index(node)], link);
      if (node == leaving) return;
      const Node above = link.parent;
      link = {node, {link.arc.flow, !link.arc.upward}};
      node = above;
    }
  }

  void expect_invariants() const {
    ASSERT_EQ(tree_.size(), nodes_.size());
    ASSERT_EQ(tree_.preorder().front(), tree_.root());
    std::vector<std::int32_t> descendants(links_.size());
    for (const Node node : nodes_)
      for (const Node above : path_to_root(node)) ++descendants[index(above)];
    for (const Node node : nodes_) {
      ASSERT_TRUE(tree_.contains(node));
      ASSERT_EQ(tree_.preorder()[tree_.position(node)], node);
      ASSERT_EQ(tree_.subtree_size(node), descendants[index(node)]);
      ASSERT_EQ(tree_.rounded_potential(node), static_cast<float>(tree_.potential(node)));
      if (node == tree_.root()) continue;
      const auto& [parent, arc] = links_[index(node)];
      ASSERT_EQ(tree_.parent(node), parent);
      ASSERT_EQ(tree_.arc(node).flow, arc.flow);
      ASSERT_EQ(tree_.arc(node).upward, arc.upward);
      expect_stretch_inside(node, parent);
      expect_zero_reduced_cost(node);
    }
  }

  // If every stretch lies inside its parent's, and is as long as its subtree is large, then each is its subtree.
  void expect_stretch_inside(Node node, Node parent) const {
    const auto end = [this](Node of) { return tree_.position(of) + static_cast<std::size_t>(tree_.subtree_size(of)); };
    ASSERT_GT(tree_.position(node), tree_.position(parent));
    ASSERT_LE(end(node), end(parent));
  }

  void expect_zero_reduced_cost(Node node) const {
    const Node parent = tree_.parent(node);
    const Node row = tree_.arc(node).upward ? node : parent, column = tree_.arc(node).upward ? parent : node;
    ASSERT_EQ(tree_.arc_row(node), tree_.sides().row(row));
    ASSERT_EQ(tree_.arc_column(node), tree_.sides().column(column));
    ASSERT_EQ(costs_(tree_.arc_row(node), tree_.arc_column(node)) + tree_.potential(row), tree_.potential(column));
  }

  Matrix costs_;
  Costs prepared_;
  SpanningTree tree_;
  std::vector<Link> links_;
  std::vector<Node> nodes_;
};

TEST_P(Trees, KeepTheirInvariantsThroughAllExchanges) {
  Random random(1);
  std::size_t exchanges = 0;
  for (std::size_t repeat = 0; repeat < 60; ++repeat) {
    const std::size_t rows = 1 + below(40, random);
    const std::size_t columns = same_points() ? rows : 1 + below(40, random);
    grow(rows, columns, random);
    ASSERT_NO_FATAL_FAILURE(expect_invariants());
    for (std::size_t attempt = 0; attempt < 2000; ++attempt) {
      if (!exchange(random)) continue;
      ++exchanges;
      ASSERT_NO_FATAL_FAILURE(expect_invariants());
    }
  }
  EXPECT_GT(exchanges, 3000u);
}

TEST_P(Trees, RecomputePotentialsAsShiftsHaveLeftThemButForAConstant) {
  Random random(2);
  for (std::size_t repeat = 0; repeat < 20; ++repeat) {
    grow(20, 20, random);
    for (std::size_t attempt = 0; attempt < 300; ++attempt) exchange(random);
    std::vector<double> before;
    for (const Node node : nodes_) before.push_back(tree_.potential(node) - tree_.potential(tree_.root()));
    tree_.recompute_potentials(prepared_.block());
    EXPECT_EQ(tree_.potential(tree_.root()), 0);
    for (std::size_t k = 0; k < nodes_.size(); ++k) EXPECT_EQ(tree_.potential(nodes_[k]), before[k]);
  }
}

INSTANTIATE_TEST_SUITE_P(Of, Trees, testing::Bool(),
                         [](const auto& test) { return test.param ? "Points" : "RowsAndColumns"; });

}  // namespace
}  // namespace genmi::transport
