// A spanning tree of rows and columns, with potentials and reduced costs computed from the caller's costs without
// rounding: small costs count beside any large ones.
//
// The tree is made for few pivots: each pivot lists the nodes anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "transport/costs.h"
#include "transport/expansion.h"

namespace genmi::transport {

class ExactTree {
 public:
  using Node = std::int32_t;  // rows first, then columns
  static constexpr Node kNoNode = -1;

  // Starts anew with one node, the root. `costs` must outlive the tree.
  void start(const Costs& costs, Node root);
  // Hangs `child` on `parent`, a node of the other side that is in the tree.
  void attach(Node child, Node parent) { parents_[index(child)] = parent; }
  // Lists the nodes and computes their potentials. Call it after changes, before any function below.
  void refresh();
  // The same, where nothing outside the subtree of `top` has changed.
  void refresh(Node top);
  // Replaces the arc above `leaving` by the arc between `parent` and `entering`, a node of the subtree of `leaving`.
  void exchange(Node leaving, Node entering, Node parent);
  // Hang each of `nodes`, all outside the tree, on its arc of least reduced cost: that becomes 0, the others >= 0.
  void attach_rows(const std::vector<Node>& nodes);
  void attach_columns(const std::vector<Node>& nodes);

  Node row_node(std::size_t row) const { return static_cast<Node>(row); }
  Node column_node(std::size_t column) const { return static_cast<Node>(costs_->rows() + column); }
  bool is_row(Node node) const { return index(node) < costs_->rows(); }
  bool contains(Node node) const { return node == root_ || parents_[index(node)] != kNoNode; }
  std::size_t nodes() const { return parents_.size(); }
  Node root() const { return root_; }
  Node parent(Node node) const { return parents_[index(node)]; }
  // The preorder: parents before children, subtrees together. The subtree of order()[k] is [k, end(k)).
  const std::vector<Node>& order() const { return order_; }
  std::size_t position(Node node) const { return positions_[index(node)]; }
  std::size_t end(std::size_t k) const { return ends_[k]; }

  // The ends of the arc between a node and its parent, and its cost.
  std::size_t arc_row(Node node) const { return index(is_row(node) ? node : parent(node)); }
  std::size_t arc_column(Node node) const { return index(is_row(node) ? parent(node) : node) - costs_->rows(); }
  double arc_cost(Node node) const { return (*costs_)(arc_row(node), arc_column(node)); }

  // The reduced cost of i, j is costs_ij + potential(i) - potential(j), 0 on the tree.
  double potential(Node node) const { return rounded_[index(node)]; }
  const Expansion& exact_potential(Node node) const { return potentials_[index(node)]; }
  void shift(Node node, Expansion by, double sign);
  // The reduced cost with a relative error of at most 2^-40; its sign is right.
  double reduced_cost(std::size_t row, std::size_t column) const;
  Expansion exact_reduced_cost(std::size_t row, std::size_t column) const;
  // A bound of the error of cost + potential(i) - potential(j), computed in float64.
  static double error_of(double cost, double row_potential, double column_potential);
  // Whether the first of two reduced costs is less. Potentials of nodes outside the tree count as 0.
  bool is_below(std::size_t row, Node column, std::size_t other_row, Node other_column) const;

 private:
  static std::size_t index(Node node) { return static_cast<std::size_t>(node); }
  struct Least;
  template <class IsBelow>
  static void offer(Node node, double cost, double from, double to, Least& least, const IsBelow& is_below);
  void list();
  void set_potential(Node node);

  const Costs* costs_ = nullptr;
  Node root_ = kNoNode;
  std::vector<Node> parents_, order_, first_child_, next_sibling_;
  std::vector<std::size_t> positions_, ends_;
  std::vector<Expansion> potentials_;
  std::vector<double> rounded_;
};

}  // namespace genmi::transport
