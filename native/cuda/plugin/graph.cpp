#include "cuda/plugin/graph.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace genmi::cuda {
namespace {

// Nodes that are searched from at a time, and bits in a word of a set of them.
constexpr std::size_t kSources = 512, kBits = 32;

std::size_t words_of(std::size_t sources) { return (sources + kBits - 1) / kBits; }

}  // namespace

Graph::Graph(const std::shared_ptr<Device>& device, std::size_t n, const std::size_t* offsets,
             const std::int32_t* neighbors)
    : device_(device), n_(n) {
  const std::size_t sources = std::min(n, kSources), set = n * words_of(sources);
  std::size_t* of_nodes = nullptr;
  std::int32_t* of_edges = nullptr;
  const auto lay_out = [&](char* memory) {
    Room room(memory);
    of_nodes = room.take<std::size_t>(n + 1);
    of_edges = room.take<std::int32_t>(offsets[n]);
    search_.frontier = room.take<unsigned>(set);
    search_.next = room.take<unsigned>(set);
    search_.seen = room.take<unsigned>(set);
    search_.hops = room.take<std::uint16_t>(sources * n);
    search_.reached = room.take<unsigned long long>(1);
    return room.used();
  };
  memory_ = DeviceMemory(device->budget, lay_out(nullptr));
  lay_out(memory_.data());
  search_.offsets = of_nodes;
  search_.neighbors = of_edges;
  search_.n = n;
  upload(*device, reinterpret_cast<char*>(of_nodes), offsets, (n + 1) * sizeof(std::size_t));
  upload(*device, reinterpret_cast<char*>(of_edges), neighbors, offsets[n] * sizeof(std::int32_t));
}

// In pinned memory: the number of pairs that are reached, then the hops.
std::size_t Graph::search(std::size_t first, std::size_t count, std::uint16_t* hops) {
  const std::size_t hops_at = aligned(sizeof(unsigned long long)), bytes = count * n_ * sizeof(std::uint16_t);
  device_->reserve(hops_at + bytes, 0);
  char* const pinned = device_->pinned.data();
  HopSearch search = search_;
  search.first = first;
  search.sources = count;
  search.words = words_of(count);
  perform(*device_, [&](Stream& stream) { check("begin_hops", begin_hops(search, stream.get())); });
  unsigned long long before = 0, now = 0;
  std::size_t level = 0;
  do {
    if (++level == kUnreachable) return kUnreachable;
    before = now;
    perform(*device_, [&](Stream& stream) {
      check("advance_hops", advance_hops(search, static_cast<unsigned>(level), stream.get()));
      stream.copy(pinned, search.reached, sizeof now, cudaMemcpyDeviceToHost);
    });
    std::memcpy(&now, pinned, sizeof now);
    std::swap(search.frontier, search.next);
  } while (now > before);
  perform(*device_, [&](Stream& stream) { stream.copy(pinned + hops_at, search.hops, bytes, cudaMemcpyDeviceToHost); });
  std::memcpy(hops, pinned + hops_at, bytes);
  return level - 1;
}

}  // namespace genmi::cuda
