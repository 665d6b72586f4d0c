// A spanning tree of rows and columns whose potentials and reduced costs are those of the caller's costs, without
// rounding: however large some costs are, the small ones count.
//
// It is made for few pivots: each lists the nodes anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "genmi/transport.h"
#include "transport/expansion.h"

namespace genmi::transport {

class ExactTree {
 public:
  using Node = std::int32_t;  // rows first, then columns
  static constexpr Node kNoNode = -1;

  // Starts anew with one node, the root. `costs` must outlive the tree.
  void start(const Costs& costs, Node root);
  // Hangs a node on another of the other side, which is in the tree.
  void attach(Node child, Node parent) { parents_[index(child)] = parent; }
  // Takes a node off; those below it have to be taken off, too.
  void detach(Node node) { parents_[index(node)] = kNoNode; }
  // Lists the nodes and computes their potentials. To be called after changes, before what follows.
  void refresh();
  // The same where only the subtree of a node has changed.
  void refresh(Node top);
  // Takes the arc above `leaving` out, and puts the one between `entering`, below it, and `parent` in its place.
  void exchange(Node leaving, Node entering, Node parent);
  // Hangs all `nodes`, which are not in the tree, where their reduced costs are zero and all others at least that.
  void attach_rows(const std::vector<Node>& nodes);
  void attach_columns(const std::vector<Node>& nodes);

  Node row_node(std::size_t row) const { return static_cast<Node>(row); }
  Node column_node(std::size_t column) const { return static_cast<Node>(costs_->rows() + column); }
  bool is_row(Node node) const { return index(node) < costs_->rows(); }
  bool contains(Node node) const { return node == root_ || parents_[index(node)] != kNoNode; }
  std::size_t nodes() const { return parents_.size(); }
  Node root() const { return root_; }
  Node parent(Node node) const { return parents_[index(node)]; }
  // Parents before children, subtrees together: that of order()[k] is [k, end(k)).
  const std::vector<Node>& order() const { return order_; }
  std::size_t position(Node node) const { return positions_[index(node)]; }
  std::size_t end(std::size_t k) const { return ends_[k]; }

  // The ends of the arc between a node and its parent, and its cost.
  std::size_t arc_row(Node node) const { return index(is_row(node) ? node : parent(node)); }
  std::size_t arc_column(Node node) const { return index(is_row(node) ? parent(node) : node) - costs_->rows(); }
  double arc_cost(Node node) const { return (*costs_)(arc_row(node), arc_column(node)); }

  // Reduced costs are costs_ij + potential(i) - potential(j), zero on the tree.
  double potential(Node node) const { return rounded_[index(node)]; }
  const Expansion& exact_potential(Node node) const { return potentials_[index(node)]; }
  void shift(Node node, Expansion by, double sign);
  // To within 2^-40 of itself, or better; its sign is right.
  double reduced_cost(std::size_t row, std::size_t column) const;
  Expansion exact_reduced_cost(std::size_t row, std::size_t column) const;
  // How far cost + potential(i) - potential(j), in float64, may be from the reduced cost.
  static double error_of(double cost, double row_potential, double column_potential);
  // Whether the first of two reduced costs is less; potentials of nodes outside the tree count as zero.
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
