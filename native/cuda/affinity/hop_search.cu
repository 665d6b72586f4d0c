#include "../warp.h"
#include "hop_search.h"

namespace genmi::cuda {
namespace {

// A thread takes a word of a node's set: 32 searches.
constexpr unsigned kThreads = 256, kBits = 32;

__global__ void begin_searches(HopSearch search) {
  const std::size_t at = std::size_t{blockIdx.x} * kThreads + threadIdx.x;
  if (at == 0) *search.reached = 0;
  if (at >= search.n * search.words) return;
  const std::size_t node = at / search.words, word = at % search.words;
  unsigned own = 0;
  for (std::size_t source = word * kBits; source < search.sources && source < (word + 1) * kBits; ++source) {
    const bool itself = search.first + source == node;
    if (itself) own |= 1u << (source % kBits);
    search.hops[source * search.n + node] = itself ? std::uint16_t{0} : kUnreachable;
  }
  search.seen[at] = search.frontier[at] = own;
}

__global__ void advance_searches(HopSearch search, unsigned level) {
  const std::size_t at = std::size_t{blockIdx.x} * kThreads + threadIdx.x;
  unsigned fresh = 0;
  if (at < search.n * search.words) {
    const std::size_t node = at / search.words, word = at % search.words;
    for (std::size_t edge = search.offsets[node]; edge < search.offsets[node + 1]; ++edge)
      fresh |= search.frontier[static_cast<std::size_t>(search.neighbors[edge]) * search.words + word];
    fresh &= ~search.seen[at];
    search.seen[at] |= fresh;
    search.next[at] = fresh;
    for (unsigned bits = fresh; bits != 0; bits &= bits - 1) {
      const std::size_t source = word * kBits + static_cast<std::size_t>(__ffs(static_cast<int>(bits))) - 1;
      search.hops[source * search.n + node] = static_cast<std::uint16_t>(level);
    }
  }
  const auto count = sum_of_warp(static_cast<unsigned>(__popc(fresh)));
  if (threadIdx.x % kWarp == 0 && count > 0) atomicAdd(search.reached, count);
}

dim3 grid_of(const HopSearch& search) {
  return {static_cast<unsigned>((search.n * search.words + kThreads - 1) / kThreads), 1, 1};
}
bool is_empty(const HopSearch& search) { return search.n == 0 || search.words == 0; }

}  // namespace

cudaError_t begin_hops(const HopSearch& search, cudaStream_t stream) {
  if (is_empty(search)) return cudaSuccess;
  return GENMI_LAUNCH(begin_searches, grid_of(search), dim3{kThreads}, stream, search);
}

cudaError_t advance_hops(const HopSearch& search, unsigned level, cudaStream_t stream) {
  if (is_empty(search)) return cudaSuccess;
  return GENMI_LAUNCH(advance_searches, grid_of(search), dim3{kThreads}, stream, search, level);
}

}  // namespace genmi::cuda
