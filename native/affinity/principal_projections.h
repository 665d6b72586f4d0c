// Projections of samples on a few directions. Two samples are at least as far apart as their projections (Bessel's
// inequality), whose distance takes a fraction of the time.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "affinity/pairwise.h"
#include "genmi/aligned_vector.h"
#include "genmi/context.h"

namespace genmi::affinity {

struct ProjectionOptions {
  std::size_t directions = 96;
  std::size_t sampled = 1024;           // the samples whose principal directions are taken
  std::size_t least_samples = 1 << 14;  // among fewer, finding directions takes longer than it saves
  std::size_t least_features = 384;     // with fewer, projections take nearly as long as samples
  double most_near = 1.0 / 32;          // the largest share of pairs that may have to be compared
};

struct Projections {
  std::size_t directions;
  AlignedVector<float> rows;  // of all samples, in the units of Pairwise::sample
  // For the distance r of the projections i and j, that of their samples is at least
  // (r - margins[i] - margins[j]) / kLonger, rounding included.
  std::vector<float> margins;
  static constexpr double kLonger = 1 + 0x1p-13;
};

// Projections that tell most pairs of samples apart from neighbours, the k nearest of each sample. There are none for
// few samples, for few features, for more than simd::kSegment features, where neighbours are nearly as far as other
// samples, where pairs are evaluated by themselves, for lengths beyond the range of float32, and if the job is
// cancelled.
template <class T>
std::optional<Projections> find_projections(const Pairwise<T>& pairwise, std::size_t k,
                                            const ProjectionOptions& options, const Context& context);

}  // namespace genmi::affinity
