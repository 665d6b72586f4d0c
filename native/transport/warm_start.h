// Solving again from the basis of a problem like it.
//
// Over costs with a zero diagonal the old basis is a tree of the points themselves, for what moves may go through any
// of them; its arcs have no direction but that of their flow. Otherwise it is one of rows and columns.
// Sources: Ahuja, Magnanti, Orlin, "Network Flows", 1993, section 11.4 (flows of a tree from what its nodes supply);
// Peyre, Cuturi, "Computational Optimal Transport", 2019, chapter 6 (transport over a metric as a flow through points).
#pragma once

#include <vector>

#include "genmi/transport.h"
#include "transport/cost_block.h"
#include "transport/dual_simplex.h"
#include "transport/marginals.h"
#include "transport/network_simplex.h"
#include "transport/spanning_tree.h"

namespace genmi::transport {

class WarmStart {
 public:
  // Whether solve() can be tried, the basis being of these points, and is likely to be faster than a start from
  // nothing.
  static bool is_promising(const Basis& basis, const Marginals& marginals, const Costs& costs);

  // From the basis to an optimal tree of the marginals. Gives up where starting from nothing is faster, or where mass
  // goes through a point at a loss.
  Ending solve(const Costs& costs, const Marginals& marginals, const Basis& basis, const Job* job, SpanningTree& tree);

  std::uint64_t pivots() const { return pivots_; }
  // The largest of 0 and what the potentials exceed the costs by: their rounding.
  double infeasibility() const { return infeasibility_; }

 private:
  bool fill_flows(const Measures& measures, SpanningTree& tree);
  bool is_optimal(const Costs& costs, SpanningTree& tree);

  DualSimplex dual_;
  NetworkSimplex simplex_;
  CoarseCosts::RoundedPotentials rounded_;
  std::vector<std::int64_t> balances_;  // of each node: what it has to send up, with its subtree
  std::uint64_t pivots_ = 0;
  double infeasibility_ = 0;
};

}  // namespace genmi::transport
