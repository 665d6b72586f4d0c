#include "transport/initial_basis.h"

#include <limits>

#include "transport/row_minimum.h"

namespace genmi::transport {
namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

}  // namespace

bool InitialBasis::build(const Problem& problem, const Job* job, SpanningTree& tree) {
  if (!matrix_minimum_.allocate(problem, job, shipments_)) return false;
  tree.plant(problem.costs.rows, problem.costs.columns);
  index_shipments(tree);
  prices_.assign(problem.costs.columns, -kInfinity);

  walk(SpanningTree::kRoot, problem.costs, tree);
  hang_walked(tree);
  for (std::size_t row = 0; row < problem.costs.rows; ++row) {
    if (tree.contains(tree.row_node(row))) continue;
    if (is_cancelled(job)) return false;
    walk(tree.row_node(row), problem.costs, tree);
    const Link link = cheapest_link(problem.costs, tree);
    tree.hang(link.row, link.column, 0, link.cost);
    walk(link.row, problem.costs, tree);
    hang_walked(tree);
  }
  return true;
}

void InitialBasis::index_shipments(const SpanningTree& tree) {
  first_.assign(tree.size(), kNone);
  next_.resize(2 * shipments_.size());
  for (std::size_t s = 0; s < shipments_.size(); ++s) {
    std::size_t& first_of_row = first_[shipments_[s].row];
    std::size_t& first_of_column = first_[tree.rows() + shipments_[s].column];
    next_[2 * s] = first_of_row;
    next_[2 * s + 1] = first_of_column;
    first_of_row = 2 * s;
    first_of_column = 2 * s + 1;
  }
}

// Lists the component of `start` in the forest.
void InitialBasis::walk(Node start, MatrixView<double> costs, const SpanningTree& tree) {
  walked_.assign(1, {start, SpanningTree::kNoNode, kNone, 0, 0});
  for (std::size_t k = 0; k < walked_.size(); ++k) {
    const Visit from = walked_[k];
    for (std::size_t end = first_[static_cast<std::size_t>(from.node)]; end != kNone; end = next_[end]) {
      const std::size_t s = end / 2;
      if (s == from.shipment) continue;
      const auto [row, column, flow] = shipments_[s];
      const double cost = costs(row, column);
      if (tree.is_row(from.node)) {
        walked_.push_back({tree.column_node(column), from.node, s, cost, from.potential + cost});
      } else {
        walked_.push_back({tree.row_node(row), from.node, s, cost, from.potential - cost});
      }
    }
  }
}

// Hangs all of the walk but its first node, which is in the tree already.
void InitialBasis::hang_walked(SpanningTree& tree) {
  for (std::size_t k = 1; k < walked_.size(); ++k) {
    const Visit& visit = walked_[k];
    tree.hang(visit.node, visit.parent, shipments_[visit.shipment].flow, visit.cost);
    if (!tree.is_row(visit.node)) prices_[tree.column(visit.node)] = tree.potential(visit.node);
  }
}

// Of all arcs from a row of the walk to a column of the tree, the one of least reduced cost: once it is in the basis,
// none of the others has a negative one.
InitialBasis::Link InitialBasis::cheapest_link(MatrixView<double> costs, const SpanningTree& tree) const {
  double least = kInfinity;
  Visit best = walked_.front();
  for (const Visit& visit : walked_) {
    if (!tree.is_row(visit.node)) continue;
    const double minimum = row_minimum(costs.row(tree.row(visit.node)), prices_.data(), prices_.size());
    const double reduced_cost = minimum + visit.potential;
    if (reduced_cost < least) {
      least = reduced_cost;
      best = visit;
    }
  }
  const double* row_costs = costs.row(tree.row(best.node));
  const double minimum = row_minimum(row_costs, prices_.data(), prices_.size());
  const std::size_t column = find_minimum(row_costs, prices_.data(), minimum);
  return {best.node, tree.column_node(column), row_costs[column]};
}

}  // namespace genmi::transport
