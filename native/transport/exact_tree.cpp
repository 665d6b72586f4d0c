#include "transport/exact_tree.h"

#include <cmath>

namespace genmi::transport {

void ExactTree::start(const Costs& costs, Node root) {
  costs_ = &costs;
  root_ = root;
  parents_.assign(costs.rows() + costs.columns(), kNoNode);
  potentials_.assign(parents_.size(), {});
  rounded_.assign(parents_.size(), 0);
}

void ExactTree::refresh() {
  list();
  potentials_.assign(nodes(), {});
  rounded_.assign(nodes(), 0);
  for (std::size_t k = 1; k < order_.size(); ++k) set_potential(order_[k]);
}

void ExactTree::refresh(Node top) {
  list();
  for (std::size_t k = position(top); k < end(position(top)); ++k) set_potential(order_[k]);
}

// Lists the preorder without recursion. After a node comes its first child, or else its next sibling, or else the next
// sibling of the nearest ancestor that has one.
void ExactTree::list() {
  first_child_.assign(nodes(), kNoNode);
  next_sibling_.assign(nodes(), kNoNode);
  for (std::size_t k = nodes(); k-- > 0;) {
    const Node node = static_cast<Node>(k), above = parents_[k];
    if (above == kNoNode) continue;
    next_sibling_[k] = first_child_[index(above)];
    first_child_[index(above)] = node;
  }
  order_.clear();
  ends_.assign(nodes(), 0);
  positions_.resize(nodes());
  for (Node node = root_; node != kNoNode;) {
    positions_[index(node)] = order_.size();
    order_.push_back(node);
    Node next = first_child_[index(node)];
    for (; next == kNoNode && node != root_; node = parent(node)) {
      ends_[positions_[index(node)]] = order_.size();
      next = next_sibling_[index(node)];
    }
    node = next;
  }
  ends_[0] = order_.size();
}

void ExactTree::set_potential(Node node) {
  Expansion potential = potentials_[index(parent(node))];
  potential.add(is_row(node) ? -arc_cost(node) : arc_cost(node));
  potentials_[index(node)] = potential;
  rounded_[index(node)] = potential.value();
}

void ExactTree::shift(Node node, Expansion by, double sign) {
  potentials_[index(node)].add(by, sign);
  rounded_[index(node)] = potentials_[index(node)].value();
}

void ExactTree::exchange(Node leaving, Node entering, Node parent) {
  Node node = entering, above = parent;
  for (;;) {
    const Node old_parent = parents_[index(node)];
    parents_[index(node)] = above;
    if (node == leaving) return;
    above = node;
    node = old_parent;
  }
}

// The least reduced cost so far, in float64, with a bound of its error and the other end of its arc.
struct ExactTree::Least {
  Node node = kNoNode;
  double value = 0, error = 0;
};

// Replaces `least` by the arc to `node` if the arc's reduced cost is less.
template <class IsBelow>
void ExactTree::offer(Node node, double cost, double from, double to, Least& least, const IsBelow& is_below) {
  const double value = cost + from - to;
  const double error = error_of(cost, from, to);
  if (least.node != kNoNode && value - error > least.value + least.error) return;
  const bool is_less = least.node == kNoNode || value + error < least.value - least.error ||
                       (value - error <= least.value + least.error && is_below(node, least.node));
  if (is_less) least = {node, value, error};
}

void ExactTree::attach_rows(const std::vector<Node>& nodes) {
  std::vector<std::size_t> columns;
  for (std::size_t column = 0; column < costs_->columns(); ++column)
    if (contains(column_node(column))) columns.push_back(column);
  for (const Node node : nodes) {
    const std::size_t row = index(node);
    Least least;
    for (const std::size_t column : columns) {
      const Node other = column_node(column);
      offer(other, (*costs_)(row, column), 0, rounded_[index(other)], least,
            [&](Node a, Node b) { return is_below(row, a, row, b); });
    }
    attach(node, least.node);
    set_potential(node);
  }
}

void ExactTree::attach_columns(const std::vector<Node>& nodes) {
  std::vector<Least> least(nodes.size());
  for (std::size_t row = 0; row < costs_->rows(); ++row) {
    const Node other = row_node(row);
    if (!contains(other)) continue;
    for (std::size_t k = 0; k < nodes.size(); ++k) {
      const std::size_t column = index(nodes[k]) - costs_->rows();
      offer(other, (*costs_)(row, column), rounded_[row], 0, least[k],
            [&](Node a, Node b) { return is_below(index(a), nodes[k], index(b), nodes[k]); });
    }
  }
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    attach(nodes[k], least[k].node);
    set_potential(nodes[k]);
  }
}

bool ExactTree::is_below(std::size_t row, Node column, std::size_t other_row, Node other_column) const {
  const auto approximate = [&](std::size_t i, Node j, double& error) {
    const double cost = (*costs_)(i, index(j) - costs_->rows()), from = rounded_[i], to = rounded_[index(j)];
    error += error_of(cost, from, to);
    return cost + from - to;
  };
  double error = 0;
  const double first = approximate(row, column, error), second = approximate(other_row, other_column, error);
  if (std::abs(first - second) > error) return first < second;
  return exact_reduced_cost(row, index(column) - costs_->rows()) <
         exact_reduced_cost(other_row, index(other_column) - costs_->rows());
}

double ExactTree::error_of(double cost, double row_potential, double column_potential) {
  constexpr double kEpsilon = 0x1p-52;
  return 2 * kEpsilon * (std::abs(cost) + std::abs(row_potential) + std::abs(column_potential));
}

double ExactTree::reduced_cost(std::size_t row, std::size_t column) const {
  constexpr double kAccurate = 0x1p40;
  const double cost = (*costs_)(row, column), from = potential(row_node(row)), to = potential(column_node(column));
  const double approximate = cost + from - to;
  if (std::abs(approximate) > kAccurate * error_of(cost, from, to)) return approximate;
  return exact_reduced_cost(row, column).value();
}

Expansion ExactTree::exact_reduced_cost(std::size_t row, std::size_t column) const {
  Expansion reduced = exact_potential(row_node(row));
  reduced.add((*costs_)(row, column));
  reduced.add(exact_potential(column_node(column)), -1);
  return reduced;
}

}  // namespace genmi::transport
