// The dual network simplex: turns a tree that was optimal for other measures into an optimal tree for these.
//
// The old potentials prove the tree optimal for any measures that it can serve. For new measures, the flow of some arcs
// is negative. Each pivot removes the worst of these arcs, which cuts the tree in two. The entering arc crosses the cut
// in the direction of the true flow, and has the least reduced cost of all arcs that do. Few pivots are needed while
// the measures have changed little.
// Source: Ahuja, Magnanti, Orlin, "Network Flows", 1993, section 11.9 (parametric network simplex and dual algorithm).
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
  // Gives up after max_rows rows of costs: in bad cases the number of pivots explodes. `symmetric`: the costs equal
  // their transpose.
  Ending solve(const CostBlock& costs, const CoarseCosts& coarse, bool symmetric, std::size_t max_rows, const Job* job,
               SpanningTree& tree);

  std::uint64_t pivots() const { return pivots_; }

 private:
  // The cut that the leaving arc makes, and the direction in which the search for the entering arc goes.
  struct Cut {
    Node subtree;       // the top node of the part below the leaving arc
    bool from_subtree;  // whether the entering arc leads out of the subtree, not into it
    bool by_columns;    // whether to scan the columns that the arc could lead to, not the rows that it could leave
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
  AlignedVector<float> prices_;   // by column (or row): finite on the far side of the cut, -infinity on the near
  AlignedVector<std::int16_t> coarse_prices_;
  // The near side, by row (or column): its index, its potential's part of the reduced costs, and a lower bound of them.
  std::vector<std::size_t> near_;
  std::vector<float> own_, bounds_;
  float least_ = 0;  // the least reduced cost so far, and its position in near_
  std::size_t least_near_ = 0;
};

}  // namespace genmi::transport
