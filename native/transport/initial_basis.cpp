#include "transport/initial_basis.h"

#include <limits>

namespace genmi::transport {
namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

}  // namespace

bool InitialBasis::build(const Problem& problem, const Job* job, SpanningTree& tree) {
  const CostBlock& costs = problem.costs;
  if (!ship(problem, job)) return false;
  const Sides sides = Sides::bipartite(costs.rows, costs.columns);
  tree.start(sides, sides.row_node(0));
  index_shipments(tree);
  prices_.assign(costs.stride(), -kInfinityf);

  walk(tree.root(), 0, costs, tree);
  attach_walked(tree);
  for (std::size_t row = 1; row < costs.rows; ++row) {
    const Node start = sides.row_node(row);
    if (tree.contains(start)) continue;
    if (is_cancelled(job)) return false;
    walk(start, 0, costs, tree);
    const Link link = cheapest_link(costs, tree);
    const Node linked = link.from->node;
    // The new potentials make the link's reduced cost 0.
    walk(linked, link.from->potential - link.reduced_cost, costs, tree);
    tree.attach(linked, sides.column_node(link.column), {0, true});
    attach_walked(tree);
  }
  tree.build_preorder();
  return true;
}

bool InitialBasis::ship(const Problem& problem, const Job* job) {
  if (SuccessivePaths::is_for(problem)) return successive_paths_.allocate(problem, job, shipments_);
  return sinkhorn_.approximate(problem, job, first_potentials_) &&
         matrix_minimum_.allocate(problem, first_potentials_, job, shipments_);
}

void InitialBasis::index_shipments(const SpanningTree& tree) {
  first_.assign(tree.sides().node_numbers(), kNone);
  next_.resize(2 * shipments_.size());
  for (std::size_t s = 0; s < shipments_.size(); ++s) {
    std::size_t& first_of_row = first_[static_cast<std::size_t>(tree.sides().row_node(shipments_[s].row))];
    std::size_t& first_of_column = first_[static_cast<std::size_t>(tree.sides().column_node(shipments_[s].column))];
    next_[2 * s] = first_of_row;
    next_[2 * s + 1] = first_of_column;
    first_of_row = 2 * s;
    first_of_column = 2 * s + 1;
  }
}

// Lists the component of `start` in the forest of shipments; `potential` is the potential of `start`.
void InitialBasis::walk(Node start, double potential, const CostBlock& costs, const SpanningTree& tree) {
  const Sides& sides = tree.sides();
  walked_.assign(1, {start, SpanningTree::kNoNode, kNone, potential});
  for (std::size_t k = 0; k < walked_.size(); ++k) {
    const Visit from = walked_[k];
    for (std::size_t end = first_[static_cast<std::size_t>(from.node)]; end != kNone; end = next_[end]) {
      const std::size_t s = end / 2;
      if (s == from.shipment) continue;
      const auto [row, column, flow] = shipments_[s];
      const double cost = costs(row, column);
      if (sides.is_row(from.node)) {
        walked_.push_back({sides.column_node(column), from.node, s, from.potential + cost});
      } else {
        walked_.push_back({sides.row_node(row), from.node, s, from.potential - cost});
      }
    }
  }
}

// Attaches all nodes of the walk except the first, which is in the tree already.
void InitialBasis::attach_walked(SpanningTree& tree) {
  for (std::size_t k = 1; k < walked_.size(); ++k) {
    const Visit& visit = walked_[k];
    const bool is_row = tree.sides().is_row(visit.node);
    tree.attach(visit.node, visit.parent, {shipments_[visit.shipment].flow, is_row});
    if (!is_row) prices_[tree.sides().column(visit.node)] = static_cast<float>(visit.potential);
  }
}

// The arc of least reduced cost among all arcs from a row of the walk to a column of the tree. Once it is in the basis,
// no other of these arcs has a negative reduced cost, up to rounding.
InitialBasis::Link InitialBasis::cheapest_link(const CostBlock& costs, const SpanningTree& tree) const {
  Link best{nullptr, 0, kInfinity};
  float best_minimum = 0;
  for (const Visit& visit : walked_) {
    if (!tree.sides().is_row(visit.node)) continue;
    const float minimum = costs.rounded_minimum(tree.sides().row(visit.node), prices_.data());
    const double reduced_cost = static_cast<double>(minimum) + visit.potential;
    if (reduced_cost < best.reduced_cost) best = {&visit, 0, reduced_cost}, best_minimum = minimum;
  }
  best.column = costs.find_minimum(tree.sides().row(best.from->node), prices_.data(), best_minimum);
  return best;
}

}  // namespace genmi::transport
