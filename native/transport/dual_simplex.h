// The dual network simplex: from a tree that was optimal for other measures to one for these.
//
// The old tree's potentials prove it optimal for any measures that it can serve; for the new ones some of its arcs
// would have to carry flow backwards. Each pivot takes the worst of them out, which cuts the tree in two, and puts the
// arc of least reduced cost that leads across the cut in the direction of the flow in its place. While the measures
// have changed little, few pivots are needed. Source: Ahuja, Magnanti, Orlin, "Network Flows", 1993, section 11.9
// (parametric network simplex and dual algorithm).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "genmi/aligned_vector.h"
#include "genmi/job.h"
#include "transport/coarse_costs.h"
#include "transport/cost_block.h"
#include "transport/network_simplex.h"
#include "transport/spanning_tree.h"

namespace genmi::transport {

class DualSimplex {
 public:
  // Gives up after max_rows rows of costs: in bad cases the number of pivots explodes. `symmetric`: rows of the costs
  // are their columns.
  Ending solve(const CostBlock& costs, const CoarseCosts& coarse, bool symmetric, std::size_t max_rows, const Job* job,
               SpanningTree& tree);

  std::uint64_t pivots() const { return pivots_; }

 private:
  // The two parts that the leaving arc cuts the tree into, and how the entering arc is looked for.
  struct Cut {
    Node subtree;       // its top
    bool from_subtree;  // the entering arc leads out of the subtree, not into it
    bool by_columns;    // look at each column that it could lead to, not at each row that it could come from
    bool is_near_subtree() const { return from_subtree != by_columns; }
  };

  Node find_leaving_arc();
  Node worst_candidate() const;
  std::optional<EnteringArc> find_entering_arc(Node leaving);
  void price(const Cut& cut);
  std::size_t take_near_side(const Cut& cut, std::size_t begin, std::size_t end, std::size_t taken);
  void find_least();
  void price_row(std::size_t near);
  bool pivot(Node leaving, const EnteringArc& entering);

  CostBlock costs_;
  const CoarseCosts* coarse_ = nullptr;
  bool symmetric_ = false;
  SpanningTree* tree_ = nullptr;
  std::uint64_t pivots_ = 0;
  std::size_t scanned_rows_ = 0;
  std::vector<Node> candidates_;  // lower ends of arcs whose flow was below zero
  AlignedVector<float> prices_;   // of the columns (or rows) on the far side of the cut, -infinity on the near side
  AlignedVector<std::int16_t> coarse_prices_;
  // Of the rows (or columns) on the near side: which, their own part of the reduced cost, and at first a lower bound of
  // the rest.
  std::vector<std::size_t> near_;
  std::vector<float> own_, bounds_;
  float least_ = 0;  // the least reduced cost yet, and where in near_ it is
  std::size_t least_near_ = 0;
};

}  // namespace genmi::transport
