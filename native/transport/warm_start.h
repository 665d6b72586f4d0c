// WarmStart solves a problem from the final basis of a similar one.
//
// Over costs with a zero diagonal, the old basis may be a tree of points: moving mass may pass through any point.
// Either end of an arc may be its row: an arc has no direction except that of its flow. Other bases are trees of rows
// and columns.
// Sources: Ahuja, Magnanti, Orlin, "Network Flows", 1993, section 11.4 (flows of a tree from the supplies of its
// nodes); Peyre, Cuturi, "Computational Optimal Transport", 2019, chapter 6 (transport over a metric as a flow through
// points).
#pragma once

#include <vector>

#include "transport/cost_block.h"
#include "transport/costs.h"
#include "transport/dual_simplex.h"
#include "transport/marginals.h"
#include "transport/network_simplex.h"
#include "transport/spanning_tree.h"

namespace genmi::transport {

class WarmStart {
 public:
  // Whether the basis fits these costs, and solve() is likely to be faster than a start from nothing.
  static bool is_promising(const BasisTree& basis, const Marginals& marginals, const Costs& costs);

  // Turns the basis into an optimal tree of the marginals. Gives up at a limit of rows or pivots, where a flow is too
  // large to count, or where no arc can enter or leave.
  Ending solve(const Costs& costs, const Marginals& marginals, const BasisTree& basis, const Job* job,
               SpanningTree& tree);

  std::uint64_t pivots() const { return pivots_; }
  // max(0, max_ij u_i + v_j - costs_ij) of the final tree: the rounding of its potentials.
  double infeasibility() const { return infeasibility_; }

 private:
  bool fill_flows(const Measures& measures, SpanningTree& tree);
  bool is_optimal(const Costs& costs, SpanningTree& tree);

  DualSimplex dual_;
  NetworkSimplex simplex_;
  CoarseCosts::RoundedPotentials rounded_;
  std::vector<std::int64_t> balances_;  // by node: the supply of its subtree less the demand
  std::uint64_t pivots_ = 0;
  double infeasibility_ = 0;
};

}  // namespace genmi::transport
