// A first basis that is strongly feasible (Cunningham, "A network simplex method", 1976): from every node, some flow
// can be sent to the root through the tree. Arcs lead from rows to columns, so that every column's arc to its parent
// must have flow.
//
// The matrix minimum rule, or successive paths where one side is short, ship positive amounts only. Their forest has
// the property wherever its trees are rooted. A row's arc to its parent may have no flow: such an arc joins each tree
// to the root's. No artificial node is needed, and no arc of a big cost M, which would spoil the potentials.
#pragma once

#include <cstddef>
#include <vector>

#include "genmi/aligned_vector.h"
#include "genmi/job.h"
#include "transport/matrix_minimum.h"
#include "transport/problem.h"
#include "transport/sinkhorn.h"
#include "transport/spanning_tree.h"
#include "transport/successive_paths.h"

namespace genmi::transport {

class InitialBasis {
 public:
  // Returns false when cancelled.
  bool build(const Problem& problem, const Job* job, SpanningTree& tree);

 private:
  struct Visit {
    Node node, parent;
    std::size_t shipment;  // on the arc between node and parent
    double potential;      // relative to the first node of the walk
  };
  struct Link {
    const Visit* from;
    std::size_t column;
    double reduced_cost;
  };
  bool ship(const Problem& problem, const Job* job);
  void index_shipments(const SpanningTree& tree);
  void walk(Node start, double potential, const CostBlock& costs, const SpanningTree& tree);
  void attach_walked(SpanningTree& tree);
  Link cheapest_link(const CostBlock& costs, const SpanningTree& tree) const;

  Sinkhorn sinkhorn_;
  FirstPotentials first_potentials_;
  MatrixMinimum matrix_minimum_;
  SuccessivePaths successive_paths_;
  std::vector<Shipment> shipments_;
  // Each node's shipments as a linked list: shipment s is element 2 s in the list of its row, 2 s + 1 in its column's.
  std::vector<std::size_t> first_, next_;
  std::vector<Visit> walked_;    // one component of the forest, parents first
  AlignedVector<float> prices_;  // the potentials of the columns in the tree, -infinity for the others
};

}  // namespace genmi::transport
