// The transport plan that a basis stands for, in the caller's points and masses.
#pragma once

#include <vector>

#include "genmi/transport.h"
#include "transport/marginals.h"
#include "transport/spanning_tree.h"

namespace genmi::transport {

// The mass that stays.
void append_staying(const Marginals& marginals, std::vector<PlanEntry>& plan);

// The flows of the tree, whose rows and columns are the points of the marginals' supports.
void append_flows(const Marginals& marginals, const SpanningTree& tree, std::vector<PlanEntry>& plan);

// By source, then by target.
void sort_plan(std::vector<PlanEntry>& plan);

// <plan, costs>
double plan_cost(MatrixView<double> costs, const std::vector<PlanEntry>& plan);

}  // namespace genmi::transport
