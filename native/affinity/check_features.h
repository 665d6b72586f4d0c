// Whether features are numbers that a measure takes.
#pragma once

#include "affinity/measures.h"
#include "genmi/context.h"
#include "genmi/matrix.h"
#include "genmi/status.h"

namespace genmi::affinity {

// kOutOfRange: no samples or features, a number that is not finite, or one below 0 where the measure needs others.
template <class T>
Status check_features(MatrixView<T> x, const Measure& measure, const Context& context);

}  // namespace genmi::affinity
