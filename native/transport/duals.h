// Dual potentials for all points from those of the points in the simplex, and the proof of optimality that they give.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "genmi/transport.h"

namespace genmi::transport {

// From potentials of some columns (`targets`): u is their c-transform, u_i = min_j costs_ij - v_j over these j, and v
// the c-transform of u over all i. Feasible at every point whatever the potentials were, optimal if they were; a point
// without mass gets the one-sided derivative of the cost for giving it some. For a metric, v = -u.
void lift_duals(MatrixView<double> costs, std::span<const std::size_t> targets, const double* target_potentials,
                std::vector<double>& u, std::vector<double>& v);

// <u, supply> + <v, demand>
double dual_value(std::span<const double> supply, std::span<const double> demand, const std::vector<double>& u,
                  const std::vector<double>& v);

// The largest of 0 and u_i + v_j - costs_ij.
double dual_infeasibility(MatrixView<double> costs, const std::vector<double>& u, const std::vector<double>& v);

// The largest costs_ij - u_i - v_j where the plan has mass; 0 for a proof of optimality.
double complementary_slackness(MatrixView<double> costs, const std::vector<PlanEntry>& plan,
                               const std::vector<double>& u, const std::vector<double>& v);

}  // namespace genmi::transport
