#include "transport/plan.h"

#include <algorithm>
#include <tuple>

namespace genmi::transport {

void append_staying(const Marginals& marginals, std::vector<PlanEntry>& plan) {
  const std::span<const double> staying = marginals.staying();
  for (std::size_t point = 0; point < staying.size(); ++point) {
    const auto at = static_cast<std::int32_t>(point);
    if (staying[point] > 0) plan.push_back({at, at, staying[point]});
  }
}

void append_flows(const Marginals& marginals, const SpanningTree& tree, std::vector<PlanEntry>& plan) {
  const std::vector<std::size_t>& sources = marginals.sources().points;
  const std::vector<std::size_t>& targets = marginals.targets().points;
  for (std::size_t k = 0; k < tree.size(); ++k) {
    const Node node = static_cast<Node>(k);
    if (node == SpanningTree::kRoot || tree.flow(node) == 0) continue;
    const Node row = tree.is_row(node) ? node : tree.parent(node);
    const Node column = tree.is_row(node) ? tree.parent(node) : node;
    plan.push_back({static_cast<std::int32_t>(sources[tree.row(row)]),
                    static_cast<std::int32_t>(targets[tree.column(column)]), marginals.mass_of(tree.flow(node))});
  }
}

void sort_plan(std::vector<PlanEntry>& plan) {
  std::sort(plan.begin(), plan.end(), [](const PlanEntry& a, const PlanEntry& b) {
    return std::tie(a.source, a.target) < std::tie(b.source, b.target);
  });
}

double plan_cost(MatrixView<double> costs, const std::vector<PlanEntry>& plan) {
  double cost = 0;
  for (const auto& [source, target, mass] : plan) {
    cost += mass * costs(static_cast<std::size_t>(source), static_cast<std::size_t>(target));
  }
  return cost;
}

}  // namespace genmi::transport
