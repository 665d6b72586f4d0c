#include "transport/matrix_minimum.h"

#include <algorithm>

namespace genmi::transport {

// Columns only ever close, so an outdated offer is too low: it comes up early, is made anew and goes back.
bool MatrixMinimum::allocate(const Problem& problem, const FirstPotentials& potentials, const Job* job,
                             std::vector<Shipment>& shipments) {
  supplies_.assign(problem.supplies.begin(), problem.supplies.end());
  demands_.assign(problem.demands.begin(), problem.demands.end());
  prices_ = potentials.columns;
  offers_.clear();
  shipments.clear();
  for (std::size_t row = 0; row < supplies_.size(); ++row)
    offers_.push_back(best_offer(problem.costs, potentials, row));
  std::make_heap(offers_.begin(), offers_.end(), is_worse);

  while (!offers_.empty()) {
    if (is_cancelled(job)) return false;
    const Offer offer = offers_.front();
    const auto row = static_cast<std::size_t>(offer.row), column = static_cast<std::size_t>(offer.column);
    std::int64_t& supply = supplies_[row];
    std::int64_t& demand = demands_[column];
    if (demand > 0) {
      const std::int64_t flow = std::min(supply, demand);
      shipments.push_back({row, column, flow});
      supply -= flow;
      demand -= flow;
      if (demand == 0) prices_[column] = -kInfinityf;
    }
    if (supply > 0) replace_best(best_offer(problem.costs, potentials, row));
    else drop_best();
  }
  return true;
}

// Ties go to the lower row, so that the order does not depend on the heap's implementation.
bool MatrixMinimum::is_worse(const Offer& a, const Offer& b) {
  return (a.cost > b.cost) | ((a.cost == b.cost) & (a.row > b.row));  // without a branch
}

MatrixMinimum::Offer MatrixMinimum::best_offer(const CostBlock& costs, const FirstPotentials& potentials,
                                               std::size_t row) const {
  const float minimum = costs.rounded_minimum(row, prices_.data());
  const std::size_t column = costs.find_minimum(row, prices_.data(), minimum);
  return {minimum - potentials.rows[row], static_cast<std::int32_t>(row), static_cast<std::int32_t>(column)};
}

void MatrixMinimum::drop_best() {
  std::pop_heap(offers_.begin(), offers_.end(), is_worse);
  offers_.pop_back();
}

// A worse one, which sinks to its place: half the work of taking one out and putting one in.
void MatrixMinimum::replace_best(const Offer& offer) {
  std::size_t at = 0;
  for (;;) {
    std::size_t child = 2 * at + 1;
    if (child >= offers_.size()) break;
    if (child + 1 < offers_.size()) child += static_cast<std::size_t>(is_worse(offers_[child], offers_[child + 1]));
    if (!is_worse(offer, offers_[child])) break;
    offers_[at] = offers_[child];
    at = child;
  }
  offers_[at] = offer;
}

}  // namespace genmi::transport
