// The matrix minimum rule for a first feasible flow: again and again, ship as much as possible over the cheapest pair
// of a row with supply left and a column with demand left.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "genmi/job.h"
#include "transport/problem.h"

namespace genmi::transport {

struct Shipment {
  std::size_t row, column;
  std::int64_t flow;  // positive
};

class MatrixMinimum {
 public:
  // Fills `shipments`, whose arcs form a forest because each exhausts its row or its column. False when cancelled.
  bool allocate(const Problem& problem, const Job* job, std::vector<Shipment>& shipments);

 private:
  // A row and the column that was its cheapest when it was last looked at.
  struct Offer {
    double cost;
    std::size_t row, column;
  };
  static bool is_worse(const Offer& a, const Offer& b);
  void push_offer(MatrixView<double> costs, std::size_t row);
  Offer pop_offer();

  std::vector<Offer> offers_;  // a heap, the cheapest on top
  std::vector<std::int64_t> supplies_, demands_;
  std::vector<double> prices_;  // 0 while a column has demand left, then -infinity
};

}  // namespace genmi::transport
