#include "transport/weight_flows.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace genmi::transport {
namespace {

// The part of a flow that the rounding of weights explains, relative to the weights on one side of the arc. A flow that
// is so small, and beyond the accuracy of the weights at both ends of its arc, is no flow.
constexpr double kRoundingOfSums = 0x1p-50, kAccuracyOfWeights = 0x1p-46;

constexpr double kRoundingOfChange = 0x1p-52;  // of a flow by a pivot, relative to the larger of both

constexpr std::uint64_t kPivotsPerNode = 20;  // a limit for pivots, which could go round in circles among ties

// The time of an entry of a column of costs, in entries of a row.
constexpr std::size_t kColumnEntry = 16;

}  // namespace

void WeightFlows::fill(const SpanningTree& tree, std::span<const double> supplies, std::span<const double> demands) {
  total_nodes(tree, supplies, demands);
  flows_.assign(tree.sides().node_numbers(), 0);
  roundings_.assign(tree.sides().node_numbers(), 0);
  Total before = own_[0];
  for (std::size_t k = 1; k < tree.size(); before.add(own_[k++])) {
    const Node node = tree.preorder()[k];
    Total outside = before;
    outside.add(behind_[k + static_cast<std::size_t>(tree.subtree_size(node))]);
    const bool is_inside_light = inside_[k].weight <= outside.weight;
    const double balance = is_inside_light ? inside_[k].balance.value() : -outside.balance.value();
    const double rounding = kRoundingOfSums * std::min(inside_[k].weight, outside.weight);
    const double least = kAccuracyOfWeights * std::min(own_[k].weight, own_[tree.position(tree.parent(node))].weight);
    const double flow = tree.arc(node).upward ? balance : -balance;
    const bool is_flow = flow < 0 ? -flow > rounding : flow > std::min(rounding, least);
    flows_[static_cast<std::size_t>(node)] = is_flow ? flow : 0;
    roundings_[static_cast<std::size_t>(node)] = rounding;
  }
}

void WeightFlows::total_nodes(const SpanningTree& tree, std::span<const double> supplies,
                              std::span<const double> demands) {
  const Sides& sides = tree.sides();
  own_.assign(tree.size(), {});
  Total all;
  for (std::size_t k = 0; k < tree.size(); ++k) {
    const Node node = tree.preorder()[k];
    const double supply = sides.are_same() || sides.is_row(node) ? supplies[sides.row(node)] : 0;
    const double demand = sides.are_same() || !sides.is_row(node) ? demands[sides.column(node)] : 0;
    own_[k].balance.add(supply - demand);  // exact: one of them is 0
    own_[k].weight = supply + demand;
    all.add(own_[k]);
  }
  // The sums of supplies and demands differ by their rounding. Each weight takes its share.
  const double share = all.balance.value() / all.weight;
  for (Total& own : own_) own.balance.add(-share * own.weight);
  inside_ = own_;
  behind_.assign(tree.size() + 1, {});
  for (std::size_t k = tree.size(); k-- > 1;) {
    inside_[tree.position(tree.parent(tree.preorder()[k]))].add(inside_[k]);
    behind_[k] = behind_[k + 1];
    behind_[k].add(own_[k]);
  }
}

Ending WeightFlows::settle(const CostBlock& costs, bool symmetric, std::span<const double> supplies,
                           std::span<const double> demands, std::uint64_t max_pivots, const Job* job,
                           SpanningTree& tree) {
  costs_ = costs;
  symmetric_ = symmetric;
  tree_ = &tree;
  pivots_ = 0;
  const std::uint64_t most = std::min<std::uint64_t>(max_pivots, kPivotsPerNode * tree.size());
  for (;;) {
    fill(tree, supplies, demands);
    candidates_.clear();
    for (const Node node : tree.preorder())
      if (flow(node) < 0) candidates_.push_back(node);
    if (candidates_.empty()) return Ending::kFound;
    const std::uint64_t before = pivots_;
    for (Node leaving = worst_candidate(); leaving != SpanningTree::kNoNode; leaving = worst_candidate()) {
      if (is_cancelled(job)) return Ending::kCancelled;
      if (pivots_ == most) return Ending::kGaveUp;
      if (!pivot(leaving)) break;  // where pivots have rounded a flow of 0, no arc can enter
    }
    if (pivots_ == before) return Ending::kGaveUp;
  }
}

double WeightFlows::lacking() const {
  return std::accumulate(flows_.begin(), flows_.end(), 0.0,
                         [](double sum, double flow) { return sum - std::min(flow, 0.0); });
}

// The arc with the most negative flow.
Node WeightFlows::worst_candidate() const {
  Node worst = SpanningTree::kNoNode;
  double least = 0;
  for (const Node node : candidates_)
    if (flow(node) < least && flow(node) < -roundings_[static_cast<std::size_t>(node)])
      least = flow(node), worst = node;
  return worst;
}

// Replaces the arc above `leaving`. Returns false where no arc can enter.
bool WeightFlows::pivot(Node leaving) {
  const EnteringArc entering = find_entering_arc(leaving);
  if (entering.row == SpanningTree::kNoNode) return false;
  const double amount = -flow(leaving), error = kRoundingOfChange * amount;
  const bool on_row_side = !tree_->arc(leaving).upward;
  const Node join = find_join(*tree_, entering.row, entering.column);
  const auto add = [&](Node node, double change) {
    double& flow = flows_[static_cast<std::size_t>(node)];
    roundings_[static_cast<std::size_t>(node)] += error + kRoundingOfChange * std::abs(flow);
    flow += change;
  };
  for (Node node = entering.row; node != join; node = tree_->parent(node))
    add(node, tree_->arc(node).upward ? -amount : amount);
  for (Node node = entering.column; node != join; node = tree_->parent(node))
    add(node, tree_->arc(node).upward ? amount : -amount);
  // Each node of the stem gets the arc of the node before.
  double flow = amount, rounding = error;
  for (Node node = on_row_side ? entering.row : entering.column;; node = tree_->parent(node)) {
    std::swap(flow, flows_[static_cast<std::size_t>(node)]);
    std::swap(rounding, roundings_[static_cast<std::size_t>(node)]);
    if (node == leaving) break;
  }
  update_tree(*tree_, entering, {leaving, join, 0, on_row_side});
  ++pivots_;
  return true;
}

// The arc of least reduced cost across the cut, in the direction of the true flow.
EnteringArc WeightFlows::find_entering_arc(Node leaving) {
  const auto inside = static_cast<std::size_t>(tree_->subtree_size(leaving)), outside = tree_->size() - inside;
  const bool from_subtree = !tree_->arc(leaving).upward;
  const std::size_t from = from_subtree ? inside : outside, to = tree_->size() - from;
  EnteringArc least{SpanningTree::kNoNode, SpanningTree::kNoNode, static_cast<double>(kPaddingCost) / 2};
  const bool by_columns = symmetric_ ? to < from : kColumnEntry * to < tree_->size();
  if (by_columns) find_in_columns(!from_subtree, leaving, least);
  else find_in_rows(from_subtree, leaving, least);
  return least;
}

// Calls visit(node) for the nodes of the subtree, or for all others.
template <class Visit>
void WeightFlows::visit(bool subtree, Node leaving, const Visit& visit) const {
  const std::size_t first = tree_->position(leaving),
                    end = first + static_cast<std::size_t>(tree_->subtree_size(leaving));
  const auto visit_range = [&](std::size_t begin, std::size_t stop) {
    for (std::size_t k = begin; k < stop; ++k) visit(tree_->preorder()[k]);
  };
  if (subtree) return visit_range(first, end);
  visit_range(0, first);
  visit_range(end, tree_->size());
}

// Searches the rows of the subtree, or of the rest, for arcs to columns on the other side.
void WeightFlows::find_in_rows(bool of_subtree, Node leaving, EnteringArc& least) {
  const Sides& sides = tree_->sides();
  prices_.assign(tree_->column_potentials(), tree_->column_potentials() + costs_.stride());
  visit(of_subtree, leaving, [&](Node node) {
    if (sides.are_same() || !sides.is_row(node)) prices_[sides.column(node)] = -kInfinity;
  });
  std::size_t best = 0;
  double best_minimum = kInfinity;
  visit(of_subtree, leaving, [&](Node node) {
    if (!sides.are_same() && !sides.is_row(node)) return;
    const double minimum = costs_.exact_minimum(sides.row(node), prices_.data());
    const double reduced = minimum + tree_->potential(node);
    if (reduced >= least.reduced_cost) return;
    least = {node, SpanningTree::kNoNode, reduced};
    best = sides.row(node);
    best_minimum = minimum;
  });
  if (least.row == SpanningTree::kNoNode) return;
  least.column = sides.column_node(costs_.find_exact_minimum(best, prices_.data(), best_minimum));
}

// The same for columns, and arcs from rows on the other side.
void WeightFlows::find_in_columns(bool of_subtree, Node leaving, EnteringArc& least) {
  const Sides& sides = tree_->sides();
  if (symmetric_) {
    prices_.resize(costs_.stride());
    std::transform(tree_->row_potentials(), tree_->row_potentials() + costs_.stride(), prices_.begin(),
                   std::negate<>());
    visit(of_subtree, leaving, [&](Node node) {
      if (sides.are_same() || sides.is_row(node)) prices_[sides.row(node)] = -kInfinity;
    });
  }
  std::size_t best = 0;
  double best_minimum = kInfinity;
  visit(of_subtree, leaving, [&](Node node) {
    if (!sides.are_same() && sides.is_row(node)) return;
    const std::size_t column = sides.column(node);
    if (symmetric_) {
      const double minimum = costs_.exact_minimum(column, prices_.data());
      const double reduced = minimum - tree_->potential(node);
      if (reduced >= least.reduced_cost) return;
      least = {SpanningTree::kNoNode, node, reduced};
      best = column;
      best_minimum = minimum;
      return;
    }
    visit(!of_subtree, leaving, [&](Node other) {
      if (!sides.are_same() && !sides.is_row(other)) return;
      const double reduced = costs_(sides.row(other), column) + tree_->potential(other) - tree_->potential(node);
      if (reduced < least.reduced_cost) least = {other, node, reduced};
    });
  });
  if (symmetric_ && least.column != SpanningTree::kNoNode)
    least.row = sides.row_node(costs_.find_exact_minimum(best, prices_.data(), best_minimum));
}

}  // namespace genmi::transport
