#include "transport/warm_start.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "transport/duals.h"

namespace genmi::transport {
namespace {

// How much of what moves may have changed for the dual simplex to be faster than a start from nothing, and how much of
// it to bear when it is not: passes over the costs.
constexpr double kGreatestChange = 0.2;
constexpr std::size_t kDualPasses = 40;
// Of the nodes: the basis may not be strongly feasible, so that the primal pivots could go round in circles.
constexpr std::size_t kPrimalPivotsPerNode = 10;

void keep_measures(const Marginals& marginals, Basis& basis) {
  basis.supply.assign(marginals.supply().begin(), marginals.supply().end());
  basis.demand.assign(marginals.demand().begin(), marginals.demand().end());
}

// For each target, the points that take no part in what moves and to which it is nearest; nothing if there are none.
std::vector<std::vector<std::size_t>> idle_points(const Measures& moving, const CostBlock& costs,
                                                  const AlignedVector<double>& phi) {
  if (moving.sources.points.size() + moving.targets.points.size() == costs.rows) return {};
  AlignedVector<double> prices(costs.stride(), -kInfinity);
  std::vector<bool> takes_part(costs.rows, false);
  for (const std::size_t source : moving.sources.points) takes_part[source] = true;
  for (const std::size_t target : moving.targets.points) takes_part[target] = true, prices[target] = phi[target];
  std::vector<std::vector<std::size_t>> idle(costs.columns);
  for (std::size_t point = 0; point < costs.rows; ++point) {
    if (takes_part[point]) continue;
    const double least = costs.exact_minimum(point, prices.data());
    idle[costs.find_exact_minimum(point, prices.data(), least)].push_back(point);
  }
  return idle;
}

double difference(std::span<const double> a, std::span<const double> b) {
  double total = 0;
  for (std::size_t k = 0; k < a.size(); ++k) total += std::abs(a[k] - b[k]);
  return total;
}

bool take_all_part(const Marginals& marginals) {
  return marginals.all().sources.points.size() == marginals.supply().size() &&
         marginals.all().targets.points.size() == marginals.demand().size();
}

}  // namespace

bool WarmStart::is_promising(const Basis& basis, const Marginals& marginals, const Costs& costs) {
  if (basis.supply.size() != costs.rows() || basis.demand.size() != costs.columns()) return false;
  const bool points = basis.graph == Basis::Graph::kPoints;
  if (points ? !costs.has_zero_diagonal() : !take_all_part(marginals)) return false;
  const double change = difference(basis.supply, marginals.supply()) + difference(basis.demand, marginals.demand());
  return change <= kGreatestChange * 2 * marginals.moving_mass();
}

WarmStart::Ending WarmStart::solve(const Costs& costs, const Marginals& marginals, const Basis& basis, const Job* job,
                                   SpanningTree& tree) {
  const CostBlock block = costs.block();
  const bool points = basis.graph == Basis::Graph::kPoints;
  tree.restore(points ? Sides::same_points(block.rows) : Sides::bipartite(block.rows, block.columns), basis.arcs);
  pivots_ = 0;
  if (!fill_flows(points ? marginals.moving() : marginals.all(), tree)) return Ending::kGaveUp;
  const DualSimplex::Ending dual =
      dual_.solve(block, costs.coarse(), costs.is_symmetric(), kDualPasses * block.rows, job, tree);
  pivots_ = dual_.pivots();
  if (dual == DualSimplex::Ending::kCancelled) return Ending::kCancelled;
  if (dual == DualSimplex::Ending::kGaveUp) return Ending::kGaveUp;
  if (is_proof(costs, tree)) return Ending::kOptimal;
  const transport::Ending primal =
      simplex_.solve(block, kPrimalPivotsPerNode * tree.size(), job, tree, NetworkSimplex::Pricing::kExact);
  pivots_ += simplex_.pivots();
  infeasibility_ = simplex_.infeasibility();
  if (primal == transport::Ending::kCancelled) return Ending::kCancelled;
  return primal == transport::Ending::kOptimal ? Ending::kOptimal : Ending::kGaveUp;
}

// Without pricing; where that fails, pivots will have to follow, or potentials are further apart than costs are large.
bool WarmStart::is_proof(const Costs& costs, SpanningTree& tree) {
  tree.recompute_potentials(costs.block());
  const bool same_points = tree.sides().are_same() && costs.is_symmetric();
  const std::optional<double> infeasibility =
      costs.coarse().infeasibility(costs.block(), tree.row_potentials(), tree.column_potentials(), same_points);
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

void keep_tree(const SpanningTree& tree, const Marginals& marginals, Basis& basis) {
  basis.arcs.clear();
  basis.graph = tree.sides().are_same() ? Basis::Graph::kPoints : Basis::Graph::kSides;
  if (basis.graph == Basis::Graph::kSides && !take_all_part(marginals)) return;
  tree.store(basis.arcs);
  keep_measures(marginals, basis);
}

// Points that nothing leaves or reaches hang on a target that is nearest, right behind it in the preorder.
void keep_moving(const SpanningTree& tree, const Marginals& marginals, const CostBlock& costs,
                 const AlignedVector<double>& phi, Basis& basis) {
  const Measures& moving = marginals.moving();
  const std::vector<std::vector<std::size_t>> idle = idle_points(moving, costs, phi);
  const Sides& sides = tree.sides();
  const auto point_of = [&](Node node) {
    return sides.is_row(node) ? moving.sources.points[sides.row(node)] : moving.targets.points[sides.column(node)];
  };
  basis.graph = Basis::Graph::kPoints;
  basis.arcs.clear();
  keep_measures(marginals, basis);
  for (const Node node : tree.preorder()) {
    const std::size_t point = point_of(node);
    const std::size_t parent = node == tree.root() ? point : point_of(tree.parent(node));
    basis.arcs.push_back({static_cast<Node>(point), static_cast<Node>(parent), tree.arc(node).upward, phi[point]});
    if (idle.empty()) continue;
    for (const std::size_t leaf : idle[point])
      basis.arcs.push_back({static_cast<Node>(leaf), static_cast<Node>(point), true, phi[leaf]});
  }
}

}  // namespace genmi::transport
