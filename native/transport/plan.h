// The transport plan of a basis, in the caller's points and masses.
#pragma once

#include <cstdint>
#include <vector>

#include "transport/cost_block.h"
#include "transport/costs.h"
#include "transport/marginals.h"
#include "transport/routes.h"
#include "transport/spanning_tree.h"
#include "transport/weight_flows.h"

namespace genmi::transport {

// The plan of a tree of marginals.moving(), without the staying mass.
void plan_of_moving(const Marginals& marginals, const SpanningTree& tree, std::vector<PlanEntry>& plan);

// The plan of a tree of points that serves marginals.moving(), without the staying mass.
void plan_of_points(const Marginals& marginals, const SpanningTree& tree, Routes<std::int64_t>& routes,
                    std::vector<PlanEntry>& plan);

// The plan of a tree of marginals.all(), or of a tree of all rows and columns that serves marginals.all(). `stays` is
// scratch memory.
void plan_of_all(const Marginals& marginals, const SpanningTree& tree, std::vector<std::int64_t>& stays,
                 std::vector<PlanEntry>& plan);

// The plan of a tree of all points, or of all rows and columns, with the flows of the weights themselves. Like the
// others, it lacks the staying mass where the tree is one of points.
void plan_of_weights(const Marginals& marginals, const SpanningTree& tree, const WeightFlows& flows,
                     Routes<double>& routes, std::vector<PlanEntry>& plan);

// The largest error of a plan's marginals, relative to each weight.
double marginal_error(const Marginals& marginals, const std::vector<PlanEntry>& plan);

// Adds the staying mass to a plan of marginals.moving().
void add_staying(const Marginals& marginals, std::vector<PlanEntry>& plan);

// Sorts entries by source, then by target.
void sort_plan(std::vector<PlanEntry>& plan);

// The numbers of a result that depend on the plan.
struct PlanValues {
  double cost = 0;       // <plan, costs>
  double slackness = 0;  // the largest costs_ij - u_i - v_j where the plan has mass; 0 at the optimum
  double least_cost = kInfinity, largest_cost = 0;  // of the positive costs that are paid
};
PlanValues evaluate_plan(const CostBlock& costs, const std::vector<PlanEntry>& plan, const std::vector<double>& u,
                         const std::vector<double>& v);

// Of two neighbours in the sorted costs of a plan, the larger is a penalty if it exceeds this many times the smaller.
inline constexpr double kPenalty = 0x1p12;

// The sum of mass times |cost| over the plan, without penalties: all costs above the lowest gap between neighbours. An
// error in this sum must not hide behind a penalty that has to be paid.
double cost_without_penalties(const Costs& costs, const std::vector<PlanEntry>& plan);

}  // namespace genmi::transport
