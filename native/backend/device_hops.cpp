#include "backend/device_hops.h"

#include <algorithm>
#include <vector>

namespace genmi {
namespace {

using affinity::Components;
using affinity::NeighborhoodGraph;
using affinity::PaddedMatrix;

// Nodes that are searched from at a time (genmi/device_table.h).
constexpr std::size_t kSources = 512;

// A failure, before any part of the progress is done: of memory, or in the first search.
GenmiFailure search(const OpenDevice& device, const NeighborhoodGraph& graph, const Context& context,
                    Progress& progress, PaddedMatrix<std::uint16_t>& hops, std::size_t& longest) {
  const std::size_t n = graph.size();
  GenmiGraph* made = nullptr;
  GenmiFailure failure =
      device.table.create_graph(device.handle, n, graph.offsets.data(), graph.neighbors.data(), &made);
  const HandlePtr<GenmiGraph, &GenmiDeviceTable::release_graph> owner(made, {&device.table});
  std::vector<std::uint16_t> rows(std::min(n, kSources) * n);
  longest = 0;
  for (std::size_t first = 0; first < n && failure.call == nullptr && !context.cancelled(); first += kSources) {
    const std::size_t count = std::min(kSources, n - first);
    std::size_t of_part = 0;
    failure = device.table.search_hops(made, first, count, rows.data(), &of_part);
    for (std::size_t i = 0; i < count && failure.call == nullptr; ++i) {
      std::copy_n(rows.data() + i * n, n, hops.row(first + i));
      progress.finish_part();
    }
    longest = std::max(longest, of_part);
    if (longest > affinity::kMostHops) break;
  }
  return failure;
}

}  // namespace

affinity::SearchHops search_hops_on(const DevicePtr& device) {
  return [device](const NeighborhoodGraph& graph, const Components& components, const Context& context,
                  Progress& progress, PaddedMatrix<std::uint16_t>& hops, std::size_t& longest) {
    const GenmiFailure failure = search(*device, graph, context, progress, hops, longest);
    if (context.cancelled()) return aborted();
    if (failure.call == nullptr) return longest > affinity::kMostHops ? affinity::too_long() : Status::ok();
    if (!falls_back(*device, failure)) return device_failure(failure);
    return affinity::search_hops(graph, components, context, progress, hops, longest);
  };
}

}  // namespace genmi
