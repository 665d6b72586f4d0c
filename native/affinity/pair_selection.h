// The distance of a given rank among those of all N (N - 1) / 2 pairs.
//
// Samples of the pairs give an interval that has the rank in it almost certainly; one pass over all pairs counts those
// below and keeps those inside, among which the rank is selected. (Floyd, Rivest, "Expected time bounds for selection",
// 1975.) Where the interval misses the rank, or has too many inside, histograms over the bits of the distances narrow
// it by a factor of 2^16 a pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "genmi/affinity.h"
#include "simd/graph_kernels.h"

namespace genmi::affinity {

class PairSelection {
 public:
  // One part of progress for each row of the first pass.
  PairSelection(const Affinity& distances, const Context& context, Progress& progress);

  // rank 0 is the smallest; infinity where the rank is taken by NaN; anything once the job is cancelled.
  double distance_at(std::size_t rank);

 private:
  // Between two distances, these among them.
  struct Interval {
    double low, high;
  };
  // What a slot has met of a pass.
  struct Part {
    simd::Tally tally;
    std::vector<double> between;  // the first used are there
    std::size_t used = 0;
  };

  std::vector<double> sample() const;
  Interval first_interval(std::size_t rank) const;
  void tally(Interval interval);
  Interval narrow(Interval interval, std::size_t rank) const;

  const Affinity& distances_;
  const Context& context_;
  Progress* progress_;  // until the first pass is done
  std::size_t pairs_;
  std::size_t capacity_;  // how many distances are kept at most

  // Of the last pass.
  Interval interval_{};
  simd::Tally tally_;
  std::size_t kept_ = 0;  // strictly inside the interval; not there when they are more than the capacity
  std::vector<double> between_;
  std::vector<Part> parts_;
};

}  // namespace genmi::affinity
