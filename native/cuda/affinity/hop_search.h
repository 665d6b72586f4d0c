// Hop distances on a device, by breadth-first searches from many nodes at once, a bit for each
// (native/affinity/hop_search.h). All pointers are to memory of the device.
#pragma once

#include <cstddef>
#include <cstdint>

#include "device.h"

namespace genmi::cuda {

inline constexpr std::uint16_t kUnreachable = 0xffff;

// The searches from nodes first, first + 1, ..., first + sources - 1. A set of sources has `words` words of 32 bits.
struct HopSearch {
  const std::size_t* offsets;     // n + 1: where each node's neighbours begin
  const std::int32_t* neighbors;  // of each node, in both directions
  std::size_t n, first, sources, words;
  unsigned *frontier, *next;    // n sets: the searches that reached a node at the last level, and at this one
  unsigned* seen;               // n sets: the searches that have reached a node
  std::uint16_t* hops;          // sources x n
  unsigned long long* reached;  // pairs of source and node, other than a source and itself
};

// Each returns an error of its launch.
// Sets everything that the searches begin with.
cudaError_t begin_hops(const HopSearch& search, cudaStream_t stream);
// Takes all searches from nodes at `level` - 1 hops to nodes at `level` hops, <= 65534. The caller exchanges frontier
// and next, and goes on until `reached` stays as it is. Cost: O((n + edges) words).
cudaError_t advance_hops(const HopSearch& search, unsigned level, cudaStream_t stream);

}  // namespace genmi::cuda
