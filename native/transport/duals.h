// Dual potentials for all points from those of the points in the simplex, and the proof of optimality that they give.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "genmi/transport.h"
#include "transport/cost_block.h"
#include "transport/marginals.h"
#include "transport/spanning_tree.h"

namespace genmi::transport {

// Potentials of N points that are sources and targets at once, u = -phi and v = phi, from those of the points that take
// part in what moves: others get the c-transform. `prices` is scratch memory, here and below.
void point_potentials(const CostBlock& costs, const Measures& moving, const SpanningTree& tree,
                      AlignedVector<double>& prices, AlignedVector<double>& phi);

// The largest of 0 and phi_j - phi_i - costs_ij: 0, but for rounding, proves what moves alone to be the optimum.
double point_infeasibility(const CostBlock& costs, bool symmetric, const double* phi);

// The potentials of a tree that all rows and columns are in.
void take_potentials(const SpanningTree& tree, std::vector<double>& u, std::vector<double>& v);

// From potentials of the columns of `targets`: u is their c-transform, u_i = min_j costs_ij - v_j over these j, and v
// the c-transform of u where there was no potential. Feasible at every point whatever the potentials were, optimal if
// they were; a point without mass gets the one-sided derivative of the cost for giving it some. Returns the largest of
// 0 and u_i + v_j - costs_ij.
double lift_duals(const CostBlock& costs, std::span<const std::size_t> targets, const double* potentials,
                  AlignedVector<double>& prices, std::vector<double>& u, std::vector<double>& v);

// <u, supply> + <v, demand>
double dual_value(std::span<const double> supply, std::span<const double> demand, const std::vector<double>& u,
                  const std::vector<double>& v);

// <plan, costs> less the dual value, on the caller's numbers and without rounding but of the result; the demands are
// scaled to the supplies' sum.
double accurate_gap(const Costs& costs, const std::vector<PlanEntry>& plan, std::span<const double> supply,
                    std::span<const double> demand, const std::vector<double>& u, const std::vector<double>& v);

}  // namespace genmi::transport
