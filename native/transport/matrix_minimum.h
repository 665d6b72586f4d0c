// The matrix minimum rule for a first feasible flow: again and again, ship as much as possible over the cheapest pair
// of a row with supply left and a column with demand left. With first potentials, cheap is what has a low reduced cost.
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
  // Fills `shipments`, whose arcs form a forest because each exhausts its row or its column. False when cancelled.
  bool allocate(const Problem& problem, const FirstPotentials& potentials, const Job* job,
                std::vector<Shipment>& shipments);

 private:
  // A row and the column that was its cheapest when it was last looked at.
  struct Offer {
    float cost;
    std::int32_t row, column;
  };
  static bool is_worse(const Offer& a, const Offer& b);
  Offer best_offer(const CostBlock& costs, const FirstPotentials& potentials, std::size_t row) const;
  void drop_best();
  void replace_best(const Offer& offer);

  std::vector<Offer> offers_;  // a heap, the cheapest on top
  std::vector<std::int64_t> supplies_, demands_;
  AlignedVector<float> prices_;  // a column's potential while it has demand left, then -infinity
};

}  // namespace genmi::transport
