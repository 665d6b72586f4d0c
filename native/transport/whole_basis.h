// WholeBasis turns an optimal basis of the moving mass into a feasible basis of all mass, staying mass included.
//
// An arc from each point to itself carries its staying mass. These arcs extend the tree of the moving mass's sources
// and targets to a spanning tree of all rows and columns. The tree is optimal where the triangle inequality holds, and
// near the optimum where the inequality holds at most points: a better start than any made from nothing.
#pragma once

#include <cstddef>
#include <vector>

#include "transport/cost_block.h"
#include "transport/marginals.h"
#include "transport/spanning_tree.h"

namespace genmi::transport {

class WholeBasis {
 public:
  // moving: a feasible tree of marginals.moving(), with its potentials. costs: between the points of marginals.all().
  void build(const SpanningTree& moving, const Marginals& marginals, const CostBlock& costs, SpanningTree& whole);

 private:
  Node row_at(std::size_t point) const { return rows_[point]; }
  Node column_at(std::size_t point) const { return columns_[point]; }
  void index_points(const Measures& all, std::size_t points, const Sides& sides);
  Node translate(Node node, const SpanningTree& moving, const Measures& measures) const;

  std::vector<Node> rows_, columns_;  // by point: its node in the tree of marginals.all()
  AlignedVector<double> prices_;      // by column of all(): its potential if mass moves there, else -infinity
};

}  // namespace genmi::transport
