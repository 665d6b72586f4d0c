// The vector kernels of neighbourhood graphs: what picks distances out of rows, and the breadth-first search from 512
// samples at once. Comparisons and bits alone: the same results on every instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

namespace genmi::simd {

inline constexpr std::size_t kSources = 512;
inline constexpr std::size_t kMinima = 32;
// Hops are counted in 16 bits; what they cannot say marks samples that no path connects.
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

// Where a search stands. An array of sets has one for each node of the graph.
struct HopSearch {
  const std::size_t* offsets;  // of node i the neighbours are neighbors[offsets[i]] to neighbors[offsets[i + 1] - 1]
  const std::int32_t* neighbors;

  SourceSet* remaining;  // the sources that are connected to the node and have not reached it
  SourceSet* current;    // those that have reached it at the last level
  SourceSet* next;       // and at the one that is being made; empty before
  NodeList frontier;     // the nodes whose current is not empty
  NodeList reached;      // the same of next
  NodeList unfinished;   // those with sources remaining, and some that had

  std::size_t level;             // the one that is being made: the hops that it takes to get there
  SourceSet* planes[kHopBits];   // bit b of the hops from each source to the node, as a set: those with that bit
  std::size_t frontier_edges;    // of the nodes of the frontier, each
  std::size_t unfinished_edges;  // of the nodes with sources remaining
  std::size_t unfinished_nodes;
};

// How many distances are below an interval, and at its ends (at low, if that is both).
struct Tally {
  std::size_t below = 0, at_low = 0, at_high = 0;
};

struct GraphKernels {
  // One level: fills next, reached, what remains and the planes; frontier and its edges are left to the caller's swap.
  // push goes from each node of the frontier to its neighbours, pull looks from each unfinished node for neighbours in
  // the frontier, until all its sources have come.
  void (*push)(HopSearch& search);
  void (*pull)(HopSearch& search);
  // hops[s] of a node for the first count sources, rounded up to a multiple of 64: from planes, and kUnreachable for
  // the sources in that set.
  void (*expand)(const SourceSet* const* planes, std::size_t plane_count, std::size_t node,
                 const SourceSet& unreachable, std::uint16_t* hops, std::size_t count);

  // Of rows in float32 and in float64, all compared in float64:
  // minima[j] = the least of values[j], values[j + kMinima], ..., for count >= kMinima; NaN is passed
  // over.
  void (*strided_minima_single)(const float* values, std::size_t count, double* minima);
  void (*strided_minima_double)(const double* values, std::size_t count, double* minima);
  // The positions of all values < bound, ascending, into found, which has room for count; returns how many.
  std::size_t (*find_below_single)(const float* values, std::size_t count, double bound, std::int32_t* found);
  std::size_t (*find_below_double)(const double* values, std::size_t count, double bound, std::int32_t* found);
  // Adds to the tally, and writes the values strictly between low and high to between, which has room for count;
  // returns how many.
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
