#include "transport/network_simplex.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "transport/row_minimum.h"

namespace genmi::transport {
namespace {

// A multiple of the rounding error that potentials gather along the tree, relative to the largest of them. Costs need
// not be considered: only one of the size of the potentials can have a reduced cost near zero.
constexpr double kRelativeTolerance = 1e-14;

constexpr double kBlockFactor = 5;  // a block has about this times sqrt(rows x columns) arcs

}  // namespace

// Works in rounds of as many pivots as there are nodes, each from fresh potentials, so that rounding does not build up.
// A round that finds nothing to do proves the basis optimal.
NetworkSimplex::Ending NetworkSimplex::solve(const Problem& problem, std::uint64_t max_pivots, const Job* job) {
  begin(problem);
  if (!initial_basis_.build(problem, job, tree_)) return Ending::kCancelled;
  for (;;) {
    refresh_potentials();
    for (std::size_t done = 0; done < tree_.size(); ++done) {
      if (is_cancelled(job)) return Ending::kCancelled;
      const EnteringArc entering = find_entering_arc();
      if (!entering.exists()) {
        if (done == 0) return Ending::kOptimal;
        break;
      }
      if (pivots_ == max_pivots) return Ending::kPivotLimit;
      pivot(entering);
    }
  }
}

void NetworkSimplex::begin(const Problem& problem) {
  costs_ = problem.costs;
  pivots_ = 0;
  next_row_ = 0;
  const double rows_per_column = static_cast<double>(costs_.rows) / static_cast<double>(costs_.columns);
  block_rows_ = static_cast<std::size_t>(std::ceil(kBlockFactor * std::sqrt(rows_per_column)));
}

void NetworkSimplex::refresh_potentials() {
  tree_.recompute_potentials(costs_);
  tolerance_ = kRelativeTolerance * tree_.largest_potential();
}

// Block search: the most negative arc of the next block of rows that has any. Starts where the last search ended.
NetworkSimplex::EnteringArc NetworkSimplex::find_entering_arc() {
  const double* prices = tree_.column_potentials();
  for (std::size_t scanned = 0; scanned < costs_.rows;) {
    double least = -tolerance_;
    double least_minimum = 0;
    std::size_t least_row = costs_.rows;
    for (std::size_t in_block = 0; in_block < block_rows_ && scanned < costs_.rows; ++in_block, ++scanned) {
      const std::size_t row = next_row_;
      next_row_ = row + 1 == costs_.rows ? 0 : row + 1;
      const double minimum = row_minimum(costs_.row(row), prices, costs_.columns);
      const double reduced_cost = minimum + tree_.potential(tree_.row_node(row));
      if (reduced_cost < least) {
        least = reduced_cost;
        least_minimum = minimum;
        least_row = row;
      }
    }
    if (least_row == costs_.rows) continue;
    const std::size_t column = find_minimum(costs_.row(least_row), prices, least_minimum);
    return {tree_.row_node(least_row), tree_.column_node(column), least};
  }
  return {};
}

void NetworkSimplex::pivot(const EnteringArc& entering) {
  const Node join = find_join(entering.row, entering.column);
  const LeavingArc leaving = find_leaving_arc(entering, join);
  change_flow(entering, join, leaving.flow);
  update_tree(entering, leaving);
  ++pivots_;
}

// The nearest common ancestor, which is where the paths to the root from both ends of the entering arc meet.
Node NetworkSimplex::find_join(Node a, Node b) const {
  while (tree_.depth(a) > tree_.depth(b)) a = tree_.parent(a);
  while (tree_.depth(b) > tree_.depth(a)) b = tree_.parent(b);
  while (a != b) {
    a = tree_.parent(a);
    b = tree_.parent(b);
  }
  return a;
}

// The flow around the cycle runs along the entering arc, from its column up to the join and from there down to its row:
// against the arcs of rows to their parents on the row's side, of columns on the column's. Of those that it exhausts
// first, the one that comes last on a way around from the join leaves, which keeps the basis strongly feasible:
// nearest the entering arc on the row's side (<), but rather nearest the join on the column's (<=).
NetworkSimplex::LeavingArc NetworkSimplex::find_leaving_arc(const EnteringArc& entering, Node join) const {
  LeavingArc leaving{SpanningTree::kNoNode, std::numeric_limits<std::int64_t>::max(), true};
  for (Node node = entering.row; node != join; node = tree_.parent(node)) {
    if (tree_.is_row(node) && tree_.flow(node) < leaving.flow) leaving = {node, tree_.flow(node), true};
  }
  for (Node node = entering.column; node != join; node = tree_.parent(node)) {
    if (!tree_.is_row(node) && tree_.flow(node) <= leaving.flow) leaving = {node, tree_.flow(node), false};
  }
  return leaving;
}

void NetworkSimplex::change_flow(const EnteringArc& entering, Node join, std::int64_t amount) {
  if (amount == 0) return;
  for (Node node = entering.row; node != join; node = tree_.parent(node)) {
    tree_.change_flow(node, tree_.is_row(node) ? -amount : amount);
  }
  for (Node node = entering.column; node != join; node = tree_.parent(node)) {
    tree_.change_flow(node, tree_.is_row(node) ? amount : -amount);
  }
}

// Re-hangs the part that the leaving arc cuts off on the entering arc, and shifts its potentials so that the entering
// arc's reduced cost becomes zero.
void NetworkSimplex::update_tree(const EnteringArc& entering, const LeavingArc& leaving) {
  if (leaving.on_row_side) {
    tree_.rehang(leaving.child, entering.row, entering.column, leaving.flow, -entering.reduced_cost);
  } else {
    tree_.rehang(leaving.child, entering.column, entering.row, leaving.flow, entering.reduced_cost);
  }
}

}  // namespace genmi::transport
