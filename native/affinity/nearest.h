// The nearest samples to one, from its row of distances.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "simd/graph_kernels.h"

namespace genmi::affinity {

class NearestSelection {
 public:
  // Selects count of n samples, count < n.
  NearestSelection(std::size_t n, std::size_t count, const simd::GraphKernels& kernels);

  // Writes the count samples with the smallest distances except self, in any order. Among equal distances the lower
  // index counts as nearer. row[self] is 0.
  template <class T>
  void select(std::span<const T> row, std::size_t self, std::int32_t* nearest);

 private:
  struct Candidate {
    std::uint64_t distance;  // its bits, which have the order of distances, NaN included
    std::int32_t index;
  };

  template <class T>
  double bound(std::span<const T> row);

  const simd::GraphKernels* kernels_;
  std::size_t count_;
  std::vector<double> minima_;  // of disjoint sets of columns
  std::vector<std::int32_t> found_;
  std::vector<Candidate> candidates_;
};

}  // namespace genmi::affinity
