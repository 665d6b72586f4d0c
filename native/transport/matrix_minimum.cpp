#include "transport/matrix_minimum.h"

#include <algorithm>

#include "transport/row_minimum.h"

namespace genmi::transport {

// Columns only ever close, so an outdated offer is too low: it comes up early, is made anew and goes back.
bool MatrixMinimum::allocate(const Problem& problem, const Job* job, std::vector<Shipment>& shipments) {
  supplies_.assign(problem.supplies.begin(), problem.supplies.end());
  demands_.assign(problem.demands.begin(), problem.demands.end());
  prices_.assign(demands_.size(), 0);
  offers_.clear();
  shipments.clear();
  for (std::size_t row = 0; row < supplies_.size(); ++row) push_offer(problem.costs, row);

  while (!offers_.empty()) {
    if (is_cancelled(job)) return false;
    const Offer offer = pop_offer();
    std::int64_t& supply = supplies_[offer.row];
    std::int64_t& demand = demands_[offer.column];
    if (demand > 0) {
      const std::int64_t flow = std::min(supply, demand);
      shipments.push_back({offer.row, offer.column, flow});
      supply -= flow;
      demand -= flow;
      if (demand == 0) prices_[offer.column] = -kInfinity;
    }
    if (supply > 0) push_offer(problem.costs, offer.row);
  }
  return true;
}

// Ties go to the lower row, so that the order does not depend on the heap's implementation.
bool MatrixMinimum::is_worse(const Offer& a, const Offer& b) {
  return a.cost > b.cost || (a.cost == b.cost && a.row > b.row);
}

void MatrixMinimum::push_offer(MatrixView<double> costs, std::size_t row) {
  const double* row_costs = costs.row(row);
  const double cost = row_minimum(row_costs, prices_.data(), prices_.size());
  const std::size_t column = find_minimum(row_costs, prices_.data(), cost);
  offers_.push_back({cost, row, column});
  std::push_heap(offers_.begin(), offers_.end(), is_worse);
}

MatrixMinimum::Offer MatrixMinimum::pop_offer() {
  std::pop_heap(offers_.begin(), offers_.end(), is_worse);
  const Offer offer = offers_.back();
  offers_.pop_back();
  return offer;
}

}  // namespace genmi::transport
