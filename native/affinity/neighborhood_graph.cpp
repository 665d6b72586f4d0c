#include "affinity/neighborhood_graph.h"

#include <algorithm>
#include <memory>

#include "affinity/distance_rows.h"
#include "affinity/nearest.h"
#include "simd/kernels.h"

namespace genmi::affinity {

NeighborhoodGraph join(const std::vector<std::vector<std::int32_t>>& before, const Context& context) {
  const std::size_t n = before.size();
  NeighborhoodGraph graph;
  graph.offsets.assign(n + 1, 0);
  for (std::size_t i = 0; i < n; ++i) {
    if (context.cancelled()) return {};
    graph.offsets[i + 1] += before[i].size();
    for (const std::int32_t j : before[i]) ++graph.offsets[static_cast<std::size_t>(j) + 1];
  }
  for (std::size_t i = 0; i < n; ++i) graph.offsets[i + 1] += graph.offsets[i];
  graph.neighbors.resize(graph.offsets[n]);
  std::vector<std::size_t> end(graph.offsets.begin(), graph.offsets.end() - 1);
  for (std::size_t i = 0; i < n; ++i) {
    if (context.cancelled()) return {};
    for (const std::int32_t j : before[i]) {
      graph.neighbors[end[i]++] = j;
      graph.neighbors[end[static_cast<std::size_t>(j)]++] = static_cast<std::int32_t>(i);
    }
  }
  return graph;
}

NeighborhoodGraph threshold_graph(const Affinity& distances, double threshold, const Context& context,
                                  Progress& progress) {
  const std::size_t n = distances.size();
  const simd::GraphKernels& kernels = context.kernels.graph;
  std::vector<std::vector<std::int32_t>> before(n), found(context.slots(), std::vector<std::int32_t>(n));
  for_each_distance_row(distances, RowPart::kBefore, context, progress, [&](std::size_t i, auto row, std::size_t slot) {
    std::int32_t* close = found[slot].data();
    before[i].assign(close, close + kernels.find_below(row.data(), row.size(), threshold, close));
  });
  return join(before, context);
}

NeighborhoodGraph nearest_neighbor_graph(const Affinity& distances, std::size_t count, const Context& context,
                                         Progress& progress) {
  const std::size_t n = distances.size();
  const auto nearest = std::make_unique_for_overwrite<std::int32_t[]>(n * count);
  std::vector<NearestSelection> selections(context.slots(), NearestSelection(n, count, context.kernels.graph));
  for_each_distance_row(distances, RowPart::kAll, context, progress, [&](std::size_t i, auto row, std::size_t slot) {
    selections[slot].select(row, i, nearest.get() + i * count);
  });
  std::vector<std::vector<std::int32_t>> before(n);
  for (std::size_t i = 0; i < n && !context.cancelled(); ++i) {
    for (std::size_t e = i * count; e < (i + 1) * count; ++e) {
      const auto [low, high] = std::minmax({nearest[e], static_cast<std::int32_t>(i)});
      before[static_cast<std::size_t>(high)].push_back(low);
    }
  }
  for (std::vector<std::int32_t>& neighbors : before) {
    if (context.cancelled()) break;
    std::sort(neighbors.begin(), neighbors.end());
    neighbors.erase(std::unique(neighbors.begin(), neighbors.end()), neighbors.end());
  }
  return join(before, context);
}

Components connected_components(const NeighborhoodGraph& graph, const Context& context) {
  constexpr std::int32_t kNone = -1;
  Components components{std::vector<std::int32_t>(graph.size(), kNone)};
  std::vector<std::int32_t> found;
  for (std::size_t start = 0; start < graph.size(); ++start) {
    if (components.of_node[start] != kNone) continue;
    const auto component = static_cast<std::int32_t>(components.count++);
    components.of_node[start] = component;
    found.assign(1, static_cast<std::int32_t>(start));
    while (!found.empty() && !context.cancelled()) {
      const auto node = static_cast<std::size_t>(found.back());
      found.pop_back();
      for (std::size_t e = graph.offsets[node]; e < graph.offsets[node + 1]; ++e) {
        std::int32_t& of_neighbor = components.of_node[static_cast<std::size_t>(graph.neighbors[e])];
        if (of_neighbor != kNone) continue;
        of_neighbor = component;
        found.push_back(graph.neighbors[e]);
      }
    }
  }
  return components;
}

}  // namespace genmi::affinity
