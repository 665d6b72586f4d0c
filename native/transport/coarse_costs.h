// Costs rounded down to 16 bits: half of float32's memory, and twice as many numbers to a vector. They bound reduced
// costs from below. The bounds show for most pairs that their reduced cost is not the least, or not below zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "genmi/aligned_vector.h"
#include "transport/cost_block.h"

namespace genmi::transport {

class CoarseCosts {
 public:
  using Shorts = AlignedVector<std::int16_t>;
  // Scratch memory of infeasibility().
  struct RoundedPotentials {
    Shorts rows, columns;
  };

  CoarseCosts(const CostBlock& costs, float largest);

  std::size_t bytes() const { return costs_.capacity() * sizeof(std::int16_t); }

  // bounds[k] <= min_j cost(rows[k], j) - prices[j] + centre, up to the rounding of float32. A price of -infinity
  // closes its column. prices[j] - centre is at most the largest cost. `rounded` is scratch memory.
  void lower_bounds(std::span<const std::size_t> rows, const float* prices, float centre, Shorts& rounded,
                    std::span<float> bounds) const;

  // max(0, max_ij columns[j] - rows[i] - cost_ij) for the potentials `rows` and `columns`. `costs`: the constructor's.
  // same_points, for symmetric costs between the same points, halves the time. Empty where potentials are too far
  // apart for 16 bits.
  std::optional<double> infeasibility(const CostBlock& costs, const double* rows, const double* columns,
                                      bool same_points, RoundedPotentials& rounded) const;

 private:
  void round_costs(const CostBlock& costs);
  bool round_potentials(const double* potentials, std::size_t count, double centre, Shorts& out, bool& exact) const;
  const std::int16_t* row(std::size_t index) const { return costs_.data() + index * stride_; }

  const simd::TransportKernels& kernels_;
  std::size_t columns_, stride_;
  double unit_ = 1;     // a power of two
  bool exact_ = false;  // whether all costs are multiples of unit_
  bool cut_ = false;    // whether some costs exceed 16 bits and are stored as less
  Shorts costs_;
};

}  // namespace genmi::transport
