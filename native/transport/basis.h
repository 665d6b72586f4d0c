// Writes the optimal tree of a problem into a Basis, from which a similar problem starts. A basis spans all points, or
// all rows and columns. A node outside the tree becomes a leaf without flow, on an arc of reduced cost 0.
#pragma once

#include <vector>

#include "transport/basis_tree.h"
#include "transport/cost_block.h"
#include "transport/marginals.h"
#include "transport/spanning_tree.h"

namespace genmi::transport {

// Keeps a tree that spans all points, or all rows and columns.
void keep_tree(const SpanningTree& tree, const Marginals& marginals, BasisTree& basis);
// Keeps a tree of marginals.moving() as a tree of points. phi: the potentials of all points.
void keep_moving(const SpanningTree& tree, const Marginals& marginals, const CostBlock& costs,
                 const AlignedVector<double>& phi, BasisTree& basis);
// Keeps a tree of marginals.all() as a tree of rows and columns. u and v: the duals from lift_duals().
void keep_all(const SpanningTree& tree, const Marginals& marginals, const CostBlock& costs,
              const std::vector<double>& u, const std::vector<double>& v, BasisTree& basis);

}  // namespace genmi::transport
