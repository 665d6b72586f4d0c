// The last stage of problems in which float64 potentials are too coarse, and masses in units and in float64: small
// costs beside very large ones, small weights beside large ones.
//
// It starts from the final basis of the fast stages.
// Costs: all reduced costs are computed without rounding. Where one is negative, they are the costs of a new problem,
// which the network simplex solves from the same basis. The costs of the new problem that matter are as small as the
// error was: each such step gains ten digits (iterative refinement).
// Masses: the basis gets the points that were too light for a unit. Its flows are computed from the weights without
// rounding, and the dual simplex exchanges arcs with negative flow.
// Sources: Gleixner, Steffy, Wolter, "Iterative refinement for linear programming", 2016; Ahuja, Magnanti, Orlin,
// "Network Flows", 1993, section 11.9.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "genmi/aligned_vector.h"
#include "genmi/job.h"
#include "transport/costs.h"
#include "transport/exact_flows.h"
#include "transport/exact_tree.h"
#include "transport/marginals.h"
#include "transport/network_simplex.h"
#include "transport/spanning_tree.h"

namespace genmi::transport {

class ExactFinish {
 public:
  // Sets the problem. Its costs and weights must outlive this object.
  void prepare(const Costs& costs, std::span<const double> supply, std::span<const double> demand);

  // Makes a strongly feasible tree of `measures` optimal for the costs without rounding.
  Ending lower_costs(const Measures& measures, std::uint64_t max_pivots, const Job* job, NetworkSimplex& simplex,
                     SpanningTree& tree);

  // Makes the tree serve the weights, in at most max_pivots pivots.
  Ending ship(std::uint64_t max_pivots, const Job* job);

  std::uint64_t pivots() const { return pivots_; }

  // Reports the plan and its cost, on the caller's numbers.
  void report_plan(Result& result) const;
  // Reports potentials that are no larger than the plan needs, and the certificate; stops early when cancelled.
  void report_duals(const Job* job, Result& result);

 private:
  void take(const SpanningTree& tree, const Measures& measures);
  bool misses_points();
  double least_reduced_cost(const Measures& measures, const Job* job) const;
  CostBlock reduced_costs(const Measures& measures, double error, const Job* job);
  bool pivot(ExactTree::Node leaving);

  void centre_potentials(const Job* job);
  std::size_t divide_tree();
  std::vector<double> find_room(std::size_t parts, const Job* job) const;
  std::size_t part_of(ExactTree::Node node) const { return parts_[static_cast<std::size_t>(node)]; }
  void lift_duals(const Job* job, Result& result) const;
  void certify(const Job* job, Result& result) const;

  const Costs* costs_ = nullptr;
  std::span<const double> supply_, demand_;
  ExactTree tree_;
  ExactFlows flows_;
  std::vector<ExactTree::Node> missing_rows_, missing_columns_;
  std::vector<std::size_t> parts_;         // by node
  std::vector<ExactTree::Node> heaviest_;  // by part: its node of most mass
  std::uint64_t pivots_ = 0;
  AlignedVector<float> rounded_;  // reduced costs, scaled: see CostBlock
  std::vector<double> exact_;
};

}  // namespace genmi::transport
