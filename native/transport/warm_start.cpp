#include "transport/warm_start.h"

#include <cmath>
#include <numeric>
#include <optional>
#include <span>

namespace genmi::transport {
namespace {

// The largest change, as a share of the moving mass, for which the dual simplex is faster than a start from nothing;
// and the number of passes over the costs after which it gives up.
constexpr double kGreatestChange = 0.2;
constexpr std::size_t kDualPasses = 40;
// The basis may not be strongly feasible, so that primal pivots could go round in circles: a limit.
constexpr std::size_t kPrimalPivotsPerNode = 10;

double difference(std::span<const double> a, std::span<const double> b) {
  constexpr std::size_t kLanes = 8;  // sums that do not wait for each other
  double sums[kLanes] = {};
  std::size_t k = 0;
  for (; k + kLanes <= a.size(); k += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += std::abs(a[k + lane] - b[k + lane]);
  for (; k < a.size(); ++k) sums[0] += std::abs(a[k] - b[k]);
  return std::accumulate(sums, sums + kLanes, 0.0);
}

}  // namespace

bool WarmStart::is_promising(const BasisTree& basis, const Marginals& marginals, const Costs& costs) {
  if (basis.supply.size() != costs.rows() || basis.demand.size() != costs.columns()) return false;
  if (basis.graph == BasisTree::Graph::kPoints && !costs.has_zero_diagonal()) return false;
  const double change = difference(basis.supply, marginals.supply()) + difference(basis.demand, marginals.demand());
  return change <= kGreatestChange * 2 * marginals.moving_mass();
}

Ending WarmStart::solve(const Costs& costs, const Marginals& marginals, const BasisTree& basis, const Job* job,
                        SpanningTree& tree) {
  const CostBlock block = costs.block();
  const bool points = basis.graph == BasisTree::Graph::kPoints;
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

// Proves optimality without pricing. The proof fails where pivots are needed, or where potentials are too far apart for
// 16 bits.
bool WarmStart::is_optimal(const Costs& costs, SpanningTree& tree) {
  tree.recompute_potentials(costs.block());
  const bool same_points = tree.sides().are_same() && costs.is_symmetric();
  const std::optional<double> infeasibility = costs.coarse().infeasibility(
      costs.block(), tree.row_potentials(), tree.column_potentials(), same_points, rounded_);
  infeasibility_ = infeasibility.value_or(kInfinity);
  return infeasibility_ <= tree.rounding();
}

// Sends up to each node's parent the supply of the node's subtree less its demand. Returns false where a flow is too
// large to count.
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
