// Hop distances: the number of edges on the shortest path between two samples in an unweighted neighbourhood graph.
// Source: Ohl et al., "Generalised Mutual Information: a Framework for Discriminative Clustering", appendix H.
#pragma once

#include <cstddef>
#include <optional>

#include "genmi/affinity.h"

namespace genmi {

struct HopOptions {
  double quantile = 0.05;                // connect pairs strictly closer than this quantile of all N^2 distances
  std::optional<double> threshold;       // connect pairs strictly closer than this instead
  std::optional<std::size_t> neighbors;  // or connect each sample with its nearest ones (in either direction)
  std::optional<double> disconnected;    // the distance between components; default 2 N
};

struct HopReport {
  double threshold = 0;     // what was used; 0 with neighbors
  std::size_t edges = 0;    // undirected
  std::size_t longest = 0;  // the largest finite distance
  bool connected = true;
};

// distances: a distance affinity over N samples. Cost O(N^2 + N E) for E edges; memory 4 N^2 bytes for the result and
// 8 N^2 / 2 while a quantile is taken.
Status hop_affinity(const Affinity& distances, const HopOptions& options, const Context& context, HopReport& report,
                    AffinityPtr& out);

// The q-quantile, linearly interpolated, of all N^2 entries of a distance: both triangles and the zero diagonal.
Status distance_quantile(const Affinity& distances, double q, const Context& context, double& out);

}  // namespace genmi
