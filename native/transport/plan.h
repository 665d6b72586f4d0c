// The transport plan that a basis stands for, in the caller's points and masses.
#pragma once

#include <vector>

#include "genmi/transport.h"
#include "transport/marginals.h"
#include "transport/routes.h"
#include "transport/spanning_tree.h"

namespace genmi::transport {

// Everything stays.
void plan_of_staying(const Marginals& marginals, std::vector<PlanEntry>& plan);

// The plan of a tree of marginals.moving(), and all that stays.
void plan_of_moving(const Marginals& marginals, const SpanningTree& tree, std::vector<PlanEntry>& plan);

// The plan of a tree of points that serves marginals.moving(), and all that stays.
void plan_of_points(const Marginals& marginals, const SpanningTree& tree, Routes& routes, std::vector<PlanEntry>& plan);

// The plan of a tree of marginals.all(), or of one of all rows and columns that serves them.
void plan_of_all(const Marginals& marginals, const SpanningTree& tree, std::vector<PlanEntry>& plan);

// By source, then by target.
void sort_plan(std::vector<PlanEntry>& plan);

// <plan, costs>
double plan_cost(const CostBlock& costs, const std::vector<PlanEntry>& plan);

}  // namespace genmi::transport
