// Affinities whose entries the caller has computed.
#pragma once

#include "genmi/affinity.h"
#include "genmi/context.h"
#include "genmi/matrix.h"

namespace genmi {

// matrix: N x N, finite, symmetric up to rounding; distances >= 0 with a zero diagonal.
Status precomputed_affinity(AnyMatrix matrix, Kind kind, bool metric, Precision precision, const Context& context,
                            AffinityPtr& out);

}  // namespace genmi
