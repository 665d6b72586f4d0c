#include "transport/dual_simplex.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace genmi::transport {

Ending DualSimplex::solve(const CostBlock& costs, const CoarseCosts& coarse, bool symmetric, std::size_t max_rows,
                          const Job* job, SpanningTree& tree) {
  costs_ = costs;
  coarse_ = &coarse;
  symmetric_ = symmetric;
  tree_ = &tree;
  pivots_ = 0;
  scanned_rows_ = 0;
  candidates_.clear();
  for (;;) {
    const Node leaving = find_leaving_arc();
    if (leaving == SpanningTree::kNoNode) return Ending::kFound;
    if (is_cancelled(job)) return Ending::kCancelled;
    if (scanned_rows_ >= max_rows) return Ending::kGaveUp;
    const std::optional<EnteringArc> entering = find_entering_arc(leaving);
    if (!entering) return Ending::kGaveUp;
    if (!pivot(leaving, *entering)) return Ending::kGaveUp;
  }
}

// The arc with the most negative flow / sqrt(size of the smaller side of its cut): symmetric costs need a scan of that
// side. candidates_ is refilled only when none of its flows is negative any more.
Node DualSimplex::find_leaving_arc() {
  const Node leaving = worst_candidate();
  if (leaving != SpanningTree::kNoNode) return leaving;
  candidates_.clear();
  for (const Node node : tree_->preorder())
    if (tree_->arc(node).flow < 0) candidates_.push_back(node);
  return worst_candidate();
}

Node DualSimplex::worst_candidate() const {
  Node worst = SpanningTree::kNoNode;
  double worst_score = 0;
  for (const Node node : candidates_) {
    const std::int64_t flow = tree_->arc(node).flow;
    if (flow >= 0) continue;
    const auto inside = static_cast<std::size_t>(tree_->subtree_size(node));
    const auto scanned = static_cast<double>(std::min(inside, tree_->size() - inside));
    const double score = static_cast<double>(-flow) / std::sqrt(scanned);
    if (score <= worst_score) continue;
    worst_score = score;
    worst = node;
  }
  return worst;
}

// The arc of least reduced cost among the arcs across the cut in the direction of the leaving arc's true flow. When the
// potentials of one side shift by this cost, the other reduced costs stay >= 0.
std::optional<EnteringArc> DualSimplex::find_entering_arc(Node leaving) {
  const auto inside = static_cast<std::size_t>(tree_->subtree_size(leaving)), outside = tree_->size() - inside;
  const bool from_subtree = !tree_->arc(leaving).upward;
  const bool by_columns = symmetric_ && (from_subtree ? outside < inside : inside < outside);
  const Cut cut{leaving, from_subtree, by_columns};
  price(cut);
  find_least();
  if (least_ >= kPaddingCost / 2) return std::nullopt;

  const Sides& sides = tree_->sides();
  const std::size_t scanned = near_[least_near_];
  const std::size_t found =
      costs_.find_minimum(scanned, prices_.data(), costs_.rounded_minimum(scanned, prices_.data()));
  const std::size_t row = by_columns ? found : scanned, column = by_columns ? scanned : found;
  const Node from = sides.row_node(row), to = sides.column_node(column);
  return EnteringArc{from, to, costs_(row, column) + tree_->potential(from) - tree_->potential(to)};
}

// Fills in prices_, near_ and own_. Prices for a scan of rows are the columns' potentials; for a scan of columns, the
// rows' negated potentials. A price on the near side is -infinity: no arc across the cut ends there.
void DualSimplex::price(const Cut& cut) {
  const float* potentials = cut.by_columns ? tree_->rounded_row_potentials() : tree_->rounded_column_potentials();
  const std::size_t count = cut.by_columns ? costs_.rows : costs_.columns;
  prices_.assign(costs_.stride() + 1, -kInfinityf);
  if (cut.by_columns) std::transform(potentials, potentials + count, prices_.begin(), std::negate<float>());
  else std::copy(potentials, potentials + count, prices_.begin());

  near_.resize(tree_->size());
  own_.resize(tree_->size());
  const std::size_t first = tree_->position(cut.subtree);
  const std::size_t end = first + static_cast<std::size_t>(tree_->subtree_size(cut.subtree));
  const std::size_t taken = cut.is_near_subtree()
                                ? take_near_side(cut, first, end, 0)
                                : take_near_side(cut, end, tree_->size(), take_near_side(cut, 0, first, 0));
  near_.resize(taken);
  own_.resize(taken);
}

// Adds the nodes at [begin, end) of the preorder to the `taken` ones of the near side; returns the new number. A point
// is both row and column. In a tree of two sides, the side of a node is unpredictable, so that there is no branch: an
// unwanted node is overwritten, and an unwanted price goes behind the others.
std::size_t DualSimplex::take_near_side(const Cut& cut, std::size_t begin, std::size_t end, std::size_t taken) {
  const Sides& sides = tree_->sides();
  const float sign = cut.by_columns ? -1.f : 1.f;
  const std::size_t first_near = cut.by_columns ? 0 : sides.first_row, first_far = sides.first_row - first_near;
  const std::size_t nowhere = costs_.stride();
  for (std::size_t k = begin; k < end; ++k) {
    const Node node = tree_->preorder()[k];
    const bool is_near = sides.are_same() || sides.is_row(node) != cut.by_columns;
    const bool is_closed = sides.are_same() || !is_near;
    near_[taken] = static_cast<std::size_t>(node) - first_near;
    own_[taken] = sign * tree_->rounded_potential(node);
    taken += static_cast<std::size_t>(is_near);
    prices_[is_closed ? static_cast<std::size_t>(node) - first_far : nowhere] = -kInfinityf;
  }
  return taken;
}

// The row with the least bound is priced first: hardly any other bound is below the reduced cost found there. Reduced
// costs are >= 0, so that prices_[j] - centre is at most the largest cost, as lower_bounds() requires.
void DualSimplex::find_least() {
  least_ = kPaddingCost;
  least_near_ = 0;
  if (near_.empty()) return;
  scanned_rows_ += near_.size();
  bounds_.resize(near_.size());
  const float centre = own_.front();
  coarse_->lower_bounds(near_, prices_.data(), centre, coarse_prices_, bounds_);
  for (std::size_t k = 0; k < near_.size(); ++k) bounds_[k] += own_[k] - centre;
  price_row(static_cast<std::size_t>(std::min_element(bounds_.begin(), bounds_.end()) - bounds_.begin()));
  for (std::size_t k = 0; k < near_.size(); ++k)
    if (bounds_[k] < least_) price_row(k);
}

void DualSimplex::price_row(std::size_t near) {
  const float reduced_cost = costs_.rounded_minimum(near_[near], prices_.data()) + own_[near];
  if (reduced_cost >= least_) return;
  least_ = reduced_cost;
  least_near_ = near;
}

// Returns false where flows become too large to count.
bool DualSimplex::pivot(Node leaving, const EnteringArc& entering) {
  const std::int64_t flow = -tree_->arc(leaving).flow;
  const bool on_row_side = !tree_->arc(leaving).upward;
  const Node join = find_join(*tree_, entering.row, entering.column);
  if (!change_flow(*tree_, entering.row, entering.column, join, flow)) return false;
  update_tree(*tree_, entering, {leaving, join, flow, on_row_side});
  ++pivots_;
  return true;
}

}  // namespace genmi::transport
