#include "transport/matrix_minimum.h"

#include <algorithm>

namespace genmi::transport {
namespace {

// Columns make the offers where there are more than kFewRows columns per row. Rows make theirs faster: their costs are
// contiguous.
constexpr std::size_t kFewRows = 4;

}  // namespace

bool MatrixMinimum::allocate(const Problem& problem, const FirstPotentials& potentials, const Job* job,
                             std::vector<Shipment>& shipments) {
  const CostBlock& costs = problem.costs;
  if (costs.columns <= kFewRows * costs.rows) {
    prices_ = potentials.columns;
    const auto best_offer = [&](std::size_t row) { return row_offer(costs, potentials, row); };
    return ship(problem.supplies, problem.demands, best_offer, job, shipments);
  }
  prices_.assign(potentials.rows.begin(), potentials.rows.end());
  const auto best_offer = [&](std::size_t column) { return column_offer(costs, potentials, column); };
  const bool finished = ship(problem.demands, problem.supplies, best_offer, job, shipments);
  for (Shipment& shipment : shipments) std::swap(shipment.row, shipment.column);
  return finished;
}

// Writes shipments from lines to partners. Partners close and never reopen, so that an outdated offer is too low: it
// comes up early, is made anew and goes back.
template <class BestOffer>
bool MatrixMinimum::ship(std::span<const std::int64_t> line_masses, std::span<const std::int64_t> partner_masses,
                         const BestOffer& best_offer, const Job* job, std::vector<Shipment>& shipments) {
  lines_.assign(line_masses.begin(), line_masses.end());
  partners_.assign(partner_masses.begin(), partner_masses.end());
  offers_.clear();
  shipments.clear();
  for (std::size_t line = 0; line < lines_.size(); ++line) {
    if (is_cancelled(job)) return false;
    offers_.push_back(best_offer(line));
  }
  std::make_heap(offers_.begin(), offers_.end(), is_worse);

  while (!offers_.empty()) {
    if (is_cancelled(job)) return false;
    const Offer offer = offers_.front();
    const auto line = static_cast<std::size_t>(offer.line), partner = static_cast<std::size_t>(offer.partner);
    std::int64_t& offered = lines_[line];
    std::int64_t& wanted = partners_[partner];
    if (wanted > 0) {
      const std::int64_t flow = std::min(offered, wanted);
      shipments.push_back({line, partner, flow});
      offered -= flow;
      wanted -= flow;
      if (wanted == 0) prices_[partner] = -kInfinityf;
    }
    if (offered > 0) replace_best(best_offer(line));
    else drop_best();
  }
  return true;
}

// Ties go to the lower line, so that the order does not depend on the heap's implementation.
bool MatrixMinimum::is_worse(const Offer& a, const Offer& b) {
  return (a.cost > b.cost) | ((a.cost == b.cost) & (a.line > b.line));  // without a branch
}

MatrixMinimum::Offer MatrixMinimum::row_offer(const CostBlock& costs, const FirstPotentials& potentials,
                                              std::size_t row) const {
  const float minimum = costs.rounded_minimum(row, prices_.data());
  const std::size_t column = costs.find_minimum(row, prices_.data(), minimum);
  return {minimum - potentials.rows[row], static_cast<std::int32_t>(row), static_cast<std::int32_t>(column)};
}

MatrixMinimum::Offer MatrixMinimum::column_offer(const CostBlock& costs, const FirstPotentials& potentials,
                                                 std::size_t column) const {
  float minimum = kInfinityf;
  std::size_t row_of_minimum = 0;
  for (std::size_t row = 0; row < costs.rows; ++row) {
    const float reduced = costs.rounded_row(row)[column] - prices_[row];
    if (reduced >= minimum) continue;
    minimum = reduced;
    row_of_minimum = row;
  }
  return {minimum - potentials.columns[column], static_cast<std::int32_t>(column),
          static_cast<std::int32_t>(row_of_minimum)};
}

void MatrixMinimum::drop_best() {
  std::pop_heap(offers_.begin(), offers_.end(), is_worse);
  offers_.pop_back();
}

// Replaces the best offer by a worse one, which sinks to its place: half the work of a removal and an insertion.
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
