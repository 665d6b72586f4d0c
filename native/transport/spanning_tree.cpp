#include "transport/spanning_tree.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>

namespace genmi::transport {
namespace {

// Most stretches have a few nodes: copying some nodes too many takes less time than a call of memmove.
constexpr std::ptrdiff_t kCopied = 8;

// Copies [from, end) to `to`, which has room for kCopied nodes more. Returns the copy's end. Reads nothing from `limit`
// on.
Node* copy_stretch(const Node* from, const Node* end, const Node* limit, Node* to) {
  const std::ptrdiff_t count = end - from;
  if (count > 2 * kCopied || limit - from < 2 * kCopied) return std::copy(from, end, to);
  std::memcpy(to, from, kCopied * sizeof(Node));
  if (count > kCopied) std::memcpy(to + kCopied, from + kCopied, kCopied * sizeof(Node));
  return to + count;
}

}  // namespace

void SpanningTree::start(const Sides& sides, Node root) {
  sides_ = sides;
  root_ = root;
  states_.assign(sides.node_numbers(), {});
  positions_.resize(sides.node_numbers());
  first_child_.assign(sides.node_numbers(), kNoNode);
  next_sibling_.resize(sides.node_numbers());
  potentials_.assign(sides.node_numbers(), 0);
  rounded_.assign(sides.node_numbers(), 0);
  state(root).size = 1;
}

void SpanningTree::attach(Node child, Node parent, TreeArc arc) {
  state(child) = {parent, 1, State::pack(arc)};
  next_sibling_[index(child)] = first_child_[index(parent)];
  first_child_[index(parent)] = child;
}

// Lists the preorder without recursion. After a node comes its first child, or else its next sibling, or else the next
// sibling of the nearest ancestor that has one.
void SpanningTree::build_preorder() {
  order_.clear();
  for (Node node = root(); node != kNoNode;) {
    positions_[index(node)] = static_cast<std::int32_t>(order_.size());
    state(node).size = 1;
    order_.push_back(node);
    Node next = first_child_[index(node)];
    for (; next == kNoNode && node != root(); node = parent(node)) next = next_sibling_[index(node)];
    node = next;
  }
  count_subtrees();
}

void SpanningTree::restore(const Sides& sides, const std::vector<BasisTree::Arc>& arcs) {
  start(sides, arcs.front().node);
  order_.clear();
  for (const auto& [node, parent, upward, potential] : arcs) {
    state(node) = {parent, 1, State::pack({0, upward})};
    positions_[index(node)] = static_cast<std::int32_t>(order_.size());
    set_potential(node, potential);
    order_.push_back(node);
  }
  state(root()).parent = kNoNode;
  count_subtrees();
}

void SpanningTree::store(std::vector<BasisTree::Arc>& arcs) const {
  arcs.clear();
  for (const Node node : order_)
    arcs.push_back({node, node == root() ? node : parent(node), arc(node).upward, potential(node)});
}

void SpanningTree::count_subtrees() {
  for (std::size_t k = order_.size(); k-- > 1;) state(parent(order_[k])).size += state(order_[k]).size;
  stretch_.resize(order_.size() + 2 * kCopied);
}

void SpanningTree::recompute_potentials(const CostBlock& costs) {
  set_potential(root(), 0);
  for (std::size_t k = 1; k < order_.size(); ++k) {
    const Node node = order_[k];
    const double cost = costs(arc_row(node), arc_column(node));
    const double above = potential(parent(node));
    set_potential(node, arc(node).upward ? above - cost : above + cost);
  }
}

void SpanningTree::set_potential(Node node, double potential) {
  potentials_[index(node)] = potential;
  rounded_[index(node)] = static_cast<float>(potential);
}

double SpanningTree::largest_potential() const {
  double lanes[simd::kPadding] = {};  // maxima that do not wait for each other
  for (std::size_t k = 0; k < potentials_.size(); k += simd::kPadding)
    for (std::size_t lane = 0; lane < simd::kPadding; ++lane)
      lanes[lane] = std::max(lanes[lane], std::abs(potentials_[k + lane]));
  return *std::max_element(std::begin(lanes), std::end(lanes));
}

void SpanningTree::exchange(const Exchange& exchange) {
  const std::int32_t first = positions_[index(exchange.leaving)];
  const std::int32_t count = state(exchange.leaving).size;
  resize_ancestors(parent(exchange.leaving), exchange.join, -count);
  reverse_stem(exchange);
  const std::int32_t moved_to = move_stretch(first, count, exchange.parent);
  resize_ancestors(exchange.parent, exchange.join, count);
  shift_potentials(moved_to, count, exchange.shift);
}

void SpanningTree::resize_ancestors(Node from, Node to, std::int32_t change) {
  for (Node node = from; node != to; node = parent(node)) state(node).size += change;
}

// Turns the path from `entering` up to `leaving` around, node by node. Each node becomes the child of the node before
// it, and keeps the remainder of its subtree: its stretch without the stretch of the node before. In the new preorder
// of the subtree, the remainders follow each other.
void SpanningTree::reverse_stem(const Exchange& exchange) {
  const std::int32_t count = state(exchange.leaving).size;
  const Node* const limit = order_.data() + order_.size();
  Node* out = stretch_.data();
  Node node = exchange.entering, above = exchange.parent;
  TreeArc arc = exchange.arc;
  std::int32_t inner_begin = 0, inner_size = 0;
  for (;;) {
    State& turned = state(node);
    const std::int32_t begin = positions_[index(node)];
    const Node* stretch = order_.data() + begin;
    const std::int32_t before = inner_size == 0 ? turned.size : inner_begin - begin;
    out = copy_stretch(stretch, stretch + before, limit, out);
    out = copy_stretch(stretch + before + inner_size, stretch + turned.size, limit, out);
    const std::int32_t remaining = count - inner_size;
    inner_begin = begin;
    inner_size = turned.size;
    const TreeArc old_arc = turned.arc();
    const Node old_parent = turned.parent;
    turned.parent = above;
    turned.packed_arc = State::pack(arc);
    turned.size = remaining;
    if (node == exchange.leaving) return;
    arc = {old_arc.flow, !old_arc.upward};
    above = node;
    node = old_parent;
  }
}

// Puts the stretch that began at `first` among the children of `parent`: first or last, whichever is nearer. Moves the
// nodes between, and returns the new beginning of the stretch.
std::int32_t SpanningTree::move_stretch(std::int32_t first, std::int32_t count, Node parent) {
  const std::int32_t end = first + count;
  const std::int32_t children = positions_[index(parent)] + 1;
  const std::int32_t children_end = children - 1 + state(parent).size;
  std::int32_t to = 0;
  if (children > first) {
    to = children - count;
  } else if (children_end <= first) {
    to = children_end;
  } else {  // the stretch stays among the descendants of `parent`
    to = first - children <= children_end - end ? children : children_end - count;
  }

  Node* order = order_.data();
  const std::int32_t low = std::min(first, to), high = std::max(end, to + count);
  if (to < first) {
    std::copy_backward(order + to, order + first, order + end);
  } else {
    std::copy(order + end, order + to + count, order + first);
  }
  std::copy(stretch_.data(), stretch_.data() + count, order + to);
  std::int32_t* positions = positions_.data();
  for (std::int32_t k = low; k < high; ++k) positions[index(order[k])] = k;
  return to;
}

// Only differences of potentials matter: shifts the stretch, or all other nodes by -shift if they are fewer.
void SpanningTree::shift_potentials(std::int32_t first, std::int32_t count, double shift) {
  const auto begin = static_cast<std::size_t>(first), end = static_cast<std::size_t>(first + count);
  if (2 * (end - begin) <= size()) return shift_range(begin, end, shift);
  shift_range(0, begin, -shift);
  shift_range(end, size(), -shift);
}

void SpanningTree::shift_range(std::size_t begin, std::size_t end, double shift) {
  const Node* order = order_.data();
  double* potentials = potentials_.data();
  float* rounded = rounded_.data();
  for (std::size_t k = begin; k < end; ++k) {
    const std::size_t node = index(order[k]);
    potentials[node] += shift;
    rounded[node] = static_cast<float>(potentials[node]);
  }
}

}  // namespace genmi::transport
