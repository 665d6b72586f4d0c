#include "transport/network_simplex.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace genmi::transport {
namespace {

// About the rounding of float32 divided by the rounding of float64.
constexpr double kRoundedFactor = 1e8;

constexpr double kBlockFactor = 5;  // a block has about this times sqrt(rows x columns) arcs

}  // namespace

// Works in rounds of at most one pivot per node. Each round starts from fresh potentials, so that rounding does not
// build up. A round that finds no entering arc in float64 proves the basis optimal.
Ending NetworkSimplex::solve(const CostBlock& costs, std::uint64_t max_pivots, const Job* job, SpanningTree& tree,
                             Pricing pricing) {
  costs_ = costs;
  tree_ = &tree;
  pivots_ = 0;
  exact_rounds_ = 0;
  max_pivots_ = max_pivots;
  next_row_ = 0;
  const double rows_per_column = static_cast<double>(costs.rows) / static_cast<double>(costs.columns);
  block_rows_ = static_cast<std::size_t>(std::ceil(kBlockFactor * std::sqrt(rows_per_column)));
  for (;;) {
    switch (pivot_round(pricing, job)) {
      case Round::kPivoted: break;
      case Round::kPivotLimit: return Ending::kGaveUp;
      case Round::kNoLeavingArc: return Ending::kGaveUp;
      case Round::kCancelled: return Ending::kCancelled;
      case Round::kClean:
        if (pricing == Pricing::kExact) return Ending::kFound;
        pricing = Pricing::kExact;
    }
  }
}

NetworkSimplex::Round NetworkSimplex::pivot_round(Pricing pricing, const Job* job) {
  if (pricing == Pricing::kExact) ++exact_rounds_;
  refresh_potentials();
  infeasibility_ = 0;
  for (std::size_t done = 0; done < tree_->size(); ++done) {
    if (is_cancelled(job)) return Round::kCancelled;
    const std::optional<EnteringArc> entering =
        pricing == Pricing::kRounded ? find_entering_arc<Pricing::kRounded>() : find_entering_arc<Pricing::kExact>();
    if (!entering) return done == 0 || pricing == Pricing::kRounded ? Round::kClean : Round::kPivoted;
    if (pivots_ == max_pivots_) return Round::kPivotLimit;
    if (!pivot(*entering)) return Round::kNoLeavingArc;
  }
  return Round::kPivoted;
}

void NetworkSimplex::refresh_potentials() {
  tree_->recompute_potentials(costs_);
  exact_tolerance_ = std::ldexp(tree_->rounding(), std::max(0, exact_rounds_ - kManyRounds));
  rounded_tolerance_ = kRoundedFactor * tree_->rounding();
}

// Block search: the most negative arc of the next block of rows that has one. It starts where the last search ended.
template <NetworkSimplex::Pricing pricing>
std::optional<EnteringArc> NetworkSimplex::find_entering_arc() {
  for (std::size_t scanned = 0; scanned < costs_.rows;) {
    double least = pricing == Pricing::kRounded ? -rounded_tolerance_ : -exact_tolerance_;
    std::size_t least_row = costs_.rows;
    Number<pricing> minimum_of_least = 0;
    for (std::size_t in_block = 0; in_block < block_rows_ && scanned < costs_.rows; ++in_block, ++scanned) {
      const std::size_t row = next_row_;
      next_row_ = row + 1 == costs_.rows ? 0 : row + 1;
      const Number<pricing> minimum = row_minimum<pricing>(row);
      const auto reduced_cost = static_cast<double>(minimum + row_potential<pricing>(row));
      infeasibility_ = std::max(infeasibility_, -reduced_cost);
      if (reduced_cost >= least) continue;
      least = reduced_cost;
      least_row = row;
      minimum_of_least = minimum;
    }
    if (least_row == costs_.rows) continue;
    const EnteringArc entering = best_arc<pricing>(least_row, minimum_of_least);
    if (entering.reduced_cost < -exact_tolerance_) return entering;
  }
  return std::nullopt;
}

// min_j cost(row, j) - potential(j), in float64 or in float32.
template <NetworkSimplex::Pricing pricing>
NetworkSimplex::Number<pricing> NetworkSimplex::row_minimum(std::size_t row) const {
  if constexpr (pricing == Pricing::kExact) return costs_.exact_minimum(row, tree_->column_potentials());
  else return costs_.rounded_minimum(row, tree_->rounded_column_potentials());
}

template <NetworkSimplex::Pricing pricing>
NetworkSimplex::Number<pricing> NetworkSimplex::row_potential(std::size_t row) const {
  const Node node = tree_->sides().row_node(row);
  if constexpr (pricing == Pricing::kExact) return tree_->potential(node);
  else return tree_->rounded_potential(node);
}

// The arc of the row's minimum.
template <NetworkSimplex::Pricing pricing>
EnteringArc NetworkSimplex::best_arc(std::size_t row, Number<pricing> minimum) const {
  std::size_t column = 0;
  if constexpr (pricing == Pricing::kExact) {
    column = costs_.find_exact_minimum(row, tree_->column_potentials(), minimum);
  } else {
    column = costs_.find_minimum(row, tree_->rounded_column_potentials(), minimum);
  }
  const Node from = tree_->sides().row_node(row), to = tree_->sides().column_node(column);
  return {from, to, costs_(row, column) - tree_->potential(to) + tree_->potential(from)};
}

// Returns false where no arc can leave, because all arcs of the cycle lead the same way round. Between points, which
// may be rows and columns at once, rounding can make such a cycle seem to lower the cost.
bool NetworkSimplex::pivot(const EnteringArc& entering) {
  const LeavingArc leaving = find_leaving_arc(*tree_, entering.row, entering.column);
  if (leaving.child == SpanningTree::kNoNode) return false;
  change_flow(*tree_, entering.row, entering.column, leaving.join, leaving.flow);
  update_tree(*tree_, entering, leaving);
  ++pivots_;
  return true;
}

Node find_join(const SpanningTree& tree, Node a, Node b) {
  while (a != b) {
    Node& lower = tree.subtree_size(a) < tree.subtree_size(b) ? a : b;
    lower = tree.parent(lower);
  }
  return a;
}

// Climbs from both ends of the entering arc, always at the smaller subtree, until the paths meet at the join. The flow
// around the cycle runs along the entering arc, from its column up to the join and from there down to its row. It runs
// against upward arcs on the row's side, and against downward arcs on the column's. Several arcs may be exhausted
// first. The last of them on the way around from the join leaves, which keeps the basis strongly feasible. On the row's
// side it is nearest the entering arc (<); on the column's side, which comes later, nearest the join (<=).
LeavingArc find_leaving_arc(const SpanningTree& tree, Node row, Node column) {
  constexpr std::int64_t kUnbounded = std::numeric_limits<std::int64_t>::max();
  Node row_child = SpanningTree::kNoNode, column_child = SpanningTree::kNoNode;
  std::int64_t row_flow = kUnbounded, column_flow = kUnbounded;
  while (row != column) {
    if (tree.subtree_size(row) < tree.subtree_size(column)) {
      const TreeArc arc = tree.arc(row);
      if (arc.upward && arc.flow < row_flow) row_flow = arc.flow, row_child = row;
      row = tree.parent(row);
    } else {
      const TreeArc arc = tree.arc(column);
      if (!arc.upward && arc.flow <= column_flow) column_flow = arc.flow, column_child = column;
      column = tree.parent(column);
    }
  }
  if (column_flow <= row_flow) return {column_child, row, column_flow, false};
  return {row_child, row, row_flow, true};
}

bool change_flow(SpanningTree& tree, Node row, Node column, Node join, std::int64_t amount) {
  if (amount == 0) return true;
  bool in_range = true;
  for (Node node = row; node != join; node = tree.parent(node))
    in_range &= SpanningTree::is_in_range(tree.change_flow(node, tree.arc(node).upward ? -amount : amount));
  for (Node node = column; node != join; node = tree.parent(node))
    in_range &= SpanningTree::is_in_range(tree.change_flow(node, tree.arc(node).upward ? amount : -amount));
  return in_range;
}

// Hangs the part below the leaving arc on the entering arc, and shifts the part's potentials so that the entering arc's
// reduced cost becomes 0.
void update_tree(SpanningTree& tree, const EnteringArc& entering, const LeavingArc& leaving) {
  if (leaving.on_row_side) {
    tree.exchange(
        {leaving.child, entering.row, entering.column, leaving.join, {leaving.flow, true}, -entering.reduced_cost});
  } else {
    tree.exchange(
        {leaving.child, entering.column, entering.row, leaving.join, {leaving.flow, false}, entering.reduced_cost});
  }
}

}  // namespace genmi::transport
