// The basis of the network simplex: a spanning tree of the bipartite graph of rows and columns, its flows and its
// potentials.
//
// The representation is the parent, thread and depth of Ahuja, Magnanti, Orlin, "Network Flows", 1993, section 11.3.
// The thread is a preorder of the tree as a circular, doubly linked list that starts at the root: a subtree is a node
// and those after it that are deeper. Arcs lead from a row to a column, so the side of a node tells the direction of
// the arc to its parent: up for a row, down for a column.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "genmi/matrix.h"

namespace genmi::transport {

using Node = std::int32_t;

class SpanningTree {
 public:
  static constexpr Node kRoot = 0;  // the first row
  static constexpr Node kNoNode = -1;

  // Starts anew with the root alone.
  void plant(std::size_t rows, std::size_t columns);

  // Adds a leaf under a node of the tree, with the flow of the arc between them.
  void hang(Node leaf, Node parent, std::int64_t flow, double cost);

  // Exchanges the arc between `leaving` and its parent for one between `entering`, a node of the subtree that this cuts
  // off, and `parent`, a node of the rest. Adds `shift` to the potentials of the subtree. Cost: its size.
  void rehang(Node leaving, Node entering, Node parent, std::int64_t flow, double shift);

  void change_flow(Node node, std::int64_t amount) { flow_[index(node)] += amount; }

  // Computes the potentials from the costs of the tree's arcs, free of what earlier shifts have rounded away.
  void recompute_potentials(MatrixView<double> costs);

  std::size_t rows() const { return rows_; }
  std::size_t size() const { return parent_.size(); }
  bool contains(Node node) const { return depth_[index(node)] != kOutside; }

  Node row_node(std::size_t row) const { return static_cast<Node>(row); }
  Node column_node(std::size_t column) const { return static_cast<Node>(rows_ + column); }
  bool is_row(Node node) const { return index(node) < rows_; }
  std::size_t row(Node node) const { return index(node); }
  std::size_t column(Node node) const { return index(node) - rows_; }

  Node parent(Node node) const { return parent_[index(node)]; }
  std::int32_t depth(Node node) const { return depth_[index(node)]; }
  std::int64_t flow(Node node) const { return flow_[index(node)]; }  // of the arc to the parent

  // Reduced costs are costs_ij + potential(i) - potential(j), zero on the tree: the duals are u_i = -potential(i) for
  // rows and v_j = potential(j) for columns.
  double potential(Node node) const { return potential_[index(node)]; }
  const double* column_potentials() const { return potential_.data() + rows_; }
  double largest_potential() const;

 private:
  static constexpr std::int32_t kOutside = -1;

  static std::size_t index(Node node) { return static_cast<std::size_t>(node); }
  double potential_below(Node parent, Node child, double cost) const;
  void link(Node before, Node after);
  Node move_segment(Node first, Node after, std::int32_t deeper, double shift);

  std::size_t rows_ = 0;
  std::vector<Node> parent_;
  std::vector<Node> next_, previous_;  // the thread
  std::vector<std::int32_t> depth_;
  std::vector<std::int64_t> flow_;
  std::vector<double> potential_;
};

}  // namespace genmi::transport
