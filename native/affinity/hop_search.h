// Hop distances between all nodes of a graph, by breadth-first searches from 512 nodes at once, a bit for each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "affinity/neighborhood_graph.h"
#include "affinity/padded_matrix.h"
#include "genmi/context.h"
#include "genmi/hop_distance.h"
#include "genmi/status.h"
#include "simd/graph_kernels.h"

namespace genmi::affinity {

// The largest number of hops that fits into 16 bits beside the mark of unreachable nodes.
constexpr std::size_t kMostHops = simd::kUnreachable - 1;

// hops: N x N, simd::kUnreachable between components. longest: the largest number of hops between two nodes.
// Each pass over the graph takes 512 sources one level further. It goes over the edges of the frontier, or of the nodes
// that some source has yet to reach, whichever are fewer. Cost: O(N E L / 512) for L levels, and O(N (N + E)) for any
// L.
// kOutOfRange when a path is longer than kMostHops.
Status search_hops(const NeighborhoodGraph& graph, const Components& components, const Context& context,
                   Progress& progress, PaddedMatrix<std::uint16_t>& hops, std::size_t& longest);
// The error of a path that is longer than kMostHops.
Status too_long();

// A search like search_hops().
using SearchHops = std::function<Status(const NeighborhoodGraph&, const Components&, const Context&, Progress&,
                                        PaddedMatrix<std::uint16_t>&, std::size_t&)>;
// As hop_affinity() of genmi/hop_distance.h, by a search of the caller's.
Status hop_affinity_by(const SearchHops& search, const Affinity& distances, const HopOptions& options,
                       const Context& context, HopReport& report, AffinityPtr& out);

}  // namespace genmi::affinity
