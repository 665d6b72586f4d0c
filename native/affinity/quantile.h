// Order statistics of all pairs' distances, exact, without storing the pairs.
#pragma once

#include "genmi/affinity.h"

namespace genmi::affinity {

// As distance_quantile(), and reports one part of progress for each sample.
Status find_quantile(const Affinity& distances, double q, const Context& context, Progress& progress, double& out);

}  // namespace genmi::affinity
