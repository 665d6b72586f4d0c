// The last stage of problems in which float64 potentials or integer masses are too coarse: small costs beside very
// large ones, small weights beside large ones.
//
// It begins with the basis that the fast stages have left. Costs: all reduced costs are computed without rounding and,
// where one is negative, are the costs of a new problem for the network simplex, which starts from the same basis. All
// of its costs that matter are as small as the error was, so that each such step gains ten digits (iterative
// refinement). Masses: the basis gets the points that were too light for a unit, and its flows from the weights,
// without rounding; the dual simplex exchanges arcs on which a flow is negative. Sources: Gleixner, Steffy, Wolter,
// "Iterative refinement for linear programming", 2016; Ahuja, Magnanti, Orlin, "Network Flows", 1993, section 11.9.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "genmi/aligned_vector.h"
#include "genmi/job.h"
#include "genmi/transport.h"
#include "transport/exact_flows.h"
#include "transport/exact_tree.h"
#include "transport/marginals.h"
#include "transport/network_simplex.h"
#include "transport/spanning_tree.h"

namespace genmi::transport {

class ExactFinish {
 public:
  // The problem, all of which must outlive the finish.
  void prepare(const Costs& costs, std::span<const double> supply, std::span<const double> demand);

  // Makes a tree of `measures`, strongly feasible, optimal for the costs without rounding.
  Ending lower_costs(const Measures& measures, std::uint64_t max_pivots, const Job* job, NetworkSimplex& simplex,
                     SpanningTree& tree);

  // Takes a tree over: of the measures, of all rows and columns, or of points. Of the latter two, subtrees in which no
  // weight is as much as a unit are left out, and hung anew by ship().
  void take(const SpanningTree& tree, const Measures& measures);
  void take_sides(const SpanningTree& tree, double unit);
  void take_points(const SpanningTree& tree, double unit);
  // Whether points with mass are not in it, being too light for a unit.
  bool misses_points();
  // Makes it serve the weights, in at most max_pivots pivots.
  Ending ship(std::uint64_t max_pivots, const Job* job);

  std::uint64_t pivots() const { return pivots_; }

  // Cost and plan on the caller's numbers; of the certificate the slackness.
  void report_plan(Result& result) const;
  // Potentials that are no larger than the plan needs, and all of the certificate.
  void report_duals(Result& result);

 private:
  double least_reduced_cost(const Measures& measures) const;
  CostBlock reduced_costs(const Measures& measures, double error);
  void drop_light(double unit);
  bool pivot(ExactTree::Node leaving);

  void centre_potentials();
  std::size_t divide_tree();
  std::vector<double> measure_room(std::size_t parts) const;
  std::size_t part_of(ExactTree::Node node) const { return parts_[static_cast<std::size_t>(node)]; }
  void lift_duals(Result& result) const;
  void certify(Result& result) const;

  const Costs* costs_ = nullptr;
  std::span<const double> supply_, demand_;
  ExactTree tree_;
  ExactFlows flows_;
  std::vector<ExactTree::Node> missing_rows_, missing_columns_;
  std::vector<std::size_t> parts_;         // by node
  std::vector<ExactTree::Node> heaviest_;  // by part
  std::uint64_t pivots_ = 0;
  AlignedVector<float> rounded_;  // reduced costs, scaled: see CostBlock
  std::vector<double> exact_;
};

}  // namespace genmi::transport
