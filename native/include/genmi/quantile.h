// Order statistics of all pairs' distances.
#pragma once

#include "genmi/affinity.h"

namespace genmi {

// The q-quantile, linearly interpolated, of all N^2 entries of a distance: both triangles and the zero diagonal. Exact;
// nearly always one pass over the N (N - 1) / 2 pairs. Keeps N^2 / 32 numbers at most. kOutOfRange when it is infinite.
Status distance_quantile(const Affinity& distances, double q, const Context& context, double& out);

}  // namespace genmi
