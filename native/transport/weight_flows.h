// The flows of a tree for the caller's weights themselves, in float64, where units are too coarse for light points.
//
// The flow of an arc is the supply on one side of it less the demand there. Each is computed from the side of less
// mass, so that no heavier weight rounds it. Where flows are negative, dual pivots follow, as in dual_simplex.h: the
// entering arc has the least reduced cost across the cut, here in float64.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "genmi/aligned_vector.h"
#include "genmi/job.h"
#include "transport/cost_block.h"
#include "transport/expansion.h"
#include "transport/network_simplex.h"
#include "transport/spanning_tree.h"

namespace genmi::transport {

class WeightFlows {
 public:
  // Computes the flows of a tree. Supplies are by row, demands by column, and scaled to the same sum.
  void fill(const SpanningTree& tree, std::span<const double> supplies, std::span<const double> demands);

  // Makes a tree of reduced costs >= 0 serve the weights. The tree's own flows, in units, do not count and are not
  // kept up to date. Gives up at a limit of pivots, or where no arc can enter. `symmetric`: costs equal their
  // transpose.
  Ending settle(const CostBlock& costs, bool symmetric, std::span<const double> supplies,
                std::span<const double> demands, std::uint64_t max_pivots, const Job* job, SpanningTree& tree);

  // The sum of all negative flows, as a positive number.
  double lacking() const;

  // The flow of the arc between a node and its parent; 0 where it is only rounding.
  double flow(Node node) const { return flows_[static_cast<std::size_t>(node)]; }
  std::uint64_t pivots() const { return pivots_; }

 private:
  // A sum and the sum of its rounding errors.
  struct Sum {
    double sum = 0, lost = 0;

    void add(double number) {
      const auto [value, error] = two_sum(sum, number);
      sum = value;
      lost += error;
    }
    void add(const Sum& other) {
      add(other.sum);
      lost += other.lost;
    }
    double value() const { return sum + lost; }
  };
  // Of some nodes: the supply less the demand, and the sum of both.
  struct Total {
    Sum balance;
    double weight = 0;

    void add(const Total& other) {
      balance.add(other.balance);
      weight += other.weight;
    }
  };

  void total_nodes(const SpanningTree& tree, std::span<const double> supplies, std::span<const double> demands);
  Node worst_candidate() const;
  EnteringArc find_entering_arc(Node leaving);
  void find_in_rows(bool of_subtree, Node leaving, EnteringArc& least);
  void find_in_columns(bool of_subtree, Node leaving, EnteringArc& least);
  template <class Visit>
  void visit(bool subtree, Node leaving, const Visit& visit) const;
  bool pivot(Node leaving);

  CostBlock costs_;
  bool symmetric_ = false;
  SpanningTree* tree_ = nullptr;
  std::vector<double> flows_;  // by node, as are `roundings_`
  std::vector<double> roundings_;
  std::vector<Total> own_, inside_, behind_;  // by position in the preorder: of the node, its subtree, all from it on
  std::vector<Node> candidates_;              // lower ends of arcs whose flow was negative
  AlignedVector<double> prices_;
  std::uint64_t pivots_ = 0;
};

}  // namespace genmi::transport
