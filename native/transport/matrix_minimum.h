// The matrix minimum rule for a first feasible flow. Repeatedly, it ships as much as possible over the cheapest pair of
// a row with supply left and a column with demand left. With first potentials, the pair of least reduced cost is the
// cheapest.
//
// Each row keeps an offer, its cheapest column, and makes a new one once this column is exhausted. A few rows beside
// many columns would make an offer per column, each by a scan of all columns: there, each column keeps its cheapest
// row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "genmi/aligned_vector.h"
#include "genmi/job.h"
#include "transport/problem.h"
#include "transport/sinkhorn.h"

namespace genmi::transport {

struct Shipment {
  std::size_t row, column;
  std::int64_t flow;  // positive
};

class MatrixMinimum {
 public:
  // Fills `shipments`. Their arcs form a forest, since each exhausts its row or its column. Returns false when
  // cancelled.
  bool allocate(const Problem& problem, const FirstPotentials& potentials, const Job* job,
                std::vector<Shipment>& shipments);

 private:
  // A line (a row or a column), and the line of the other side that was its cheapest partner at the last look.
  struct Offer {
    float cost;
    std::int32_t line, partner;
  };
  template <class BestOffer>
  bool ship(std::span<const std::int64_t> line_masses, std::span<const std::int64_t> partner_masses,
            const BestOffer& best_offer, const Job* job, std::vector<Shipment>& shipments);
  static bool is_worse(const Offer& a, const Offer& b);
  Offer row_offer(const CostBlock& costs, const FirstPotentials& potentials, std::size_t row) const;
  Offer column_offer(const CostBlock& costs, const FirstPotentials& potentials, std::size_t column) const;
  void drop_best();
  void replace_best(const Offer& offer);

  std::vector<Offer> offers_;                   // a heap, the cheapest on top
  std::vector<std::int64_t> lines_, partners_;  // the masses left
  AlignedVector<float> prices_;                 // by partner: its potential while it has mass left, then -infinity
};

}  // namespace genmi::transport
