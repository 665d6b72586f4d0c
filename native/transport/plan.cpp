#include "transport/plan.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <tuple>
#include <utility>

namespace genmi::transport {

namespace {

// Calls entry(source, target, units) for every arc of the tree that has flow. The tree's rows are the sources or all
// points; its columns are the targets or all points.
template <class Entry>
void for_each_flow(const Measures& measures, const SpanningTree& tree, Entry entry) {
  const bool all_rows = tree.sides().rows != measures.sources.points.size();
  const bool all_columns = tree.sides().columns != measures.targets.points.size();
  for (const Node node : tree.preorder()) {
    if (node == tree.root() || tree.arc(node).flow == 0) continue;
    const std::size_t row = tree.arc_row(node), column = tree.arc_column(node);
    entry(all_rows ? row : measures.sources.points[row], all_columns ? column : measures.targets.points[column],
          tree.arc(node).flow);
  }
}

// Skips masses of 0: the units of a tiny mass may underflow.
void add_entry(std::size_t source, std::size_t target, double mass, std::vector<PlanEntry>& plan) {
  if (mass > 0) plan.push_back({static_cast<std::int32_t>(source), static_cast<std::int32_t>(target), mass});
}

// The binary exponents of some costs. They tell without sorting that no two neighbours are kPenalty = 2^12 apart: such
// neighbours have at least 11 exponents between theirs, of no cost.
class Exponents {
 public:
  void add(double cost) {
    const auto exponent = static_cast<std::size_t>(std::bit_cast<std::uint64_t>(cost) >> kMantissa);
    if (cost == 0) return;
    has_[exponent] = true;
    least_ = std::min(least_, exponent);
    largest_ = std::max(largest_, exponent);
  }
  bool may_hide_penalty() const {
    std::size_t empty = 0;
    for (std::size_t exponent = least_; exponent <= largest_ && empty < kEmpty; ++exponent)
      empty = has_[exponent] ? 0 : empty + 1;
    return empty >= kEmpty || has_[0];  // denormal numbers of any size have exponent 0
  }

 private:
  static constexpr int kMantissa = 52;
  static constexpr std::size_t kEmpty = 11, kCount = 2048;
  static_assert(kPenalty == 2 << kEmpty);

  std::array<bool, kCount> has_ = {};
  std::size_t least_ = kCount, largest_ = 0;
};

}  // namespace

void add_staying(const Marginals& marginals, std::vector<PlanEntry>& plan) {
  for (std::size_t point = 0; point < marginals.points(); ++point)
    add_entry(point, point, marginals.staying_mass(point), plan);
}

void plan_of_moving(const Marginals& marginals, const SpanningTree& tree, std::vector<PlanEntry>& plan) {
  plan.clear();
  for_each_flow(marginals.moving(), tree, [&](std::size_t source, std::size_t target, std::int64_t units) {
    add_entry(source, target, marginals.mass_of(units), plan);
  });
}

void plan_of_points(const Marginals& marginals, const SpanningTree& tree, Routes<std::int64_t>& routes,
                    std::vector<PlanEntry>& plan) {
  plan.clear();
  const auto flow = [&](Node node) { return tree.arc(node).flow; };
  const Support &sources = marginals.moving().sources, &targets = marginals.moving().targets;
  for (const auto& [source, target, units] :
       routes.trace(tree, flow, {sources.points, sources.units}, {targets.points, targets.units}))
    add_entry(source, target, marginals.mass_of(units), plan);
}

void plan_of_weights(const Marginals& marginals, const SpanningTree& tree, const WeightFlows& flows,
                     Routes<double>& routes, std::vector<PlanEntry>& plan) {
  plan.clear();
  if (!tree.sides().are_same()) {
    for (const Node node : tree.preorder())
      if (node != tree.root()) add_entry(tree.arc_row(node), tree.arc_column(node), flows.flow(node), plan);
    return;
  }
  std::vector<std::size_t> points(marginals.points());
  std::iota(points.begin(), points.end(), std::size_t{0});
  const auto flow = [&](Node node) { return flows.flow(node); };
  for (const auto& [source, target, mass] :
       routes.trace(tree, flow, {points, marginals.surplus()}, {points, marginals.deficit()}))
    add_entry(source, target, mass, plan);
}

double marginal_error(const Marginals& marginals, const std::vector<PlanEntry>& plan) {
  std::vector<double> shipped(marginals.supply().begin(), marginals.supply().end()),
      received(marginals.demand().begin(), marginals.demand().end());
  for (const auto& [source, target, mass] : plan) {
    shipped[static_cast<std::size_t>(source)] -= mass;
    received[static_cast<std::size_t>(target)] -= mass;
  }
  double largest = 0;
  const auto compare = [&](const std::vector<double>& missing, std::span<const double> weights) {
    for (std::size_t k = 0; k < weights.size(); ++k)
      if (missing[k] != 0) largest = std::max(largest, std::abs(missing[k]) / weights[k]);
  };
  compare(shipped, marginals.supply());
  compare(received, marginals.demand());
  return largest;
}

// Marginals cuts the units that may stay at a point to the number that can be needed elsewhere. The rest of the point's
// mass stays in any case, even where none of the units does.
void plan_of_all(const Marginals& marginals, const SpanningTree& tree, std::vector<std::int64_t>& stays,
                 std::vector<PlanEntry>& plan) {
  plan.clear();
  stays.assign(marginals.may_stay() ? marginals.points() : 0, 0);
  for_each_flow(marginals.all(), tree, [&](std::size_t source, std::size_t target, std::int64_t units) {
    if (marginals.may_stay() && source == target) {
      stays[source] = units;
    } else {
      add_entry(source, target, marginals.mass_of(units), plan);
    }
  });
  for (std::size_t point = 0; point < stays.size(); ++point) {
    if (marginals.staying_units(point) == 0) continue;  // no mass, or less than a unit
    const std::int64_t leaves = marginals.staying_units(point) - stays[point];
    const bool by_what_leaves = leaves == 0 || marginals.is_cut(point);
    const double mass =
        by_what_leaves ? marginals.staying_mass(point) - marginals.mass_of(leaves) : marginals.mass_of(stays[point]);
    add_entry(point, point, mass, plan);
  }
}

void sort_plan(std::vector<PlanEntry>& plan) {
  std::sort(plan.begin(), plan.end(), [](const PlanEntry& a, const PlanEntry& b) {
    return std::tie(a.source, a.target) < std::tie(b.source, b.target);
  });
}

PlanValues evaluate_plan(const CostBlock& costs, const std::vector<PlanEntry>& plan, const std::vector<double>& u,
                         const std::vector<double>& v) {
  constexpr std::size_t kStretch = 256;  // see dual_value()
  PlanValues values;
  for (std::size_t begin = 0; begin < plan.size(); begin += kStretch) {
    double sum = 0;
    for (std::size_t k = begin; k < std::min(begin + kStretch, plan.size()); ++k) {
      const auto i = static_cast<std::size_t>(plan[k].source), j = static_cast<std::size_t>(plan[k].target);
      const double cost = costs(i, j);
      sum += plan[k].mass * cost;
      values.slackness = std::max(values.slackness, cost - u[i] - v[j]);
      values.least_cost = std::min(values.least_cost, cost > 0 ? cost : values.least_cost);
      values.largest_cost = std::max(values.largest_cost, cost);
    }
    values.cost += sum;
  }
  return values;
}

double cost_without_penalties(const Costs& costs, const std::vector<PlanEntry>& plan) {
  const auto cost_of = [&](const PlanEntry& entry) {
    return std::abs(costs(static_cast<std::size_t>(entry.source), static_cast<std::size_t>(entry.target)));
  };
  Exponents exponents;
  double all = 0;
  for (const PlanEntry& entry : plan) {
    const double cost = cost_of(entry);
    exponents.add(cost);
    all += cost * entry.mass;
  }
  if (!exponents.may_hide_penalty()) return all;
  std::vector<std::pair<double, double>> paid;  // cost, mass
  paid.reserve(plan.size());
  for (const PlanEntry& entry : plan)
    if (const double cost = cost_of(entry); cost > 0) paid.emplace_back(cost, entry.mass);
  std::sort(paid.begin(), paid.end());
  double total = 0, before = kInfinity;
  for (const auto& [cost, mass] : paid) {
    if (cost > kPenalty * before) break;
    total += cost * mass;
    before = cost;
  }
  return total;
}

}  // namespace genmi::transport
