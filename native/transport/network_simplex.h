// The primal network simplex for the transportation problem, with strongly feasible bases.
//
// Each pivot lets an arc of negative reduced cost enter the spanning tree and sends as much flow around the cycle it
// closes as the cycle can take; an arc whose flow this ends leaves. Many pivots move no flow at all; that they
// cannot go on for ever is what strong feasibility, and the rule for the leaving arc that keeps it, are for. Flows are
// integers: whether an arc is exhausted is never a matter of rounding.
//
// The parts carry the names of the textbooks and of LEMON's NetworkSimplex: find_entering_arc (block search),
// find_join, find_leaving_arc, change_flow, update_tree. The potentials change in the same walk as the tree, in
// SpanningTree::rehang.
// References: Cunningham, "A network simplex method", 1976; Ahuja, Magnanti, Orlin, "Network Flows", 1993, chapter 11;
// Kiraly, Kovacs, "Efficient implementations of minimum-cost flow algorithms", 2012 (block search pricing).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "genmi/job.h"
#include "transport/initial_basis.h"
#include "transport/problem.h"
#include "transport/spanning_tree.h"

namespace genmi::transport {

class NetworkSimplex {
 public:
  enum class Ending { kOptimal, kPivotLimit, kCancelled };

  // Except when cancelled, tree() is a feasible basis afterwards. About N^2 to N^2.3 operations for N points.
  Ending solve(const Problem& problem, std::uint64_t max_pivots, const Job* job);

  const SpanningTree& tree() const { return tree_; }
  std::uint64_t pivots() const { return pivots_; }

 private:
  struct EnteringArc {
    Node row = SpanningTree::kNoNode;
    Node column = SpanningTree::kNoNode;
    double reduced_cost = 0;
    bool exists() const { return row != SpanningTree::kNoNode; }
  };
  struct LeavingArc {
    Node child;  // the lower end of the arc in the tree
    std::int64_t flow;
    bool on_row_side;  // of the entering arc
  };
  void begin(const Problem& problem);
  void refresh_potentials();
  EnteringArc find_entering_arc();
  void pivot(const EnteringArc& entering);
  Node find_join(Node a, Node b) const;
  LeavingArc find_leaving_arc(const EnteringArc& entering, Node join) const;
  void change_flow(const EnteringArc& entering, Node join, std::int64_t amount);
  void update_tree(const EnteringArc& entering, const LeavingArc& leaving);

  MatrixView<double> costs_;
  InitialBasis initial_basis_;
  SpanningTree tree_;
  std::uint64_t pivots_ = 0;
  double tolerance_ = 0;        // reduced costs above its negative count as zero
  std::size_t block_rows_ = 1;  // priced together
  std::size_t next_row_ = 0;    // where pricing goes on
};

}  // namespace genmi::transport
