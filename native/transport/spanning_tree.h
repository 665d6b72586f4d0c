// The basis of the network simplex: a spanning tree of the graph of rows and columns, its flows and its potentials.
//
// Each node knows its parent and the size of its subtree. The nodes stand in an array in preorder, so that a subtree is
// a stretch of the array. A pivot moves one such stretch, by copying. It shifts the stretch's potentials (or all
// others, if they are fewer) in one loop without a chain of pointers: several times faster than the usual linked
// thread. (Ahuja, Magnanti, Orlin, "Network Flows", 1993, section 11.3, has the thread; Kiraly, Kovacs, 2012, subtree
// sizes.)
//
// A node may be a row, a column, or both: see Sides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "genmi/aligned_vector.h"
#include "transport/basis_tree.h"
#include "transport/cost_block.h"

namespace genmi::transport {

using Node = std::int32_t;

// The numbers of rows and columns as nodes. Columns come first, so that their potentials are aligned.
struct Sides {
  std::size_t rows = 0, columns = 0;
  std::size_t first_row = 0;  // the node of row 0; 0 where rows and columns are the same points

  static Sides bipartite(std::size_t rows, std::size_t columns) { return {rows, columns, simd::padded(columns)}; }
  static Sides same_points(std::size_t points) { return {points, points, 0}; }

  bool are_same() const { return first_row == 0; }
  std::size_t nodes() const { return are_same() ? columns : rows + columns; }
  std::size_t node_numbers() const { return first_row + simd::padded(are_same() ? columns : rows); }
  Node row_node(std::size_t row) const { return static_cast<Node>(first_row + row); }
  Node column_node(std::size_t column) const { return static_cast<Node>(column); }
  std::size_t row(Node node) const { return static_cast<std::size_t>(node) - first_row; }
  std::size_t column(Node node) const { return static_cast<std::size_t>(node); }
  bool is_row(Node node) const { return static_cast<std::size_t>(node) >= first_row; }  // in a bipartite graph
};

// An arc between a node and its parent in the tree.
struct TreeArc {
  std::int64_t flow = 0;
  bool upward = false;  // from the node to its parent
};

class SpanningTree {
 public:
  static constexpr Node kNoNode = -1;
  // The bound of flows in a tree that is not feasible. It keeps twice the sum of two flows in range.
  static constexpr std::int64_t kGreatestFlow = std::int64_t{1} << 60;
  static bool is_in_range(std::int64_t flow) { return (flow <= kGreatestFlow) & (flow >= -kGreatestFlow); }

  // Starts anew with the root alone, which is a row.
  void start(const Sides& sides, Node root);

  // Adds `child` below `parent`, a node of the tree. build_preorder() makes the tree ready once all nodes are in.
  void attach(Node child, Node parent, TreeArc arc);
  void build_preorder();

  // Restores or stores a tree as its nodes in preorder, with their potentials and without flows.
  void restore(const Sides& sides, const std::vector<BasisTree::Arc>& arcs);
  void store(std::vector<BasisTree::Arc>& arcs) const;

  // Removes the arc between `leaving` and its parent, which cuts off a subtree. Adds an arc between `entering`, a node
  // of the subtree, and `parent`, a node of the rest, whose nearest common ancestor is `join`. Adds `shift` to the
  // subtree's potentials, relative to the others.
  struct Exchange {
    Node leaving, entering, parent, join;
    TreeArc arc;
    double shift;
  };
  void exchange(const Exchange& exchange);

  std::int64_t change_flow(Node node, std::int64_t amount) { return (state(node).packed_arc += 2 * amount) >> 1; }

  // Computes the potentials from the costs of the tree's arcs, free of the rounding of earlier shifts.
  void recompute_potentials(const CostBlock& costs);

  const Sides& sides() const { return sides_; }
  std::size_t size() const { return order_.size(); }
  Node root() const { return root_; }
  bool contains(Node node) const { return states_[index(node)].size != 0; }

  Node parent(Node node) const { return states_[index(node)].parent; }
  std::int32_t subtree_size(Node node) const { return states_[index(node)].size; }
  TreeArc arc(Node node) const { return states_[index(node)].arc(); }

  // All nodes, parents before children, the nodes of a subtree together.
  const std::vector<Node>& preorder() const { return order_; }
  std::size_t position(Node node) const { return static_cast<std::size_t>(positions_[index(node)]); }

  // The ends of the arc between a node and its parent.
  std::size_t arc_row(Node node) const { return sides_.row(arc(node).upward ? node : parent(node)); }
  std::size_t arc_column(Node node) const { return sides_.column(arc(node).upward ? parent(node) : node); }

  // The reduced cost of i, j is costs_ij + potential(i) - potential(j), 0 on the tree. The duals:
  // u_i = -potential(i) for rows and v_j = potential(j) for columns.
  double potential(Node node) const { return potentials_[index(node)]; }
  float rounded_potential(Node node) const { return rounded_[index(node)]; }
  const double* column_potentials() const { return potentials_.data(); }
  const double* row_potentials() const { return potentials_.data() + sides_.first_row; }
  const float* rounded_column_potentials() const { return rounded_.data(); }
  const float* rounded_row_potentials() const { return rounded_.data() + sides_.first_row; }
  // The distance of a reduced cost from 0 that rounding explains: a multiple of the error that potentials gather along
  // the tree, relative to the largest potential. Costs do not count: only a cost of the size of the potentials can have
  // a reduced cost near 0.
  double rounding() const { return 1e-14 * largest_potential(); }

 private:
  // The data that a climb reads, four nodes to a cache line. Positions, of which a pivot writes many, are separate.
  struct State {
    Node parent = kNoNode;
    std::int32_t size = 0;        // of the subtree; 0: not in the tree
    std::int64_t packed_arc = 0;  // twice the flow, plus 1 for upward

    static std::int64_t pack(const TreeArc& arc) { return 2 * arc.flow + static_cast<std::int64_t>(arc.upward); }
    TreeArc arc() const { return {packed_arc >> 1, (packed_arc & 1) != 0}; }
  };

  static std::size_t index(Node node) { return static_cast<std::size_t>(node); }
  State& state(Node node) { return states_[index(node)]; }
  void set_potential(Node node, double potential);
  void count_subtrees();
  void resize_ancestors(Node from, Node to, std::int32_t change);
  void reverse_stem(const Exchange& exchange);
  std::int32_t move_stretch(std::int32_t first, std::int32_t count, Node parent);
  void shift_potentials(std::int32_t first, std::int32_t count, double shift);
  double largest_potential() const;
  void shift_range(std::size_t begin, std::size_t end, double shift);

  Sides sides_;
  Node root_ = 0;
  std::vector<State> states_;
  std::vector<Node> order_;              // the preorder
  std::vector<std::int32_t> positions_;  // by node: its position in the preorder
  std::vector<Node> stretch_;            // the stretch that is being moved
  AlignedVector<double> potentials_;
  AlignedVector<float> rounded_;
  std::vector<Node> first_child_, next_sibling_;  // while the tree is being made
};

}  // namespace genmi::transport
