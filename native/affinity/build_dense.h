// Makes an affinity that stores all entries, from a measure over features.
#pragma once

#include "affinity/entry_maker.h"
#include "affinity/pairwise.h"
#include "genmi/affinity.h"

namespace genmi::affinity {

// Evaluates entries in the precision of T, and stores them in S. kOutOfRange for an entry that is not finite in S.
// maker: makes the entries where it can; null for none.
template <class S, class T>
Status build_dense(const Pairwise<T>& pairwise, const EntryMaker* maker, const Context& context, AffinityPtr& out);

}  // namespace genmi::affinity
