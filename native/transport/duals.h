// Dual potentials of all points, from the potentials of the simplex's points, and their proof of optimality.
//
// Passes over the costs stop early when their job is cancelled. Their results are unspecified then.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "genmi/job.h"
#include "transport/cost_block.h"
#include "transport/costs.h"
#include "transport/marginals.h"
#include "transport/spanning_tree.h"

namespace genmi::transport {

// Potentials phi of N points that are sources and targets at once: u = -phi, v = phi. Points of `moving` keep their
// potentials in the tree; others get the c-transform over the targets. `prices` is scratch memory, here and below.
void point_potentials(const CostBlock& costs, const Measures& moving, const SpanningTree& tree,
                      AlignedVector<double>& prices, AlignedVector<double>& phi, const Job* job);

// max(0, max_ij phi_j - phi_i - costs_ij). Where it is 0 up to rounding, no other mass need move.
double point_infeasibility(const CostBlock& costs, bool symmetric, const double* phi, const Job* job);

// max(0, max_ij u_i + v_j - costs_ij). v has stride() numbers.
double infeasibility_of(const CostBlock& costs, const std::vector<double>& u, const double* v, const Job* job);

// Copies u and v from a tree that contains all rows and columns.
void take_potentials(const SpanningTree& tree, std::vector<double>& u, std::vector<double>& v);

// Extends `potentials` of the columns `targets` to all rows and columns: u_i = min_j costs_ij - v_j over these targets;
// v_j = min_i costs_ij - u_i for any other column. u and v are feasible whatever the potentials were, and optimal if
// the potentials were. A point without mass gets the one-sided derivative of the cost with respect to its mass. Returns
// max(0, max_ij u_i + v_j - costs_ij).
double lift_duals(const CostBlock& costs, std::span<const std::size_t> targets, const double* potentials,
                  AlignedVector<double>& prices, std::vector<double>& u, std::vector<double>& v, const Job* job);

// <u, supply> + <v, demand>
double dual_value(std::span<const double> supply, std::span<const double> demand, const std::vector<double>& u,
                  const std::vector<double>& v);

// <plan, costs> - <u, supply> - <v, demand> on the caller's numbers; only the result is rounded. Demands are scaled to
// the supplies' sum.
double accurate_gap(const Costs& costs, const std::vector<PlanEntry>& plan, std::span<const double> supply,
                    std::span<const double> demand, const std::vector<double>& u, const std::vector<double>& v);

}  // namespace genmi::transport
