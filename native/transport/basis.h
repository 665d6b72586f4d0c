// What a problem leaves for the next one like it: its optimal tree, as a basis of all points, or of all rows and
// columns. Those that have no part in the tree are added as leaves without flow, on arcs whose reduced cost is zero.
#pragma once

#include <vector>

#include "genmi/transport.h"
#include "transport/cost_block.h"
#include "transport/marginals.h"
#include "transport/spanning_tree.h"

namespace genmi::transport {

// A tree that all have part in.
void keep_tree(const SpanningTree& tree, const Marginals& marginals, Basis& basis);
// A tree of marginals.moving() as one of points, phi being the potentials of all of them.
void keep_moving(const SpanningTree& tree, const Marginals& marginals, const CostBlock& costs,
                 const AlignedVector<double>& phi, Basis& basis);
// A tree of marginals.all() as one of rows and columns; u and v as lift_duals() has made them.
void keep_all(const SpanningTree& tree, const Marginals& marginals, const CostBlock& costs,
              const std::vector<double>& u, const std::vector<double>& v, Basis& basis);

}  // namespace genmi::transport
