// The distance of a given rank among the distances of all N (N - 1) / 2 pairs.
//
// Sampled pairs give an interval that almost certainly holds the rank. One pass over all pairs counts the distances
// below and copies the distances inside, from which the rank is selected. (Floyd, Rivest, "Expected time bounds for
// selection", 1975.) Where the interval misses the rank, or holds too many distances, histograms over the bits of
// distances narrow it by a factor of 2^16 a pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "genmi/affinity.h"
#include "simd/graph_kernels.h"

namespace genmi::affinity {

class PairSelection {
 public:
  // progress: one part for each row of the first pass.
  PairSelection(const Affinity& distances, const Context& context, Progress& progress);

  // The distance of a rank, 0 for the smallest. Infinity where NaN has the rank; without a meaning once the job is
  // cancelled.
  double distance_at(std::size_t rank);

 private:
  // The numbers from low to high, both included.
  struct Interval {
    double low, high;
  };
  // The counts and distances of one slot in a pass.
  struct Part {
    simd::Tally tally;
    std::vector<double> between;  // only the first `used` have a meaning
    std::size_t used = 0;
  };

  std::vector<double> sample() const;
  Interval first_interval(std::size_t rank) const;
  void tally(Interval interval);
  Interval narrow(Interval interval, std::size_t rank) const;

  const Affinity& distances_;
  const Context& context_;
  Progress* progress_;  // null after the first pass
  std::size_t pairs_;
  std::size_t capacity_;  // of between_

  // Results of the last pass.
  Interval interval_{};
  simd::Tally tally_;
  std::size_t inside_ = 0;  // the count strictly inside the interval; between_ lacks some if it exceeds the capacity
  std::vector<double> between_;
  std::vector<Part> parts_;
};

}  // namespace genmi::affinity
