// Undirected graphs that join close samples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "genmi/affinity.h"

namespace genmi::affinity {

// In compressed sparse rows: the neighbours of sample i are neighbors[offsets[i]] to neighbors[offsets[i + 1] - 1],
// ascending.
struct NeighborhoodGraph {
  std::vector<std::size_t> offsets;
  std::vector<std::int32_t> neighbors;

  std::size_t size() const { return offsets.size() - 1; }
  std::size_t edges() const { return neighbors.size() / 2; }
  std::size_t degree(std::size_t node) const { return offsets[node + 1] - offsets[node]; }
};

// Joins every pair strictly closer than the threshold.
NeighborhoodGraph threshold_graph(const Affinity& distances, double threshold, const Context& context,
                                  Progress& progress);

// Joins each sample with the count others nearest to it, count < N; among equally near ones the lower index counts as
// nearer.
NeighborhoodGraph nearest_neighbor_graph(const Affinity& distances, std::size_t count, const Context& context,
                                         Progress& progress);

// Makes the graph in which before[i], ascending, are the neighbours j < i of sample i.
NeighborhoodGraph join(const std::vector<std::vector<std::int32_t>>& before, const Context& context);

struct Components {
  std::vector<std::int32_t> of_node;  // numbered from 0
  std::size_t count = 0;
};

Components connected_components(const NeighborhoodGraph& graph, const Context& context);

}  // namespace genmi::affinity
