// The lengths of perturbations that suit the density of the data around each sample.
#pragma once

#include <vector>

#include "genmi/context.h"
#include "genmi/status.h"
#include "networks/samples.h"

namespace genmi::networks {

// A quarter of the distance of each sample to its 10th nearest other sample. Cost: that of kth_neighbor_distances.
// Errors: kOutOfRange for fewer than 11 samples, and those of kth_neighbor_distances. Source: Hu et al., "Learning
// discrete representations via information maximizing self-augmented training", 2017, section 5.1.
Status neighbor_lengths(const Samples& samples, const Context& context, std::vector<double>& out);

}  // namespace genmi::networks
