// Order statistics of all pairs' distances.
#pragma once

#include "genmi/affinity.h"

namespace genmi {

// The exact q-quantile, linearly interpolated, of all N^2 entries of a distance: both triangles and the zero diagonal.
// Cost: nearly always one pass over the N (N - 1) / 2 pairs. Memory: at most N^2 / 32 numbers. Errors: kOutOfRange when
// the quantile is infinite.
Status distance_quantile(const Affinity& distances, double q, const Context& context, double& out);

}  // namespace genmi
