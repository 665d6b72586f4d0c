// The vector kernels of neighbourhood graphs: the selection of distances from rows, and the breadth-first search from
// 512 samples at once. They only compare numbers and combine bits: results are the same on every instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

namespace genmi::simd {

inline constexpr std::size_t kSources = 512;
inline constexpr std::size_t kMinima = 32;
// Hops are counted in 16 bits. The largest 16-bit number marks pairs that no path connects.
inline constexpr std::size_t kHopBits = 16;
inline constexpr std::uint16_t kUnreachable = 0xFFFF;

// A bit for each of the samples that are searched from.
struct alignas(64) SourceSet {
  std::uint64_t words[kSources / 64];

  void insert(std::size_t source) { words[source / 64] |= std::uint64_t{1} << source % 64; }
  void remove(std::size_t source) { words[source / 64] &= ~(std::uint64_t{1} << source % 64); }
};

struct NodeList {
  std::int32_t* nodes;
  std::size_t count;
};

// The state of a search. Each array of sets has one set for each node of the graph.
struct HopSearch {
  const std::size_t* offsets;  // node i has the neighbours neighbors[offsets[i]] to neighbors[offsets[i + 1] - 1]
  const std::int32_t* neighbors;

  SourceSet* remaining;  // the sources that are connected to the node and have not reached it
  SourceSet* current;    // the sources that reached the node at the last level
  SourceSet* next;       // the sources that reach the node at this level; empty before
  NodeList frontier;     // the nodes whose `current` is not empty
  NodeList reached;      // the nodes whose `next` is not empty
  NodeList unfinished;   // all nodes with remaining sources, and some without

  std::size_t level;             // the number of hops that this level counts
  SourceSet* planes[kHopBits];   // planes[b][node]: the sources whose hops to the node have bit b
  std::size_t frontier_edges;    // the sum of the frontier's degrees
  std::size_t unfinished_edges;  // the sum of the degrees of the nodes with remaining sources
  std::size_t unfinished_nodes;  // the number of these nodes

  // Asked once for many edges whether to stop, unless null: then the level is left undone.
  bool (*stops)(const void* job) = nullptr;
  const void* job = nullptr;
};

// How many distances are below an interval, and at its ends (at_low, where both ends are equal).
struct Tally {
  std::size_t below = 0, at_low = 0, at_high = 0;
};

struct GraphKernels {
  // One level of the search: fills next, reached, remaining and the planes, and sets frontier_edges for the nodes
  // reached. The caller then makes them the frontier. push goes from each node of the frontier to its neighbours. pull
  // looks from each unfinished node for neighbours in the frontier, until all its sources have come.
  void (*push)(HopSearch& search);
  void (*pull)(HopSearch& search);
  // hops[s] from source s to a node, for the first `count` sources, a multiple of 64. They are read from the planes,
  // and are kUnreachable for the sources in `unreachable`.
  void (*expand)(const SourceSet* const* planes, std::size_t plane_count, std::size_t node,
                 const SourceSet& unreachable, std::uint16_t* hops, std::size_t count);

  // Rows are float32 or float64, and are compared in float64.
  // minima[j] = min(values[j], values[j + kMinima], ...), for count >= kMinima; NaN is passed over.
  void (*strided_minima_single)(const float* values, std::size_t count, double* minima);
  void (*strided_minima_double)(const double* values, std::size_t count, double* minima);
  // Writes the positions of all values < bound, ascending, into `found`, which has room for `count`. Returns how many.
  std::size_t (*find_below_single)(const float* values, std::size_t count, double bound, std::int32_t* found);
  std::size_t (*find_below_double)(const double* values, std::size_t count, double bound, std::int32_t* found);
  // Adds to the tally, and writes the values strictly between low and high into `between`, which has room for `count`.
  // Returns how many.
  std::size_t (*tally_single)(const float* values, std::size_t count, double low, double high, Tally& tally,
                              double* between);
  std::size_t (*tally_double)(const double* values, std::size_t count, double low, double high, Tally& tally,
                              double* between);

  void strided_minima(const float* v, std::size_t count, double* to) const { strided_minima_single(v, count, to); }
  void strided_minima(const double* v, std::size_t count, double* to) const { strided_minima_double(v, count, to); }
  std::size_t find_below(const float* v, std::size_t count, double bound, std::int32_t* found) const {
    return find_below_single(v, count, bound, found);
  }
  std::size_t find_below(const double* v, std::size_t count, double bound, std::int32_t* found) const {
    return find_below_double(v, count, bound, found);
  }
  std::size_t tally(const float* v, std::size_t count, double low, double high, Tally& to, double* between) const {
    return tally_single(v, count, low, high, to, between);
  }
  std::size_t tally(const double* v, std::size_t count, double low, double high, Tally& to, double* between) const {
    return tally_double(v, count, low, high, to, between);
  }
};

}  // namespace genmi::simd
