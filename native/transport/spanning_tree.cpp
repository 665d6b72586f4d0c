#include "transport/spanning_tree.h"

#include <algorithm>
#include <cmath>

namespace genmi::transport {

void SpanningTree::plant(std::size_t rows, std::size_t columns) {
  const std::size_t nodes = rows + columns;
  rows_ = rows;
  parent_.assign(nodes, kNoNode);
  next_.resize(nodes);
  previous_.resize(nodes);
  depth_.assign(nodes, kOutside);
  flow_.assign(nodes, 0);
  potential_.assign(nodes, 0);
  depth_[kRoot] = 0;
  link(kRoot, kRoot);
}

void SpanningTree::hang(Node leaf, Node parent, std::int64_t flow, double cost) {
  link(leaf, next_[index(parent)]);
  link(parent, leaf);
  parent_[index(leaf)] = parent;
  depth_[index(leaf)] = depth_[index(parent)] + 1;
  flow_[index(leaf)] = flow;
  potential_[index(leaf)] = potential_below(parent, leaf, cost);
}

// The path from `entering` up to `leaving` is turned around node by node: each becomes the child of the one before it,
// and takes along what hung on it. The thread then visits these remainders in that order, right after the new parent.
void SpanningTree::rehang(Node leaving, Node entering, Node parent, std::int64_t flow, double shift) {
  Node node = entering;
  Node after = parent;
  std::int32_t depth = depth_[index(parent)] + 1;
  for (;;) {
    const Node old_parent = parent_[index(node)];
    const std::int64_t old_flow = flow_[index(node)];
    after = move_segment(node, after, depth - depth_[index(node)], shift);
    parent_[index(node)] = parent;
    flow_[index(node)] = flow;
    if (node == leaving) return;
    parent = node;
    flow = old_flow;
    node = old_parent;
    ++depth;
  }
}

void SpanningTree::recompute_potentials(MatrixView<double> costs) {
  potential_[kRoot] = 0;
  for (Node node = next_[kRoot]; node != kRoot; node = next_[index(node)]) {
    const Node up = parent(node);
    const double cost = is_row(node) ? costs(row(node), column(up)) : costs(row(up), column(node));
    potential_[index(node)] = potential_below(up, node, cost);
  }
}

double SpanningTree::largest_potential() const {
  double largest = 0;
  for (const double potential : potential_) largest = std::max(largest, std::abs(potential));
  return largest;
}

double SpanningTree::potential_below(Node parent, Node child, double cost) const {
  return is_row(child) ? potential_[index(parent)] - cost : potential_[index(parent)] + cost;
}

void SpanningTree::link(Node before, Node after) {
  next_[index(before)] = after;
  previous_[index(after)] = before;
}

// Moves what the thread still has of the subtree of `first` to behind `after`, and returns its last node. Potentials
// and depths change in the same walk, which is where most of a pivot's time goes.
Node SpanningTree::move_segment(Node first, Node after, std::int32_t deeper, double shift) {
  const std::int32_t level = depth_[index(first)];
  Node last = first;
  Node node = first;
  do {
    depth_[index(node)] += deeper;
    potential_[index(node)] += shift;
    last = node;
    node = next_[index(node)];
  } while (depth_[index(node)] > level);
  link(previous_[index(first)], node);
  link(last, next_[index(after)]);
  link(after, first);
  return last;
}

}  // namespace genmi::transport
