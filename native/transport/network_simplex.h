// The primal network simplex for transportation problems, with strongly feasible bases.
//
// Each pivot lets an arc of negative reduced cost enter the spanning tree. The pivot sends as much flow around the
// cycle that the arc closes as the cycle can take; an arc without flow left leaves. Many pivots move no flow at all.
// Strong feasibility, kept by the rule for the leaving arc, ensures that such pivots come to an end. Flows are
// integers: whether an arc is exhausted is never a matter of rounding.
//
// The parts carry the names of the textbooks and of LEMON's NetworkSimplex: find_entering_arc (block search),
// find_leaving_arc (which finds the join on its way), change_flow, update_tree. The search for entering arcs goes in
// float32 until there are none, then in float64: this is the proof. Each arc is confirmed in float64 before it enters.
// References: Cunningham, "A network simplex method", 1976; Ahuja, Magnanti, Orlin, "Network Flows", 1993, chapter 11;
// Kiraly, Kovacs, "Efficient implementations of minimum-cost flow algorithms", 2012 (block search pricing).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>

#include "genmi/job.h"
#include "transport/cost_block.h"
#include "transport/spanning_tree.h"

namespace genmi::transport {

// The end of a search that may stop before it has found its result.
enum class Ending { kFound, kGaveUp, kCancelled };

// An arc from a row to a column that is not in the tree.
struct EnteringArc {
  Node row, column;
  double reduced_cost;
};

// An arc of the tree that is exhausted first, and its flow before the pivot.
struct LeavingArc {
  Node child;  // its lower end
  Node join;   // the nearest common ancestor of the entering arc's ends
  std::int64_t flow;
  bool on_row_side;  // whether the arc is on the side of the entering arc's row
};

class NetworkSimplex {
 public:
  enum class Pricing { kRounded, kExact };

  // Turns the feasible basis `tree` into an optimal one, in at most max_pivots pivots, or stops on the way. Start with
  // Pricing::kExact, the proof, where `tree` is likely to be optimal already.
  Ending solve(const CostBlock& costs, std::uint64_t max_pivots, const Job* job, SpanningTree& tree,
               Pricing pricing = Pricing::kRounded);

  std::uint64_t pivots() const { return pivots_; }
  // The largest of 0 and the negated reduced costs that the proof has seen.
  double infeasibility() const { return infeasibility_; }

 private:
  // The end of a round of pivots.
  enum class Round { kClean, kPivoted, kPivotLimit, kNoLeavingArc, kCancelled };

  // More float64 rounds occur only if rounding errors exceed the tolerance, which doubles with every further round.
  static constexpr int kManyRounds = 50;

  Round pivot_round(Pricing pricing, const Job* job);
  void refresh_potentials();
  template <Pricing pricing>
  using Number = std::conditional_t<pricing == Pricing::kExact, double, float>;
  template <Pricing pricing>
  std::optional<EnteringArc> find_entering_arc();
  template <Pricing pricing>
  Number<pricing> row_minimum(std::size_t row) const;
  template <Pricing pricing>
  Number<pricing> row_potential(std::size_t row) const;
  template <Pricing pricing>
  EnteringArc best_arc(std::size_t row, Number<pricing> minimum) const;
  bool pivot(const EnteringArc& entering);

  CostBlock costs_;
  SpanningTree* tree_ = nullptr;
  std::uint64_t pivots_ = 0, max_pivots_ = 0;
  double rounded_tolerance_ = 0, exact_tolerance_ = 0;  // a reduced cost >= -tolerance counts as 0
  double infeasibility_ = 0;
  int exact_rounds_ = 0;
  std::size_t block_rows_ = 1;  // rows priced together
  std::size_t next_row_ = 0;    // the row where pricing goes on
};

// The parts of a pivot. The dual simplex uses all except find_leaving_arc(). change_flow() returns false where a flow
// leaves its range, which cannot happen in feasible trees.
Node find_join(const SpanningTree& tree, Node a, Node b);
LeavingArc find_leaving_arc(const SpanningTree& tree, Node row, Node column);
bool change_flow(SpanningTree& tree, Node row, Node column, Node join, std::int64_t amount);
void update_tree(SpanningTree& tree, const EnteringArc& entering, const LeavingArc& leaving);

}  // namespace genmi::transport
