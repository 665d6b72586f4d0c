// From a measure over features to an affinity that stores all entries.
#pragma once

#include "affinity/pairwise.h"
#include "genmi/affinity.h"

namespace genmi::affinity {

// Evaluated in the precision of T, stored in that of S.
template <class S, class T>
Status build_dense(const Pairwise<T>& pairwise, const Context& context, AffinityPtr& out);

}  // namespace genmi::affinity
