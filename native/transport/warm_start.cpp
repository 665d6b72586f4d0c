#include "transport/warm_start.h"

#include <cmath>
#include <numeric>
#include <optional>
#include <span>

namespace genmi::transport {
namespace {

// How much of what moves may have changed for the dual simplex to be faster than a start from nothing, and after how
// many passes over the costs to give it up.
constexpr double kGreatestChange = 0.2;
constexpr std::size_t kDualPasses = 40;
// Of the nodes: the basis may not be strongly feasible, so that the primal pivots could go round in circles.
constexpr std::size_t kPrimalPivotsPerNode = 10;

double difference(std::span<const double> a, std::span<const double> b) {
  constexpr std::size_t kLanes = 8;  // that do not wait for each other
  double sums[kLanes] = {};
  std::size_t k = 0;
  for (; k + kLanes <= a.size(); k += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += std::abs(a[k + lane] - b[k + lane]);
  for (; k < a.size(); ++k) sums[0] += std::abs(a[k] - b[k]);
  return std::accumulate(sums, sums + kLanes, 0.0);
}

}  // namespace

bool WarmStart::is_promising(const Basis& basis, const Marginals& marginals, const Costs& costs) {
  if (basis.supply.size() != costs.rows() || basis.demand.size() != costs.columns()) return false;
  if (basis.graph == Basis::Graph::kPoints && !costs.has_zero_diagonal()) return false;
  const double change = difference(basis.supply, marginals.supply()) + difference(basis.demand, marginals.demand());
  return change <= kGreatestChange * 2 * marginals.moving_mass();
}

Ending WarmStart::solve(const Costs& costs, const Marginals& marginals, const Basis& basis, const Job* job,
                        SpanningTree& tree) {
  const CostBlock block = costs.block();
  const bool points = basis.graph == Basis::Graph::kPoints;
  tree.restore(points ? Sides::same_points(block.rows) : Sides::bipartite(block.rows, block.columns), basis.arcs);
  pivots_ = 0;
  if (!fill_flows(points ? marginals.moving() : marginals.all(), tree)) return Ending::kGaveUp;
  const Ending dual = dual_.solve(block, costs.coarse(), costs.is_symmetric(), kDualPasses * block.rows, job, tree);
  pivots_ = dual_.pivots();
  if (dual != Ending::kFound || is_optimal(costs, tree)) return dual;
  const Ending primal =
      simplex_.solve(block, kPrimalPivotsPerNode * tree.size(), job, tree, NetworkSimplex::Pricing::kExact);
  pivots_ += simplex_.pivots();
  infeasibility_ = simplex_.infeasibility();
  return primal;
}

// Without pricing; where that fails, pivots will have to follow, or potentials are further apart than costs are large.
bool WarmStart::is_optimal(const Costs& costs, SpanningTree& tree) {
  tree.recompute_potentials(costs.block());
  const bool same_points = tree.sides().are_same() && costs.is_symmetric();
  const std::optional<double> infeasibility = costs.coarse().infeasibility(
      costs.block(), tree.row_potentials(), tree.column_potentials(), same_points, rounded_);
  infeasibility_ = infeasibility.value_or(kInfinity);
  return infeasibility_ <= tree.rounding();
}

// What a node has and what its subtree sends it goes up to its parent. False where that is too much to count.
bool WarmStart::fill_flows(const Measures& measures, SpanningTree& tree) {
  const Sides& sides = tree.sides();
  balances_.assign(sides.node_numbers(), 0);
  for (std::size_t k = 0; k < measures.sources.points.size(); ++k)
    balances_[static_cast<std::size_t>(sides.row_node(measures.sources.points[k]))] += measures.sources.units[k];
  for (std::size_t k = 0; k < measures.targets.points.size(); ++k)
    balances_[static_cast<std::size_t>(sides.column_node(measures.targets.points[k]))] -= measures.targets.units[k];
  const std::vector<Node>& preorder = tree.preorder();
  for (std::size_t k = preorder.size(); k-- > 1;) {
    const Node node = preorder[k];
    const std::int64_t balance = balances_[static_cast<std::size_t>(node)];
    tree.change_flow(node, tree.arc(node).upward ? balance : -balance);
    if (!SpanningTree::is_in_range(balances_[static_cast<std::size_t>(tree.parent(node))] += balance)) return false;
  }
  return true;
}

}  // namespace genmi::transport
