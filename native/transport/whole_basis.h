// From an optimal basis of what moves to a feasible one of everything, staying mass included.
//
// The arcs from each point to itself, which carry the staying mass, make a spanning tree of all rows and columns out of
// one of the sources and the targets of what moves. It is optimal where the triangle inequality holds, and near the
// optimum where it holds at most points: a better start than any made from nothing.
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

  std::vector<Node> rows_, columns_;  // of all(), by point
  AlignedVector<double> prices_;      // of the columns of all(): potentials where something moves to, else -infinity
};

}  // namespace genmi::transport
