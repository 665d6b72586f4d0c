#include "transport/exact_flows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace genmi::transport {
namespace {

// Relative rounding: of sums of weights, where the totals differ; of each weight, where they agree to the last digit.
constexpr double kRoundingOfSums = 0x1p-51, kRoundingOfWeights = 0x1p-49;

constexpr double kMostShare = 0x1p-44;  // largest |Component::share| by which demands are scaled
constexpr int kDigitsBelow = 70;        // bits below the least weight, for scaled demands
constexpr int kMostBalances = 50;       // ends cases in which pivots and balances undo each other

}  // namespace

void ExactFlows::prepare(std::span<const double> supply, std::span<const double> demand) {
  supply_ = supply;
  demand_ = demand;
  balances_made_ = 0;
  least_ = std::numeric_limits<double>::infinity();
  double total = 0;
  for (const std::span<const double> weights : {supply, demand}) {
    for (const double weight : weights) {
      if (weight == 0) continue;
      least_ = std::min(least_, weight);
      total += weight;
    }
  }
  greatest_ = total;
  digits_from_ = std::max(std::ldexp(least_, -kDigitsBelow), std::numeric_limits<double>::denorm_min());
  balances_.start(supply.size() + demand.size(), digits_from_, greatest_);
  for (std::size_t row = 0; row < supply.size(); ++row) balances_.add(row, supply[row]);
  for (std::size_t column = 0; column < demand.size(); ++column) balances_.add(supply.size() + column, -demand[column]);
  component_of_.assign(supply.size() + demand.size(), 0);
  components_.assign(1, {});
  for (std::size_t column = 0; column < demand.size(); ++column) count_demand(supply.size() + column, components_[0]);
  find_shares();
  are_balanced_ = components_[0].share == 0;
  balance_components();
}

double ExactFlows::weight(Node node) const {
  const auto k = static_cast<std::size_t>(node);
  return k < supply_.size() ? supply_[k] : demand_[k - supply_.size()];
}

ExactFlows::Node ExactFlows::settle(const ExactTree& tree) {
  sum_subtrees(tree);
  stays_.assign(tree.nodes(), false);
  fill(tree);
  while (balances_made_ < kMostBalances && cut_flows(tree)) {
    find_components(tree);
    if (!find_shares()) {
      join_components(tree);
      continue;
    }
    balance_components();
    ++balances_made_;
    fill(tree);
  }
  return worst_arc(tree);
}

void ExactFlows::sum_subtrees(const ExactTree& tree) {
  const std::vector<Node>& order = tree.order();
  before_.assign(order.size() + 1, 0);
  inside_.assign(order.size(), 0);
  behind_.assign(order.size() + 1, 0);
  for (std::size_t k = 0; k < order.size(); ++k) before_[k + 1] = before_[k] + weight(order[k]);
  for (std::size_t k = order.size(); k-- > 0;) {
    behind_[k] = behind_[k + 1] + weight(order[k]);
    inside_[k] = weight(order[k]);
    for (std::size_t child = k + 1; child < tree.end(k); child = tree.end(child)) inside_[k] += inside_[child];
  }
}

// The part of the flow above order()[k] that the rounding of weights explains. Where the sums agree to the last digit,
// weights count as exact, and only a flow far below every weight counts as rounding.
double ExactFlows::rounding(const ExactTree& tree, std::size_t k) const {
  if (are_balanced_) return kRoundingOfWeights * least_;
  return kRoundingOfSums * std::min(inside_[k], before_[k] + behind_[tree.end(k)]);
}

bool ExactFlows::is_flow(const ExactTree& tree, std::size_t k) const {
  return std::abs(flow(tree.order()[k])) > rounding(tree, k);
}

// Cuts arcs without flow. Returns false where rounding has left exactly 0 on all of them.
bool ExactFlows::cut_flows(const ExactTree& tree) {
  cut_.assign(tree.nodes(), false);
  bool any = false;
  for (std::size_t k = 1; k < tree.order().size(); ++k) {
    const auto at = static_cast<std::size_t>(tree.order()[k]);
    if (stays_[at] || is_flow(tree, k)) continue;
    cut_[at] = true;
    any |= flows_[at] != 0;
  }
  return any;
}

// Marks the cut arcs at the border of components that cannot be balanced by themselves: these arcs must stay.
void ExactFlows::join_components(const ExactTree& tree) {
  for (std::size_t k = 1; k < tree.order().size(); ++k) {
    const Node node = tree.order()[k];
    const auto at = static_cast<std::size_t>(node);
    if (!cut_[at]) continue;
    const Component &below = components_[component_of_[at]],
                    &above = components_[component_of_[static_cast<std::size_t>(tree.parent(node))]];
    if (!(std::abs(below.share) <= kMostShare) || !(std::abs(above.share) <= kMostShare)) stays_[at] = true;
  }
}

ExactFlows::Node ExactFlows::worst_arc(const ExactTree& tree) const {
  Node worst = ExactTree::kNoNode;
  double least = 0;
  for (std::size_t k = 1; k < tree.order().size(); ++k) {
    const double flow = flows_[static_cast<std::size_t>(tree.order()[k])];
    if (flow < least && is_flow(tree, k)) least = flow, worst = tree.order()[k];
  }
  return worst;
}

void ExactFlows::find_components(const ExactTree& tree) {
  components_.assign(1, {});
  component_of_.assign(tree.nodes(), 0);
  for (std::size_t k = 0; k < tree.order().size(); ++k) {
    const Node node = tree.order()[k];
    const auto at = static_cast<std::size_t>(node);
    if (cut_[at]) {
      component_of_[at] = components_.size();
      components_.emplace_back();
    } else {
      component_of_[at] = k == 0 ? 0 : component_of_[static_cast<std::size_t>(tree.parent(node))];
    }
    if (!tree.is_row(node)) count_demand(at, components_[component_of_[at]]);
  }
}

void ExactFlows::count_demand(std::size_t at, Component& component) const {
  const double demand = demand_[at - supply_.size()];
  component.demand += demand;
  if (demand <= component.heaviest_demand) return;
  component.heaviest_demand = demand;
  component.heaviest = at;
}

// Fills in the share of each component. Returns false where a share is more than rounding.
bool ExactFlows::find_shares() {
  component_sums_.start(components_.size(), digits_from_, greatest_);
  for (std::size_t at = 0; at < component_of_.size(); ++at) component_sums_.add_sum(component_of_[at], balances_, at);
  bool is_rounding = true;
  for (std::size_t c = 0; c < components_.size(); ++c) {
    const double excess = component_sums_.value(c);
    components_[c].share = excess == 0 ? 0 : excess / components_[c].demand;
    is_rounding &= std::abs(components_[c].share) <= kMostShare;
  }
  return is_rounding;
}

// Scales demands by 1 + share; the heaviest demand of a component also takes the rounding of the others.
void ExactFlows::balance_components() {
  const auto add = [&](std::size_t at, double mass) {
    balances_.add(at, mass);
    component_sums_.add(component_of_[at], mass);
  };
  for (std::size_t column = 0; column < demand_.size(); ++column) {
    const double share = components_[component_of_[supply_.size() + column]].share;
    if (share != 0) add(supply_.size() + column, -share * demand_[column]);
  }
  for (std::size_t c = 0; c < components_.size(); ++c)
    for (double left = component_sums_.value(c); left != 0; left = component_sums_.value(c))
      add(components_[c].heaviest, -left);
}

void ExactFlows::fill(const ExactTree& tree) {
  sums_ = balances_;
  flows_.assign(tree.nodes(), 0);
  for (std::size_t k = tree.order().size(); k-- > 1;) {
    const Node node = tree.order()[k];
    const double sum = sums_.value(static_cast<std::size_t>(node));
    flows_[static_cast<std::size_t>(node)] = tree.is_row(node) ? sum : -sum;
    sums_.add_sum(static_cast<std::size_t>(tree.parent(node)), sums_, static_cast<std::size_t>(node));
  }
}

}  // namespace genmi::transport
