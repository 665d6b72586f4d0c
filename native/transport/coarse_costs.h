// Costs rounded down to 16 bits: half of the memory that float32 takes, and twice as many to a vector. They bound
// reduced costs from below, which is enough to see that most of them are not the least, or not below zero.
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
  // Scratch memory.
  struct RoundedPotentials {
    Shorts rows, columns;
  };

  CoarseCosts(const CostBlock& costs, float largest);

  std::size_t bytes() const { return costs_.capacity() * sizeof(std::int16_t); }

  // bounds[k] <= min_j cost(rows[k], j) - prices[j] + centre, but for the rounding of float32; a price of -infinity
  // closes a column. No price may be further above the centre than the largest cost. `rounded` is scratch memory.
  void lower_bounds(std::span<const std::size_t> rows, const float* prices, float centre, Shorts& rounded,
                    std::span<float> bounds) const;

  // The largest of 0 and columns[j] - rows[i] - cost_ij over all pairs, rows and columns being potentials; `costs` are
  // those that these were made from. Where both sides are the same points and costs are symmetric, in half of the time.
  // Nothing where potentials are too far apart for 16 bits.
  std::optional<double> infeasibility(const CostBlock& costs, const double* rows, const double* columns,
                                      bool same_points, RoundedPotentials& rounded) const;

 private:
  void round_costs(const CostBlock& costs);
  bool round_potentials(const double* potentials, std::size_t count, double centre, Shorts& out, bool& exact) const;
  const std::int16_t* row(std::size_t index) const { return costs_.data() + index * stride_; }

  const simd::TransportKernels& kernels_;
  std::size_t columns_, stride_;
  double unit_ = 1;     // a power of two
  bool exact_ = false;  // whether all costs are whole units
  bool cut_ = false;    // whether some are beyond 16 bits, and taken for less
  Shorts costs_;
};

}  // namespace genmi::transport
