// Hop distances: the number of edges on the shortest path between two samples in an unweighted neighbourhood graph.
// Source: Ohl et al., "Generalised Mutual Information: a Framework for Discriminative Clustering", appendix H.
#pragma once

#include <cstddef>
#include <optional>

#include "genmi/affinity.h"

namespace genmi {

struct HopOptions {
  double quantile = 0.05;                // connects pairs strictly closer than this quantile of all N^2 distances
  std::optional<double> threshold;       // if given: connects pairs strictly closer than this
  std::optional<std::size_t> neighbors;  // if given: connects each sample with its nearest ones (in either direction)
  std::optional<double> disconnected;    // the distance between components; default 2 N
};

struct HopReport {
  double threshold = 0;     // the threshold that was used; 0 with neighbors
  std::size_t edges = 0;    // undirected
  std::size_t longest = 0;  // the largest finite distance
  bool connected = true;
};

// distances: a distance affinity over N samples. The graph reads each entry once; a quantile reads half of them again.
// Cost of the search: O(N E L / 512) for E edges and a longest path of L hops, never more than O(N E).
// Memory: 2 N^2 bytes for the result; while it runs, 20 bytes an edge and 64 N (3 + log2 L) bytes a thread.
// Errors: kOutOfRange when L > 65534.
Status hop_affinity(const Affinity& distances, const HopOptions& options, const Context& context, HopReport& report,
                    AffinityPtr& out);

}  // namespace genmi
