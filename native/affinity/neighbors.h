// The search of genmi/neighbors.h for tests, which choose the options of projections.
#pragma once

#include "affinity/principal_projections.h"
#include "genmi/neighbors.h"

namespace genmi::affinity {

Status kth_neighbor_distances(NumbersOrBytes x, std::size_t k, const ProjectionOptions& options, const Context& context,
                              std::span<double> out);

}  // namespace genmi::affinity
